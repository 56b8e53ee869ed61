import { setMaxListeners } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Context } from "../context";
import { errorsOf, type LoggedOptions, type LoggedResult, messagesIn, terraformLogged, whyFailed } from "../terraform";
import { Initializer } from "../terraform/initialize";
import { graphOf, type ParameterRead, parametersRead, writersRead } from "./dependencies";
import { explained } from "./explained";
import type { StackFolder } from "./folders";
import { schedule } from "./schedule";
import { type WrittenParameters, waitsFor, writersOf, writtenIn } from "./waiting";

export interface StackPlan {
  readonly stackId: string;
  readonly folder: string;
  /** `waiting`: it reads what another stack hasn't written yet. */
  readonly status: "no changes" | "changes" | "waiting" | "failed";
  /** Terraform's plan, binary, absolute. */
  readonly planFile?: string;
  /** `terraform show -json` of it, absolute. It has sensitive values in it. */
  readonly planJsonFile?: string;
  /** Stacks that have to be applied before it can be planned. */
  readonly waitingFor?: readonly string[];
  /** Stacks whose plans change what it has read: planned again after they are applied, it may look otherwise. */
  readonly outdatedBy?: readonly string[];
  /** Terraform's errors, short. */
  readonly error?: string;
  readonly counts?: { readonly add: number; readonly change: number; readonly destroy: number };
  /** All that Terraform said, absolute. */
  readonly log?: string;
}

export type PlanState = "initializing" | "planning" | StackPlan["status"];

export interface PlanOptions {
  /** As given to `terraform init -backend-config`. */
  readonly backendConfig?: readonly string[] | undefined;
  /** Role that the provider works under, in place of the deploy role; the same for all, or by stack. */
  readonly roleArn?: string | ((stackId: string) => string | undefined) | undefined;
  /** @default true */
  readonly lock?: boolean;
  /** Stacks at a time. @default one for each core */
  readonly parallelism?: number | undefined;
  /** Only what differs between the state and what there is. @default false */
  readonly refreshOnly?: boolean;
  /** What `terraform destroy` would do. @default false */
  readonly destroy?: boolean | undefined;
  /** All stacks there are, where only some of them are planned: what they write is known by them. @default those planned */
  readonly known?: readonly StackFolder[];
  readonly signal?: AbortSignal | undefined;
  onProgress?(stackId: string, state: PlanState): void;
}

/**
 * Plans stacks: each as soon as those are planned whose parameters it reads, others beside it. Files come to be in
 * each stack's folder: `plan.tfplan`, `plan.json`, `plan.log`.
 */
export async function planFolders(
  context: Context,
  stacks: readonly StackFolder[],
  options: PlanOptions = {},
): Promise<StackPlan[]> {
  const { parallelism = availableParallelism(), known = [] } = options;
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  const ids = stacks.map(({ stackId }) => stackId);
  const others = known.filter(({ stackId }) => !ids.includes(stackId));
  const reads = parametersRead(graphOf([...stacks, ...others]));
  const planner = new Planner(context, options, reads);
  const folders = new Map(stacks.map(({ stackId, folder }) => [stackId, folder]));
  const done = await schedule(ids, writersRead(reads), Math.max(1, parallelism), (id) =>
    planner.plan(id, folders.get(id) as string),
  );
  return [...done.values()];
}

class Planner {
  readonly #initializer: Initializer;
  readonly #written = new Map<string, WrittenParameters>();

  constructor(
    private readonly context: Context,
    private readonly options: PlanOptions,
    private readonly reads: ReadonlyMap<string, readonly ParameterRead[]>,
  ) {
    this.#initializer = new Initializer(context, options.backendConfig);
  }

  async plan(stackId: string, folder: string): Promise<StackPlan> {
    const plan = await this.#planned(stackId, folder);
    this.options.onProgress?.(stackId, plan.status);
    return plan;
  }

