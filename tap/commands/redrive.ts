import type { Command } from "commander";
import { didYouMean } from "../../config/errors";
import { CommandError, type Context, loadConfiguration, outputFolder } from "../context";
import { readGraph } from "../graph/read";
import { wholeNumber } from "../options";
import { type DeadLetterQueue, deadLetterQueues, describeTarget } from "../redrive/dead-letters";
import type { DeadLetter } from "../redrive/redrive";
import { addEnvironment, type SelectionOptions } from "../selection";
import { columns, table } from "../text";

interface RedriveCommandOptions extends SelectionOptions {
  outdir?: string;
  dryRun?: boolean;
  limit: string;
  json?: boolean;
}

export function addRedrive(program: Command, context: Context): void {
  addEnvironment(program.command("redrive [queue]").summary("send dead letters where they belong"))
    .description(
      "Sends the messages of a dead-letter queue back: to the queue that they came from, or as events to the function that couldn't handle them. Without a queue, lists all dead-letter queues of the synthesized stacks. Works under the caller's own credentials (AWS_PROFILE); read why messages are there, and mend that, first.",
    )
    .option("--dry-run", "show what there is, and leave it there")
    .option("--limit <messages>", "messages at most", "1000")
    .option("--outdir <folder>", "the synthesized stacks (default: CDKTF_OUTDIR, else cdktf.out of the project)")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap redrive --env dev                                            which queues there are
  tap redrive tap-jobs-dead-letters-dev-us-east-1 --dry-run        what is in one, and why
  tap redrive tap-jobs-dead-letters-dev-us-east-1 --limit 10       ten of them, to see whether it works again`,
    )
    .action(async (queue: string | undefined, options: RedriveCommandOptions) =>
      redriveCommand(context, queue, options),
    );
}

async function redriveCommand(
  context: Context,
  name: string | undefined,
  options: RedriveCommandOptions,
): Promise<void> {
  const limit = wholeNumber("--limit", options.limit, 1);
  const queues = queuesOf(context, options);
  if (name === undefined) {
    context.print(options.json ? JSON.stringify(queues, null, 2) : list(queues));
    return;
  }
  const queue = queues.find((each) => each.name === name);
  if (queue === undefined) {
    const names = queues.map((each) => each.name);
    throw new CommandError(
      `${name} is no dead-letter queue of the synthesized stacks${didYouMean(name, names)}; tap redrive lists them. Nothing was sent.`,
    );
  }
  await redriveQueue(context, queue, options.dryRun ?? false, limit, options.json ?? false);
}

function queuesOf(context: Context, options: RedriveCommandOptions): DeadLetterQueue[] {
  const { environments } = loadConfiguration(context, options);
  const suffixes = environments.map(({ environmentSuffix }) => environmentSuffix);
  const graph = readGraph(outputFolder(context, options.outdir));
  const isWanted = ({ name }: DeadLetterQueue) => suffixes.some((suffix) => name.includes(`-${suffix}-`));
  return deadLetterQueues(graph).filter(isWanted);
}

async function redriveQueue(
  context: Context,
  queue: DeadLetterQueue,
  dryRun: boolean,
  limit: number,
  asJson: boolean,
): Promise<void> {
  // Loaded with AWS's clients where they are wanted: no other verb calls AWS.
  const { redrive } = await import("../redrive/redrive");
  const messages: DeadLetter[] = [];
  const onMessage = (message: DeadLetter) => {
    messages.push(message);
    if (context.interactive) context.remark(`${messages.length} ${message.messageId}`);
  };
  try {
    await redrive(queue, { dryRun, limit, onMessage });
  } catch (error) {
    throw new CommandError(
      `${queue.name}: ${(error as Error).message}\n${messages.length} messages ${dryRun ? "were seen" : "were sent"} before that; the others are where they were, hidden for two minutes at most.`,
    );
  }
  const target = describeTarget(queue.target);
  if (asJson) {
    context.print(JSON.stringify({ queue: queue.name, target, dryRun, messages }, null, 2));
    return;
  }
  if (messages.length > 0)
    context.print(
      table(
        ["Message", "Sent", "Receives", "Reason"],
        messages.map(({ messageId, sentAt, receiveCount, reason = "" }) => [
          messageId,
          sentAt,
          String(receiveCount),
          reason,
        ]),
        [`${messages.length} messages`, "", "", ""],
      ),
    );
  context.print(summary(queue, target, messages.length, dryRun));
}

function summary({ name }: DeadLetterQueue, target: string, count: number, dryRun: boolean): string {
  if (count === 0) return `${name} is empty.`;
  return dryRun
    ? `\nThey would go to ${target}. Next: tap redrive ${name}`
    : `\nSent to ${target}. Next: watch its alarms; what fails again comes back here.`;
}

function list(queues: readonly DeadLetterQueue[]): string {
  return columns(queues.map((queue) => [queue.name, `belongs to ${describeTarget(queue.target)}`] as const));
}
