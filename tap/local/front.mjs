/*
 * A pass-through before the emulator, a process of its own: node front.mjs <settings as JSON>. Says its port on
 * standard output. Settings: `emulatorPort`; `port` (any, without it); `https`; `calls`.
 *
 * It leaves out the header x-amz-crc32. The emulator sends headers and body in two packets. A client in Go (Terraform's
 * DynamoDB lock) that closes an answer before the second is there finds the checksum wrong, repeats the PutItem that
 * took its lock, and is kept out by itself: once in some hundred runs. DynamoDB sends both at once.
 *
 * With `https` it says of every request that it came by TLS, as a load balancer does that ends it: queues, topics and
 * buckets deny plain HTTP, and nothing leaves this machine. A request that says http of itself (x-forwarded-proto) is
 * let through as it is, so that the denial can be seen.
 *
 * With `calls`, the path of a file, it writes down every call of an AWS API, as a line of JSON: when, by which access
 * key, to which service and region, which operation, with which status; of a transaction, what it does. Access keys of
 * functions' roles are derived from function and role (docs/decisions/0017).
 */
import { createWriteStream } from "node:fs";
import { createServer, request } from "node:http";

const { emulatorPort, port = 0, https = false, calls } = JSON.parse(process.argv[2]);
const recording = calls && createWriteStream(calls, { flags: "a" });

const server = createServer((incoming, outgoing) => {
  const { method, url, headers } = incoming;
  const sent = https ? { "x-forwarded-proto": "https", ...headers } : headers;
  const forwarded = request({ host: "127.0.0.1", port: emulatorPort, method, path: url, headers: sent }, (answer) => {
    const { "x-amz-crc32": _, ...kept } = answer.headers;
    record?.(answer.statusCode);
    outgoing.writeHead(answer.statusCode, kept);
    answer.pipe(outgoing);
  });
  const record = recording && recorder(incoming);
  forwarded.on("error", () => outgoing.destroy());
  incoming.pipe(forwarded);
});

/** What writes the line of one request, or undefined for what is signed by nobody: a call of a REST API. */
function recorder(incoming) {
  const { method, url, headers } = incoming;
  const credential =
    /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? "") ??
    /X-Amz-Credential=([^%&]+)%2F\d+%2F([^%]+)%2F([^%]+)%2F/.exec(url);
  if (credential === null) return undefined;
  const [, accessKeyId, region, service] = credential;
  let operation = headers["x-amz-target"]?.split(".").at(-1);
  // Of the query protocol, the operation is the body's first field.
  if (operation === undefined && /x-www-form-urlencoded/.test(headers["content-type"] ?? ""))
    incoming.on("data", (chunk) => {
      operation ??= /(?:^|&)Action=(\w+)/.exec(chunk.toString("latin1"))?.[1];
    });
  const parts = operation?.startsWith("Transact") ? partsOf(incoming) : undefined;
  const at = new Date().toISOString();
  return (status) => {
    const call = { at, accessKeyId, region, service, operation, parts, method, path: url, status };
    recording.write(`${JSON.stringify(call)}\n`);
  };
}

/** What a transaction does, `Put` and `Update`: each is asked for as an operation of its own. Filled as the body comes. */
function partsOf(incoming) {
  const chunks = [];
  const parts = [];
  incoming.on("data", (chunk) => chunks.push(chunk));
  incoming.on("end", () => {
    try {
      const { TransactItems } = JSON.parse(Buffer.concat(chunks).toString());
      parts.push(...new Set(TransactItems.flatMap(Object.keys)));
    } catch {
      // The emulator says what is wrong with it.
    }
  });
  return parts;
}

// A test that waits for Terraform can't notice that its connection was closed meanwhile.
server.keepAliveTimeout = 600_000;
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.on("SIGTERM", () => process.exit(0));