  async #planned(stackId: string, folder: string): Promise<StackPlan> {
    const files = clearFiles(folder);
    const common = { stackId, folder, log: files.log };
    if (this.options.signal?.aborted) return { ...common, status: "failed", error: "not planned: interrupted" };
    const waitingFor = writersOf(this.reads.get(stackId) ?? [], this.#written, "created");
    if (waitingFor.length > 0) return { ...common, status: "waiting", waitingFor };
    const failed = (text: string): StackPlan => ({ ...common, ...this.#failure(stackId, text) });

    const logged = this.#logged(stackId, files.log);
    const planned = await this.#terraformPlan(stackId, folder, files.plan, logged);
    if (planned.exitCode !== 0 && planned.exitCode !== 2) return failed(planned.text);
    const shown = await terraformLogged(this.context, folder, ["show", "-json", files.plan], {
      ...logged,
      out: files.json,
    });
    if (shown.exitCode !== 0) return failed(shown.text);
    if (!this.options.refreshOnly) this.#written.set(stackId, writtenIn(JSON.parse(readFileSync(files.json, "utf8"))));
    const outdatedBy = writersOf(this.reads.get(stackId) ?? [], this.#written, "changed");
    return {
      ...common,
      status: planned.exitCode === 0 ? "no changes" : "changes",
      planFile: files.plan,
      planJsonFile: files.json,
      counts: countsIn(planned.text),
      ...(outdatedBy.length === 0 ? {} : { outdatedBy }),
    };
  }

  /** `init` where it is needed, and `plan`; what the first of them said that failed. */
  async #terraformPlan(stackId: string, folder: string, file: string, logged: LoggedOptions): Promise<LoggedResult> {
    this.options.onProgress?.(stackId, "initializing");
    const init = await this.#initializer.initialize(folder, logged);
    if (init !== undefined && init.exitCode !== 0) return { ...init, exitCode: 1 };
    this.options.onProgress?.(stackId, "planning");
    const args = planArguments(file, this.options);
    const planned = await terraformLogged(this.context, folder, args, logged);
    if (init !== undefined || planned.exitCode !== 1 || !wantsInit(planned.text)) return planned;
    const again = await this.#initializer.initialize(folder, { ...logged, again: true });
    if (again !== undefined && again.exitCode !== 0) return { ...again, exitCode: 1 };
    return terraformLogged(this.context, folder, args, logged);
  }

  #failure(stackId: string, text: string): Pick<StackPlan, "status" | "error" | "waitingFor"> {
    if (this.options.signal?.aborted) return { status: "failed", error: "interrupted" };
    const waitingFor = waitsFor(errorsOf(text), this.reads.get(stackId) ?? []);
    if (waitingFor !== undefined) return { status: "waiting", waitingFor };
    return { status: "failed", error: explained(stackId, whyFailed(text)) };
  }

  #logged(stackId: string, log: string): LoggedOptions {
    const { roleArn, signal } = this.options;
    const role = typeof roleArn === "function" ? roleArn(stackId) : roleArn;
    return { log, signal, ...(role === undefined ? {} : { variables: { TF_VAR_provider_role_arn: role } }) };
  }
}

/** Files of a plan; an earlier one's are removed, so that none is taken for this one's. */
function clearFiles(folder: string): { plan: string; json: string; log: string } {
  const files = {
    plan: join(folder, "plan.tfplan"),
    json: join(folder, "plan.json"),
    log: join(folder, "plan.log"),
  };
  for (const file of Object.values(files)) rmSync(file, { force: true });
  writeFileSync(files.log, "", { mode: 0o600 });
  return files;
}

function planArguments(file: string, { lock = true, refreshOnly, destroy }: PlanOptions): string[] {
  return [
    "plan",
    "-json",
    "-input=false",
    "-detailed-exitcode",
    `-out=${file}`,
    ...(lock ? [] : ["-lock=false"]),
    ...(refreshOnly ? ["-refresh-only"] : []),
    ...(destroy ? ["-destroy"] : []),
  ];
}

/** What Terraform says where `.terraform` isn't what it should be. */
function wantsInit(text: string): boolean {
  return errorsOf(text).some(({ summary, detail }) =>
    /terraform init|tofu init|required plugins are not installed|inconsistent dependency lock file/i.test(
      `${summary}\n${detail}`,
    ),
  );
}

function countsIn(text: string): NonNullable<StackPlan["counts"]> {
  const { add = 0, change = 0, remove = 0 } = messagesIn(text).findLast(({ changes }) => changes)?.changes ?? {};
  return { add, change, destroy: remove };
}
