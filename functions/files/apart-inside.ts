import type { FromInside, Inside } from "./apart-messages";
import { Refusal } from "./refusal";

/** In the process that works on a file: does the work, and says what came of it. */
export async function serveApart(load: () => Promise<{ readonly work: Inside }>): Promise<void> {
  const { work } = await load();
  const end = await endOf(work).catch(brokenBy);
  await say(end);
  process.disconnect();
}

async function endOf(work: Inside): Promise<FromInside> {
  await say({ kind: "started" });
  const sent: Promise<void>[] = [];
  const result = await work(JSON.parse(process.argv[2] as string), process.stdin, (output) => {
    sent.push(say({ kind: "output", output }));
  });
  await Promise.all(sent);
  return { kind: "result", result };
}

function say(message: FromInside): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

/** Messages of errors may quote the file: only where it went wrong leaves the process. */
function brokenBy(error: unknown): FromInside {
  if (error instanceof Refusal) return { kind: "refusal", reason: error.reason };
  const { name = "Error", stack = "", message = "" } = error as Error;
  if (/call stack/i.test(message)) return { kind: "refusal", reason: "too-deep" };
  if (/allocation failed|invalid (array|string|typed array) length|out of memory/i.test(message))
    return { kind: "refusal", reason: "out-of-memory" };
  const frames = stack.split("\n").filter((line) => /^ {4}at /.test(line));
  return { kind: "broken", name, frames: frames.slice(0, 10) };
}
