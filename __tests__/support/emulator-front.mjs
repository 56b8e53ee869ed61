/*
 * A pass-through before the emulator, without the header x-amz-crc32; a process of its own, because tests wait
 * for Terraform synchronously. Called with the emulator's port; says its own on standard output.
 *
 * The emulator sends headers and body in two packets. A client in Go (Terraform's DynamoDB lock) that closes an
 * answer before the second is there finds the checksum wrong, repeats the PutItem that took its lock, and is
 * kept out by itself: once in some hundred runs. DynamoDB sends both at once.
 */
import { createServer, request } from "node:http";

const port = Number(process.argv[2]);

const server = createServer((incoming, outgoing) => {
  const { method, url, headers } = incoming;
  const forwarded = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    const { "x-amz-crc32": _, ...kept } = answer.headers;
    outgoing.writeHead(answer.statusCode, kept);
    answer.pipe(outgoing);
  });
  forwarded.on("error", () => outgoing.destroy());
  incoming.pipe(forwarded);
});

// A test that waits for Terraform can't notice that its connection was closed meanwhile.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.on("SIGTERM", () => process.exit(0));
