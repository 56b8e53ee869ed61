import { type Command, Option } from "commander";
import { type Severity, severities } from "../audit/rule";
import { type Context, UsageError } from "../context";
import { wholeNumber } from "../options";
import { addBackendConfig, collect } from "../selection";

/** What promote and rollback both take. */
export interface DeliveryOptions {
  ledger: string;
  store?: string;
  asRole?: string;
  providerRole?: string;
  backendConfig?: string[];
  parallelism?: string;
  leaseSeconds: string;
  lockWait: string;
  cutOffRoleSessions?: boolean;
  forceUnlock?: boolean;
  auditFailOn: Severity;
  smoke?: string;
  smokePatience: string;
  alarmWindow: string;
  alarmPatience: string;
  ignoreAlarm?: string[];
  approve?: string;
  approver?: string;
  work?: string;
  markdown?: string;
  json?: boolean;
}

/** `--ledger`, of those commands that write an environment's history, or read it. */
export function ledgerOption(): Option {
  return new Option("--ledger <where>", "dynamodb, dynamodb:<table>, or file:<folder> on a single machine").default(
    "dynamodb",
  );
}

export function addDeliveryOptions(command: Command): Command {
  return addBackendConfig(command)
    .option("--approve <hash>", "agree to the plan with this hash, as a run that waits prints it")
    .option("--approver <name>", "who agrees (default: GITHUB_ACTOR)")
    .addOption(ledgerOption())
    .option("--store <where>", "store of the environment's releases (default: the delivery stack's bucket)")
    .option("--as-role <arn>", "act under this role: ledger, store, functions, alarms (default: your own credentials)")
    .option("--provider-role <arn>", "role that Terraform works under (default: the stacks' own, the deploy role)")
    .option("--parallelism <stacks>", "plans at a time (default: one for each core)")
    .option("--lease-seconds <seconds>", "how long a process that doesn't answer keeps the environment", "300")
    .option("--lock-wait <seconds>", "how long Terraform's locks are waited for after a takeover", "120")
    .option("--cut-off-role-sessions", "after a takeover, deny the deploy role's older sessions everything")
    .option("--force-unlock", "after a takeover, force Terraform's locks that are left; see the runbook")
    .addOption(
      new Option("--audit-fail-on <severity>", "the least severity of a finding that refuses a release")
        .choices(severities)
        .default("low"),
    )
    .option("--smoke <file>", "requests that must be answered (default: /health of each API of the release)")
    .option("--smoke-patience <seconds>", "how long an answer may be wrong before it counts", "60")
    .option("--alarm-window <seconds>", "how long the environment's alarms must be quiet", "300")
    .option("--alarm-patience <seconds>", "how long an alarm that was on before may take to go off", "900")
    .addOption(new Option("--ignore-alarm <name>", "an alarm that doesn't count, repeatable").argParser(collect))
    .option("--work <folder>", "folder for what a run needs on this machine (default: .tap/delivery/<environment>)")
    .option("--markdown <file>", "add a summary to this file, for $GITHUB_STEP_SUMMARY")
    .option("--json", "print the result as JSON");
}

export interface Numbers {
  readonly leaseSeconds: number;
  readonly lockWait: number;
  readonly smokePatience: number;
  readonly alarmWindow: number;
  readonly alarmPatience: number;
  readonly parallelism?: number;
}

/** The options that are numbers. @throws UsageError with all that are none */
export function numbersIn(options: DeliveryOptions): Numbers {
  const problems: string[] = [];
  const read = (option: string, value: string, least: number, most: number): number => {
    try {
      return wholeNumber(option, value, least, most);
    } catch (error) {
      problems.push((error as UsageError).message);
      return Number.NaN;
    }
  };
  const { parallelism } = options;
  const numbers = {
    leaseSeconds: read("--lease-seconds", options.leaseSeconds, 3, 3_600),
    lockWait: read("--lock-wait", options.lockWait, 0, 7_200),
    smokePatience: read("--smoke-patience", options.smokePatience, 0, 3_600),
    alarmWindow: read("--alarm-window", options.alarmWindow, 0, 86_400),
    alarmPatience: read("--alarm-patience", options.alarmPatience, 0, 86_400),
    ...(parallelism === undefined ? {} : { parallelism: read("--parallelism", parallelism, 1, 64) }),
  };
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return numbers;
}

/** Who agrees to what. @throws UsageError where one of both is missing, or they can't be right */
export function approvalIn(
  { approve, approver }: DeliveryOptions,
  { variables }: Context,
): { hash: string; approver: string } | undefined {
  if (approve === undefined) {
    if (approver !== undefined) throw new UsageError("--approver goes with --approve <hash>: what is agreed to?");
    return undefined;
  }
  const name = (approver ?? variables.GITHUB_ACTOR ?? "").trim();
  const problems = [
    ...(/^[0-9a-f]{64}$/.test(approve)
      ? []
      : [`--approve takes the 64 hex digits that a waiting run prints (given ${JSON.stringify(approve)})`]),
    ...(name === "" ? ["--approve needs --approver <name>: the history says who agreed"] : []),
  ];
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return { hash: approve, approver: name };
}
