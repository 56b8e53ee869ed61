import { join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { CommandError, type Context, outputFolder, UsageError } from "../context";
import { parseStackId } from "../graph/stack-id";
import { interruptible } from "../interrupt";
import { withLock } from "../lock";
import { graphOf, parametersRead, sizeOf, writersRead } from "../plan/dependencies";
import { workingCopies } from "../plan/folders";
import { type PlanState, planFolders, type StackPlan } from "../plan/plan";
import { leftOutText, readableByRole, rolesOf } from "../plan/role";
import { type SelectedFolders, selectIn, selectSynthesized } from "../plan/select";
import { parseShard, type Shard, shardOf } from "../plan/shards";
import { type PlanSummary, writePlans } from "../plan/summary";
import { planText } from "../plan/text";
import { runSteps } from "../progress";
import { addBackendConfig, addSelection, type SelectionOptions } from "../selection";
import { checkTerraform } from "../terraform";
import { synthesize } from "./synth";

interface PlanCommandOptions extends SelectionOptions {
  from?: string;
  out?: string;
  shard?: string;
  parallelism?: string;
  planRole?: string | true;
  backendConfig?: string[];
  destroy?: boolean;
  json?: boolean;
}

export function addPlan(program: Command, context: Context): void {
  addBackendConfig(addSelection(program.command("plan").summary("terraform plan of all stacks, in their order")))
    .description(
      "Runs Terraform's init and plan for all stacks: each after those whose outputs it reads, others beside it. A stack whose inputs aren't there yet waits for the stack that writes them; that is no error. Plans are written as JSON, for tap review, without sensitive values; those are in .tap/work, which is to be kept as the state is.",
    )
    .option("--from <folder>", "plan what lies there (of tap synth, or of a release), instead of synthesizing")
    .option("--out <folder>", "where plans and summary go (default: .tap/plan/<environment>, of several .tap/plan)")
    .option("--shard <i/n>", "only the i-th of n parts: the jobs of a matrix together plan everything")
    .addOption(addParallelism())
    .option(
      "--plan-role [arn]",
      "work under the account's plan role (default: bootstrap's), which may change nothing; without taking the state's lock",
    )
    .option("--destroy", "plan what terraform destroy would do")
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap plan --env dev
  tap plan --env prod --stack api,jobs --plan-role
  tap plan --from release --env staging      what a release would change
  tap plan --shard 2/5                       the second of five machines
  TERRAFORM_BINARY_NAME=tofu tap plan

Exit codes: 0 planned, also where stacks wait; 1 a plan failed, or was interrupted; 2 called wrongly.`,
    )
    .action((options: PlanCommandOptions) => planCommand(context, options));
}

/** `--parallelism`, of those commands that run Terraform in many folders. */
export function addParallelism(): Option {
  return new Option("--parallelism <stacks>", "stacks at a time (default: one for each core)");
}

async function planCommand(context: Context, options: PlanCommandOptions): Promise<void> {
  const called = asCalled(context, options);
  const terraform = await checkTerraform(context);
  const selected = readableByRole(await selectToPlan(context, options), options);
  for (const stackId of selected.leftOut) context.remark(leftOutText(stackId, "plan"));
  const wanted = ownPart(selected, called.shard);
  const out = called.out ?? defaultOut(context, selected);
  const work = join(context.projectRoot, ".tap", "work");
  await withLock(work, "tap plan", () =>
    interruptible(context, async (signal) => {
      const plans = await planAll(context, { wanted, known: selected.known }, { ...called, work, signal, options });
      const rest: Omit<PlanSummary, "version" | "stacks"> = {
        terraform,
        ...(called.shard && { shard: called.shard }),
        ...(options.destroy && { destroy: true }),
        ...(signal.aborted && { interrupted: true }),
      };
      tell(context, plans, writePlans(out, plans, rest), { out, asJson: options.json ?? false });
    }),
  );
}

/** @throws CommandError where a plan failed: for the exit code */
function tell(
  context: Context,
  plans: readonly StackPlan[],
  summary: PlanSummary,
  { out, asJson }: { readonly out: string; readonly asJson: boolean },
): void {
  const text = () => planText(summary, plans, relative(context.cwd, out) || ".");
  context.print(asJson ? JSON.stringify(summary, null, 2) : text());
  const failed = plans.filter(({ status }) => status === "failed").length;
  if (failed === 0) return;
  const how = summary.interrupted ? "not made" : "failed";
  throw new CommandError(`${failed} of ${plans.length === 1 ? "1 plan" : `${plans.length} plans`}: ${how}.`);
}

interface Called {
  readonly shard?: Shard;
  readonly parallelism?: number;
  readonly out?: string;
}

/** What the options say; all that is wrong with them in one error. */
function asCalled(context: Context, { shard, parallelism, out }: PlanCommandOptions): Called {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const part = shard === undefined ? undefined : attempt(() => parseShard(shard));
  const many = parallelism === undefined ? undefined : attempt(() => parseParallelism(parallelism));
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return {
    ...(part === undefined ? {} : { shard: part }),
    ...(many === undefined ? {} : { parallelism: many }),
    ...(out === undefined ? {} : { out: resolve(context.cwd, out) }),
  };
}

export function parseParallelism(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw new UsageError(`--parallelism takes a whole number of stacks from 1 to 64 (given ${JSON.stringify(text)})`);
}

/** What is to be planned, and what there is beside it: of what lies in `--from`, else of what is synthesized for it. */
export async function selectToPlan(
  context: Context,
  options: SelectionOptions & { readonly from?: string },
): Promise<SelectedFolders> {
  if (options.from !== undefined) return selectIn(context, options, resolve(context.cwd, options.from));
  // Without --stack: of the others it is known what they write.
  const { stack: _, ...environments } = options;
  await synthesize(context, environments);
  return selectSynthesized(context, options, outputFolder(context, undefined));
}

/** Shares are the same on all machines: they are of what was asked for, by what reads from what. */
function ownPart({ wanted, known }: SelectedFolders, shard: Shard | undefined): SelectedFolders["wanted"] {
  if (shard === undefined) return wanted;
  const dependencies = writersRead(parametersRead(graphOf(known)));
  const weighed = wanted.map((stack) => ({ stackId: stack.stackId, size: sizeOf(stack) }));
  const own = new Set(shardOf(weighed, dependencies, shard));
  return wanted.filter(({ stackId }) => own.has(stackId));
}

function defaultOut(context: Context, { wanted }: SelectedFolders): string {
  const environments = new Set(wanted.map(({ stackId }) => parseStackId(stackId)?.environmentSuffix));
  const [only] = environments;
  return join(context.projectRoot, ".tap", "plan", ...(environments.size === 1 && only !== undefined ? [only] : []));
}

interface Running extends Called {
  readonly work: string;
  readonly signal: AbortSignal;
  readonly options: PlanCommandOptions;
}

async function planAll(
  context: Context,
  { wanted, known }: SelectedFolders,
  { work, signal, parallelism, options }: Running,
): Promise<StackPlan[]> {
  const { planRole, backendConfig, destroy } = options;
  const roleArn = rolesOf(wanted, planRole);
  let plans: StackPlan[] = [];
  const plan = async (say: (text: string) => void) => {
    plans = await planFolders(context, workingCopies(wanted, work), {
      known,
      signal,
      parallelism,
      backendConfig,
      destroy,
      roleArn,
      lock: planRole === undefined,
      onProgress: progressOf(context, wanted.length, say),
    });
  };
  await runSteps(context, [{ title: `Plan ${wanted.length} stacks`, run: plan }], { areInterruptible: true });
  return plans;
}

/** On a terminal what is being done, elsewhere a line for what is done. */
export function progressOf(
  context: Context,
  count: number,
  say: (text: string) => void,
  words?: Readonly<Record<PlanState, string>>,
): (stackId: string, state: PlanState) => void {
  let done = 0;
  return (stackId, state) => {
    const isDone = state !== "initializing" && state !== "planning";
    if (isDone) done += 1;
    const line = `${done}/${count} ${stackId}: ${words?.[state] ?? state}`;
    say(line);
    if (isDone && !context.interactive) context.remark(line);
  };
}
