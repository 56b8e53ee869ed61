import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { delivered, endOf, newFileId, notificationOf } from "./events";
import { type LocalAws, processorVariables, startAws } from "./local-aws";
import { type ProcessorProcess, startProcessor } from "./processor-process";

/** Of one line that large-csv-server.mjs makes. */
const lineBytes = 78;

let aws: LocalAws;
let server: ChildProcess;
let child: ProcessorProcess;
let served: { port: number; totalBytes: number };

async function start(rows: number): Promise<void> {
  aws = await startAws();
  aws.parameters.set("/tap/dev/files/config/paused", "false");
  server = spawn(process.execPath, [join(__dirname, "large-csv-server.mjs"), String(rows)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), "line");
  served = JSON.parse(String(line));
  const endpoint = `http://127.0.0.1:${served.port}`;
  child = await startProcessor("data", processorVariables(aws, { AWS_ENDPOINT_URL_S3: endpoint }));
}

async function stop(): Promise<void> {
  child.stop();
  server.kill();
  await aws.stop();
}

/** What a large CSV took. */
export interface LargeCsv {
  readonly totalBytes: number;
  readonly milliseconds: number;
  readonly peakMegabytes: number;
}

/** Sends a CSV of so many bytes through the bundle, made while it is read, and wants all of its statistics right. */
export async function processLargeCsv(bytes: number): Promise<LargeCsv> {
  const rows = Math.floor(bytes / lineBytes);
  await start(rows);
  try {
    return await processRows(rows);
  } finally {
    await stop();
  }
}

async function processRows(rows: number): Promise<LargeCsv> {
  const id = newFileId();
  const uploaded = { id, key: `uploads/${id}.csv`, versionId: "large", sequencer: "01", sizeBytes: served.totalBytes };
  const { failures, milliseconds, peakMegabytes } = await child.handle([delivered(notificationOf(uploaded))], 900_000);
  const { status, result } = await endOf(aws, uploaded);
  expect({ status, failures }).toEqual({ status: "processed", failures: [] });
  expect(result).toMatchObject({ format: "csv", delimiter: ",", rows, raggedRows: 0, columnCount: 8 });
  const columns = result?.columns as Record<string, number | string>[];
  expect(columns.map(({ name, type }) => [name, type])).toEqual([
    ["id", "integer"],
    ["name", "string"],
    ["value", "number"],
    ["day", "date"],
    ["flag", "boolean"],
    ["text", "string"],
    ["mail", "string"],
    [expect.stringMatching(/^none_+$/), "empty"],
  ]);
  const first = 1_000_000_000;
  const [ids, names, , days, , texts, mails, none] = columns;
  expect(ids).toMatchObject({ count: rows, nulls: 0, minimum: first, maximum: first + rows - 1 });
  expect(Number(ids?.mean)).toBeCloseTo(first + (rows - 1) / 2, 2);
  expect(Number(ids?.distinct) / rows).toBeGreaterThan(0.9);
  expect(Number(ids?.distinct) / rows).toBeLessThan(1.1);
  expect(names).toMatchObject({ distinct: 5, minimum: "Ada", maximum: "Eva", longest: 3 });
  expect(days).toMatchObject({ distinct: 28, minimum: "2026-01-01", maximum: "2026-01-28" });
  expect(texts).toMatchObject({ distinct: 10, minimum: 'one, "two" 0' });
  expect(Number(mails?.distinct)).toBeGreaterThan(90_000);
  expect(Number(mails?.distinct)).toBeLessThan(110_000);
  expect(none).toMatchObject({ count: 0, nulls: rows });
  return { totalBytes: served.totalBytes, milliseconds, peakMegabytes };
}
