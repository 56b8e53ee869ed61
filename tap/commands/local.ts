import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, type Context, UsageError } from "../context";
import { type LocalState, localFolder, readState } from "../local/state";
import { lockHolder, withLock } from "../lock";
import { addEnvironment, type SelectionOptions } from "../selection";
import { addCoverage } from "./local-coverage";
import { addUp, environmentOf, namesIn } from "./local-up";

interface CallOptions extends SelectionOptions {
  region?: string;
  json?: boolean;
}

export function addLocal(program: Command, context: Context): void {
  const local = program
    .command("local")
    .summary("run an environment on this machine, permissions and all")
    .description(
      "Runs the synthesized stacks of one environment in an AWS emulator on this machine: without an account, without Docker. Every function runs under the role that was synthesized for it, and what the role lacks is denied.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap local up                                     the first environment of config/: dev
  tap local invoke records/write --payload '{"id":"a","expectedVersion":0,"data":{}}'
  tap local logs records/write --follow
  tap local down

What the emulator does otherwise than AWS: docs/operations/local.md`,
    );
  addUp(local, context);
  addDown(local, context);
  addStatus(local, context);
  addInvoke(local, context);
  addLogs(local, context);
  addSend(local, context);
  addCoverage(local, context, { running, bytesOf });
}

function addDown(local: Command, context: Context): void {
  addEnvironment(local.command("down").summary("end an environment, and remove all that it kept"))
    .description(
      "Ends the emulator and all of its functions, and removes its data. Without --env, of all environments.",
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  tap local down\n  tap local down --env staging")
    .action(async (options: SelectionOptions & { json?: boolean }) => downCommand(context, options));
}

async function downCommand(context: Context, options: SelectionOptions & { json?: boolean }): Promise<void> {
  const { down, removeEmptyFolder } = await import("../local/down");
  const { knownEnvironments } = await import("../local/status");
  const { projectRoot } = context;
  const known = knownEnvironments(projectRoot);
  const wanted = namesIn(options) ?? known;
  const ended: string[] = [];
  for (const name of wanted) {
    if (!known.includes(name)) continue;
    const folder = localFolder(projectRoot, name);
    await withLock(folder, `tap local down --env ${name}`, () => down(projectRoot, name));
    removeEmptyFolder(projectRoot, name);
    ended.push(name);
  }
  if (options.json) context.print(JSON.stringify({ ended }, null, 2));
  else context.print(ended.length === 0 ? "Nothing runs here." : `Ended: ${ended.join(", ")}.`);
}

function addStatus(local: Command, context: Context): void {
  addEnvironment(local.command("status").summary("what runs, since when, and whether it is as synthesized"))
    .description(
      "Says which environments run here, with their stacks, where their REST APIs are, and what isn't as it was synthesized.",
    )
    .option("--keys", "with the values of the APIs' keys, which are good for nothing elsewhere")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  tap local status\n  tap local status --json | jq '.[0].apis[0].keys'")
    .action(async (options: SelectionOptions & { keys?: boolean; json?: boolean }) => statusCommand(context, options));
}

async function statusCommand(
  context: Context,
  options: SelectionOptions & { keys?: boolean; json?: boolean },
): Promise<void> {
  const { knownEnvironments, statusOf } = await import("../local/status");
  const { statusText } = await import("../local/report");
  const { projectRoot } = context;
  const known = knownEnvironments(projectRoot);
  const names = (namesIn(options) ?? known).filter((name) => known.includes(name));
  const all = await Promise.all(names.map((name) => statusOf(projectRoot, name)));
  const found = all.filter((status) => status !== undefined);
  if (options.json) context.print(JSON.stringify(found, null, 2));
  else
    context.print(
      found.length === 0
        ? "Nothing runs here: tap local up starts an environment."
        : found.map((status) => statusText(status, options.keys ?? false)).join("\n\n"),
    );
}

function addCalls(command: Command): Command {
  return addEnvironment(command).option("--region <region>", "region (default: the primary one)");
}

function addInvoke(local: Command, context: Context): void {
  addCalls(local.command("invoke <function>").summary("call a function"))
    .description(
      "Calls a function by the alias that its callers use, and prints what it answers, and the end of its log.",
    )
    .option("--payload <json>", "what it is given; @file reads a file", "{}")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap local invoke records/write --payload '{"id":"a","expectedVersion":0,"data":{"x":1}}'
  tap local invoke api/replicate --region us-west-2 --payload @event.json

Exit codes: 0 it answered; 1 it failed; 2 called wrongly.`,
    )
    .action(async (name: string, options: CallOptions & { payload: string }) => invokeCommand(context, name, options));
}

