import { Command, CommanderError } from "commander";
import type { ParsedBackend } from "../config/backend";
import { ConfigError } from "../config/errors";
import { CommandError, type Context, UsageError } from "./context";

const helpHint = "(tap <command> --help shows how)";

/** 0: done. 1: refused, because of what the message says. 2: called wrongly, or broken. */
const exitCodes = { done: 0, refused: 1, failed: 2 } as const;

export interface MainOptions {
  readonly projectRoot: string;
  readonly bundlePath: string;
  readonly backend: ParsedBackend;
  readonly bundleFunctions: Context["bundleFunctions"];
}

/** Adds a verb to the command. */
type AddCommand = (program: Command, context: Context) => void;

/** The `tap` command with some of its verbs; returns its exit code. */
export async function runProgram(options: MainOptions, verbs: readonly AddCommand[]): Promise<number> {
  // The AWS SDK's word on releases of Node concerns nobody who runs this; it would stand before every result.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const context: Context = {
    ...options,
    variables: process.env,
    cwd: process.cwd(),
    print: (text) => process.stdout.write(`${text}\n`),
    remark: (text) => process.stderr.write(`${text}\n`),
    interactive: process.stderr.isTTY === true && !process.env.CI,
  };
  // Whoever reads may stop early, as head does; what the command is at goes on to its end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosed);
  try {
    await createProgram(context, verbs).parseAsync(process.argv);
    return exitCodes.done;
  } catch (error) {
    return report(error, context);
  }
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function createProgram(context: Context, verbs: readonly AddCommand[]): Command {
  const program = new Command("tap")
    .description("Five serverless systems on AWS, run from code: synthesis, and what stands on it.")
    .addHelpText(
      "after",
      "\nExit codes: 0 done; 1 refused, the message says why; 2 called wrongly, or a failure of the command itself.",
    )
    .exitOverride()
    .showHelpAfterError(helpHint);
  for (const add of verbs) add(program, context);
  return program;
}

function report(error: unknown, context: Context): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.failed;
  if (error instanceof ConfigError) {
    const count = error.problems.length === 1 ? "One thing is" : `${error.problems.length} things are`;
    context.remark(`${count} wrong; nothing was written.\n\n${error.message.replaceAll(/^/gm, "  ")}`);
    return exitCodes.refused;
  }
  if (error instanceof UsageError) {
    context.remark(`${error.message}\n${helpHint}`);
    return exitCodes.failed;
  }
  if (error instanceof CommandError) {
    context.remark(error.message);
    return exitCodes.refused;
  }
  context.remark(
    context.variables.TAP_DEBUG
      ? String((error as Error)?.stack ?? error)
      : `${error instanceof Error ? error.message : error}\n(TAP_DEBUG=1 shows where)`,
  );
  return exitCodes.failed;
}
