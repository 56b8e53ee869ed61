import { type Command, Option } from "commander";
import type { Context } from "../context";
import { addDeliveryOptions, approvalIn, type DeliveryOptions } from "../delivery/command-options";
import type { FromOptions } from "../delivery/prepare";
import { classes, type ReviewClass } from "../review/classes";

interface PromoteOptions extends DeliveryOptions, FromOptions {
  to: string;
  release?: string;
  automaticUpTo: ReviewClass;
}

export function addPromote(program: Command, context: Context): void {
  addDeliveryOptions(
    program
      .command("promote")
      .summary("bring a release into an environment, through all gates")
      .requiredOption("--to <environment>", "where the release is to be")
      .option(
        "--release <id>",
        "the release, or the beginning of its id (default: that of the open run, else the last good one of the environment before, for the first environment that of the commit)",
      )
      .addOption(
        new Option(
          "--automatic-up-to <class>",
          "what tap review may class a plan as without somebody's approval; a run that is open goes on with what it began with",
        )
          .choices(classes)
          .default("review"),
      )
      .option("--from-store <where>", "where the release is (default: the store of the environment before)")
      .option("--from-ledger <where>", "ledger of the environment before (default: as --ledger)")
      .option(
        "--from-role <arn>",
        "role that reads both (default: that which the environment before has for it; none: your own credentials)",
      ),
  )
    .description(
      "Verifies the release, wants it to be the last good one of the environment before, copies it, audits it and compares the environments, looks for drift, plans, asks for an approval where the plan needs one, applies stack by stack, validates, and records it as good. What fails after something was applied is taken back by itself, unless that would lose data. A run that broke off is found and completed by the same command.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap promote --to dev --release 4f1c09
  tap promote --to prod --release 4f1c09 --markdown "$GITHUB_STEP_SUMMARY"
  tap promote --to prod --approve 9e2b… --approver anna       after somebody has looked at the plan
  tap promote --to dev                                        goes on with the run that is open
  tap promote --to dev --release 4f1c09 --ledger file:.tap/ledger --store releases    on a single machine

Exit codes: 0 the release is in and good; 1 it isn't: the message says what is, and what to do next; 2 called wrongly,
or a failure of the command itself.`,
    )
    .action(async (options: PromoteOptions) => {
      // Loaded with AWS's clients where they are wanted.
      const { runDelivery } = await import("../delivery/run-delivery");
      const { to, release, automaticUpTo } = options;
      const approval = approvalIn(options, context);
      await runDelivery(
        context,
        { kind: "promote", name: to, option: "--to", release, automaticUpTo, approval },
        options,
      );
    });
}
