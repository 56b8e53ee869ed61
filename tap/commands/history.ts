import type { Command } from "commander";
import { CommandError, type Context } from "../context";
import { ledgerOption } from "../delivery/command-options";
import { wholeNumber } from "../options";

interface HistoryOptions {
  env: string;
  run?: string;
  limit: string;
  ledger: string;
  asRole?: string;
  json?: boolean;
}

export function addHistory(program: Command, context: Context): void {
  program
    .command("history")
    .summary("what was promoted to an environment, by whom, and how it ended")
    .requiredOption("--env <environment>", "the environment")
    .option("--run <id>", "all of one run: each step, when, by which process, and how it ended")
    .option("--limit <runs>", "runs at most", "20")
    .addOption(ledgerOption())
    .option("--as-role <arn>", "read it under this role (default: your own credentials)")
    .option("--json", "print it as JSON, with all steps")
    .description(
      "Reads the ledger of an environment: who has its lease, which run is open, which release is the last good one, and the runs before. Changes nothing.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap history --env prod
  tap history --env prod --run 0mhx2k9a1-5c1e77d0
  tap history --env dev --ledger file:.tap/ledger --json | jq '.good'`,
    )
    .action((options: HistoryOptions) => history(context, options));
}

async function history(context: Context, options: HistoryOptions): Promise<void> {
  const limit = wholeNumber("--limit", options.limit, 1, 1_000);
  const [{ AwsAccess }, { openLedger }, { environmentOf }, { LedgerUnreachable }, { historyText, runText }] =
    await Promise.all([
      import("../delivery/aws"),
      import("../delivery/open-ledger"),
      import("../delivery/prepare"),
      import("../delivery/ledger"),
      import("../delivery/report"),
    ]);
  const { environment } = environmentOf(context, options.env, "--env");
  const suffix = environment.environmentSuffix;
  const ledger = await openLedger(options.ledger, environment, new AwsAccess(options.asRole), context.cwd);
  try {
    const [{ record }, runs, goods] = await Promise.all([ledger.read(), ledger.runs(limit), ledger.goods(limit)]);
    if (options.run !== undefined) {
      const run = [...(record.run === undefined ? [] : [record.run]), ...runs].find(({ id }) => id === options.run);
      if (run === undefined)
        throw new CommandError(
          `${options.run} is none of the last ${limit} runs of ${suffix}: tap history --env ${suffix}`,
        );
      context.print(options.json ? JSON.stringify(run, null, 2) : runText(run));
      return;
    }
    context.print(
      options.json
        ? JSON.stringify({ environment: suffix, ...record, runs, goods }, null, 2)
        : historyText(suffix, record, runs, goods),
    );
  } catch (error) {
    if (error instanceof LedgerUnreachable) throw new CommandError(error.message);
    throw error;
  }
}
