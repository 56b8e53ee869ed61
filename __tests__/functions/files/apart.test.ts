import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Bounds, Broken, workApart } from "../../../functions/files/apart";
import { Refusal } from "../../../functions/files/refusal";

const code = pathToFileURL(join(__dirname, "misbehaving.mjs"));
const mebibyte = 1_048_576;

/** As much more than this process, which has all of Jest, has now. */
const bounds = (changes: Partial<Bounds> = {}): Bounds => ({
  milliseconds: 30_000,
  residentBytes: process.memoryUsage.rss() + 500 * mebibyte,
  heapMegabytes: 64,
  ...changes,
});

async function* piecesOf(count: number, length = 65_536) {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(length);
}

function workOn(
  extension: string,
  changes: Partial<Bounds> = {},
  chunks = piecesOf(3),
  signal = new AbortController().signal,
) {
  return workApart(code, { extension }, chunks, bounds(changes), signal);
}

const endOf = (work: Promise<unknown>) => work.catch((error) => error);

/** Processes that this one has started and that aren't gone. */
const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim();

afterEach(async () => {
  expect(children()).toBe("");
  // Whatever it was, the next file is worked on.
  expect(await workOn("count")).toEqual({
    result: { bytes: 3 * 65_536 },
    outputs: [{ name: "a", contentType: "text/plain", bytes: new Uint8Array([1, 2, 3]) }],
  });
});

test.each([
  ["hangs without a pause", "hang", { milliseconds: 500 }, "out-of-time"],
  ["takes memory that V8 has no limit for", "buffers", {}, "out-of-memory"],
  ["fills V8's heap", "heap", {}, "out-of-memory"],
  ["refuses the file", "refuse", {}, "too-deep"],
])("FIL-12 a library that %s is ended, and the file fails with the reason", async (_, extension, changes, reason) => {
  expect(await endOf(workOn(extension, changes))).toEqual(new Refusal(reason as never));
});

test.each(["exit", "crash", "silent", "broken"])(
  "FIL-12 a library that ends its process (%s) ends nothing else",
  async (way) => {
    expect(await endOf(workOn(way))).toBeInstanceOf(Broken);
  },
);

test("FIL-12 a process that can't even start is no reason for the file to fail", async () => {
  const error = await endOf(workOn("never"));
  expect(error).not.toBeInstanceOf(Broken);
  expect(error).not.toBeInstanceOf(Refusal);
  expect(error).toMatchObject({ message: "The process for a file ended at its start (1)" });
});

test("FIL-12 trouble with reading the file is what it is", async () => {
  const chunks = async function* () {
    yield new Uint8Array(10);
    throw new Refusal("gone");
  };
  expect(await endOf(workOn("count", {}, chunks()))).toEqual(new Refusal("gone"));
});

test("FIL-12 a file that is refused early isn't read to its end", async () => {
  let pieces = 0;
  const chunks = async function* () {
    for await (const piece of piecesOf(1_000_000)) {
      pieces += 1;
      yield piece;
    }
  };
  expect(await endOf(workOn("refuse", {}, chunks()))).toEqual(new Refusal("too-deep"));
  expect(pieces).toBeLessThan(1_000);
});

test("FIL-12 when the function's time is up, the work is ended", async () => {
  const abort = new AbortController();
  const work = endOf(workOn("hang", {}, piecesOf(1), abort.signal));
  abort.abort(new Error("no time"));
  expect(await work).toEqual(new Error("no time"));
});

test("SEC-04 the process that works on a file has no credentials, and nothing else of the function's variables", async () => {
  process.env.AWS_SECRET_ACCESS_KEY = "secret";
  const { result } = await workOn("variables");
  const own = ["FILES_APART", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_TRACE_ENABLED"];
  expect(result).toEqual({ names: own });
});
