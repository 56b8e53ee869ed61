/*
 * A bucket with one object: a CSV of as many rows as its first argument says, made while it is read. Says its port when
 * it is ready. What is put there is taken, and dropped.
 */
import { createServer } from "node:http";

const rows = Number(process.argv[2]);

const header = "id,name,value,day,flag,text,mail,none";
const names = ["Ada", "Bob", "Cyd", "Dag", "Eva"];

const lineOf = (row) => {
  const day = String((row % 28) + 1).padStart(2, "0");
  const mail = `user${String(row % 100_000).padStart(6, "0")}@example.com`;
  const value = (1 + (row % 1_000) / 1_000).toFixed(3);
  return `${1_000_000_000 + row},${names[row % 5]},${value},2026-01-${day},${row % 2 ? "true" : "TRUE"},"one, ""two"" ${row % 10}",${mail},\n`;
};

/** Of every line, the header too: any range can be made by itself. */
const length = lineOf(0).length;
const totalBytes = (rows + 1) * length;

function bytesFrom(start, end) {
  const lines = [];
  for (let line = Math.floor(start / length); line * length < end; line += 1)
    lines.push(line === 0 ? `${header.padEnd(length - 1, "_")}\n` : lineOf(line - 1));
  return Buffer.from(lines.join("")).subarray(start % length, (start % length) + end - start);
}

const server = createServer((request, response) => {
  if (request.method !== "GET") {
    request.resume().on("end", () => response.writeHead(200, { "content-length": 0 }).end());
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = [Number(from), Math.min(Number(to) + 1, totalBytes)];
  const body = bytesFrom(start, end);
  response
    .writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${totalBytes}`, "content-length": body.length })
    .end(body);
});
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port, totalBytes })}\n`),
);