async function invokeCommand(
  context: Context,
  name: string,
  options: CallOptions & { payload: string },
): Promise<void> {
  const state = running(context, options);
  const payload = textOf(context, options.payload);
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new UsageError(`--payload is no JSON: ${(error as Error).message}`);
  }
  const { invokeFunction } = await import("../local/invoke");
  const result = await invokeFunction(state, name, payload, options.region);
  if (options.json) context.print(JSON.stringify(result, null, 2));
  else {
    context.print(result.payload);
    const { status, functionName, qualifier, milliseconds, log } = result;
    context.remark(`${status} ${functionName}:${qualifier}, ${Math.round(milliseconds)} ms\n${log.trimEnd()}`);
  }
  if (result.error !== undefined) throw new CommandError(`${result.functionName} failed: ${result.error}`);
}

function addLogs(local: Command, context: Context): void {
  addCalls(local.command("logs <function>").summary("print a function's log"))
    .option("--since <minutes>", "how far back, minutes", "60")
    .option("--follow", "go on with what comes")
    .option("--json", "print each line as JSON, with its time")
    .addHelpText(
      "after",
      "\nExamples:\n  tap local logs jobs/work\n  tap local logs api/items --region us-west-2 --follow",
    )
    .action(async (name: string, options: CallOptions & { since: string; follow?: boolean }) =>
      logsCommand(context, name, options),
    );
}

async function logsCommand(
  context: Context,
  name: string,
  options: CallOptions & { since: string; follow?: boolean },
): Promise<void> {
  const minutes = Number(options.since);
  if (!(minutes > 0)) throw new UsageError(`--since takes minutes (given ${JSON.stringify(options.since)})`);
  const state = running(context, options);
  const { logLines } = await import("../local/logs");
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  const follow = options.follow ? { follow: end.signal } : {};
  for await (const line of logLines(state, name, {
    region: options.region,
    from: Date.now() - minutes * 60_000,
    ...follow,
  }))
    context.print(options.json ? JSON.stringify(line) : `${line.at} ${line.message}`);
}

function addSend(local: Command, context: Context): void {
  addCalls(local.command("send <to> [data]").summary("send a message, a record or a file"))
    .description(
      "Sends data, as the account's own user: a message to a queue or topic, a record to a stream, a file to s3://bucket/key.",
    )
    .option("--file <path>", "the file that is sent, instead of data")
    .option("--partition-key <key>", "of a record", "local")
    .option("--content-type <type>", "of a file")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap local send jobs '{"id":"…"}'                                     a message to the jobs' queue
  tap local send stream @record.json                                   a record to the stream
  tap local send s3://files/uploads/uploads/a.csv --file a.csv         a file, by the bucket's short name`,
    )
    .action(async (to: string, data: string | undefined, options: SendCommandOptions) =>
      sendCommand(context, to, data, options),
    );
}

interface SendCommandOptions extends CallOptions {
  file?: string;
  partitionKey: string;
  contentType?: string;
}

async function sendCommand(
  context: Context,
  to: string,
  data: string | undefined,
  options: SendCommandOptions,
): Promise<void> {
  if ((data === undefined) === (options.file === undefined))
    throw new CommandError("Name the data, or a file with --file: one of them. Nothing was sent.");
  const state = running(context, options);
  const content =
    options.file === undefined ? Buffer.from(textOf(context, data ?? "")) : bytesOf(context, options.file);
  const { send } = await import("../local/send");
  const { region, partitionKey, contentType } = options;
  const sent = await send(state, to, content, {
    region,
    partitionKey,
    ...(contentType === undefined ? {} : { contentType }),
  });
  context.print(options.json ? JSON.stringify(sent, null, 2) : `${sent.to}: ${sent.kind} ${sent.id}`);
}

/** What is known of the environment that is named, or of the only one that runs. */
function running(context: Context, options: SelectionOptions): LocalState {
  const name = namesIn(options)?.[0] ?? environmentOf(context, {}).environmentSuffix;
  const folder = localFolder(context.projectRoot, name);
  const state = readState(folder);
  if (state !== undefined && state.changing === undefined) return state;
  const holder = lockHolder(folder);
  throw new CommandError(
    holder === undefined
      ? `${name} isn't up: tap local up --env ${name}`
      : `${name} isn't up yet: ${holder.command} is at it since ${holder.since} (process ${holder.pid})`,
  );
}

/** A text, or with @ before it what is in a file. */
function textOf(context: Context, given: string): string {
  return given.startsWith("@") ? bytesOf(context, given.slice(1)).toString() : given;
}

function bytesOf(context: Context, path: string): Buffer {
  try {
    return readFileSync(resolve(context.cwd, path));
  } catch (error) {
    throw new CommandError(`${path} can't be read: ${(error as Error).message}`);
  }
}
