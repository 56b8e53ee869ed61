import type { Command } from "commander";
import type { Context } from "../context";
import { addDeliveryOptions, approvalIn, type DeliveryOptions } from "../delivery/command-options";

interface RollbackOptions extends DeliveryOptions {
  env: string;
  to?: string;
  dryRun?: boolean;
}

export function addRollback(program: Command, context: Context): void {
  addDeliveryOptions(
    program
      .command("rollback")
      .summary("take an environment back to a release that was good there")
      .requiredOption("--env <environment>", "what to take back")
      .option(
        "--to <release>",
        "a release that was good there (default: of a run that broke off the last good one, else the good one before)",
      )
      .option("--dry-run", "plan it, and show what would be done; changes nothing and records nothing"),
  )
    .description(
      "Lets functions run the code of the earlier release at once, plans the infrastructure afresh from it, applies and validates it. What would delete or replace data is not done without an approval: the rest is, and the report says what is left.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap rollback --env prod --dry-run
  tap rollback --env prod                       takes back what broke off, or goes to the good release before
  tap rollback --env prod --to 4f1c09
  tap rollback --env prod --approve 9e2b… --approver anna      what would be lost may be lost

Exit codes: 0 it is back, validated, or there was nothing to take back; 1 it isn't: the message says what is left, and
what to do next; 2 called wrongly, or a failure of the command itself.`,
    )
    .action(async (options: RollbackOptions) => {
      const { env, to, dryRun } = options;
      if (dryRun) {
        const { dryRunRollback } = await import("../delivery/dry-run");
        await dryRunRollback(context, env, to, options);
        return;
      }
      // Loaded with AWS's clients where they are wanted.
      const { runDelivery } = await import("../delivery/run-delivery");
      const approval = approvalIn(options, context);
      // Going back, the class of a plan asks nobody: only what loses data does.
      const asked = {
        kind: "rollback",
        name: env,
        option: "--env",
        release: to,
        automaticUpTo: "irreversible",
        approval,
      } as const;
      await runDelivery(context, asked, options);
    });
}
