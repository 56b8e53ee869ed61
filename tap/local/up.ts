import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Environment } from "../../config/environment";
import { CommandError, type Context } from "../context";
import { readGraph } from "../graph/read";
import { runSteps } from "../progress";
import { type Applied, applyPlan, type Change } from "./apply";
import { Archives } from "./archives";
import { Clients } from "./clients";
import { isHealthy, isUp, startEmulator } from "./emulator";
import { type LocalPlan, planResources } from "./plan";
import { end, isAlive } from "./processes";
import { notCreatedTypes } from "./resources/not-created";
import { type LocalState, localFolder, type MadeResource, type RunningEmulator, readState, writeState } from "./state";

export interface UpOptions {
  readonly environment: Environment;
  /** Synthesized stacks; without it they are synthesized where their source has changed. */
  readonly outdir?: string;
  /** Of an emulator that was started by somebody else. */
  readonly endpoint?: string;
  readonly port: number;
  /** Forgets what was made earlier, and begins with a new emulator. */
  readonly fresh: boolean;
  /** Synthesizes the environment's stacks into a folder. */
  synthesize(outdir: string): Promise<void>;
}

/** What `tap local up` has done. */
export interface UpResult {
  readonly state: LocalState;
  readonly changes: Readonly<Record<Change, number>>;
  readonly unchanged: number;
  readonly notCreated: readonly { readonly type: string; readonly count: number; readonly reason: string }[];
  /** What is another here than it would be in AWS. */
  readonly remarks: readonly string[];
  readonly failures: Applied["failures"];
  readonly milliseconds: number;
}

const nothing: Readonly<Record<Change, number>> = { created: 0, updated: 0, replaced: 0, removed: 0 };

/** Brings an environment up, or up to date. Call it under the environment's lock. */
export async function up(context: Context, options: UpOptions): Promise<UpResult> {
  const start = performance.now();
  const folder = localFolder(context.projectRoot, options.environment.environmentSuffix);
  const remarks: string[] = [];
  const say = (text: string) => {
    remarks.push(text);
    context.remark(text);
  };
  const before = await usable(readState(folder), options, say);
  const source = options.outdir === undefined ? await sourceOf(context, options.environment) : undefined;
  const outdir = options.outdir ?? join(folder, "cdktf.out");
  const isSame = source !== undefined && before?.source === source && existsSync(join(outdir, "manifest.json"));
  if (isSame && before !== undefined) return unchanged(before, performance.now() - start);

  const starting = before?.emulator ?? startOrUse(context, options, folder, say);
  // What goes wrong there is told where it is waited for.
  Promise.resolve(starting).catch(() => undefined);
  if (options.outdir === undefined) await options.synthesize(outdir);
  const graph = readGraph(outdir);
  const plan = planResources(graph);
  const accountId = onlyAccount(graph.stacks.map((stack) => stack.accountId));
  const { environmentSuffix, region } = options.environment;
  let state: LocalState | undefined;
  let applied: Applied | undefined;
  const archives = new Archives(context.projectRoot, join(context.projectRoot, ".cache", "local", "archives"));
  await runSteps(context, [
    {
      title: before === undefined ? "Start the emulator" : "Find the emulator",
      run: async () => {
        const emulator = await starting;
        state = {
          version: 1,
          environment: environmentSuffix,
          accountId,
          primaryRegion: region,
          outdir,
          changing: process.pid,
          emulator,
          resources: before?.resources ?? {},
        };
        writeState(folder, state);
      },
    },
    {
      title: `Make what isn't there of ${plan.resources.length} resources`,
      run: async (tell) => {
        const { emulator, resources } = state as LocalState;
        let done = 0;
        applied = await applyPlan({
          graph,
          plan,
          outdir,
          accountId,
          endpoint: emulator.endpoint,
          clients: new Clients(emulator.endpoint, accountId),
          archives,
          before: resources,
          onChange: (id, change) => {
            done += 1;
            tell(`${done} ${change}: ${id}`);
          },
        });
      },
    },
  ]);
  if (state === undefined || applied === undefined) throw new Error("Nothing was done");
  const { changing: _, ...settled } = state;
  const isWhole = applied.failures.length === 0;
  const after: LocalState = {
    ...settled,
    ...(isWhole && source !== undefined ? { source } : {}),
    resources: applied.resources,
  };
  writeState(folder, after);
  for (const each of archives.replaced) say(`Binaries of packages: ${each}, which this machine can load`);
  const changed = Object.values(applied.changes).reduce((sum, count) => sum + count, 0);
  return {
    state: after,
    changes: applied.changes,
    unchanged: countMade(after.resources) + applied.changes.removed - changed,
    notCreated: listNotCreated(plan),
    remarks,
    failures: applied.failures,
    milliseconds: performance.now() - start,
  };
}

/** What was made earlier, where it is still there; what is left of it is ended otherwise. */
async function usable(
  state: LocalState | undefined,
  { endpoint, fresh }: UpOptions,
  say: (text: string) => void,
): Promise<LocalState | undefined> {
  if (state === undefined) return undefined;
  const isForeign = state.emulator.processes.length === 0;
  const wasKilled = state.changing !== undefined && !isAlive(state.changing);
  const isAnother = (endpoint ?? (isForeign ? undefined : state.emulator.endpoint)) !== state.emulator.endpoint;
  if (fresh || isAnother) {
    await endAll(state);
    return undefined;
  }
  if (wasKilled) {
    if (isForeign)
      throw new CommandError(
        `An earlier tap local up was ended while it worked on ${state.emulator.endpoint}, and what it left there is unknown. Reset that emulator, then: tap local up --fresh --endpoint ${state.emulator.endpoint}`,
      );
    say("An earlier tap local up was ended while it worked: the emulator is started anew");
    await endAll(state);
    return undefined;
  }
  if (isForeign ? await isHealthy(state.emulator.endpoint) : await isUp(state.emulator)) return state;
  say("The emulator has ended, and what was in it is gone: it is started anew");
  await endAll(state);
  return undefined;
}

/** Ends what was started for an environment. */
export async function endAll({ emulator }: LocalState): Promise<void> {
  await Promise.all(emulator.processes.map(end));
}

async function startOrUse(
  context: Context,
  { environment, endpoint, port }: UpOptions,
  folder: string,
  say: (text: string) => void,
): Promise<RunningEmulator> {
  const { projectRoot, variables } = context;
  if (endpoint !== undefined) {
    if (!(await answers(endpoint))) throw new CommandError(`Nothing answers at ${endpoint}. Nothing was made.`);
    return { endpoint: endpoint.replace(/\/$/, ""), processes: [], since: new Date().toISOString() };
  }
  // What an earlier emulator left is of no use to another.
  for (const name of ["objects", "emulator", "tmp"]) rmSync(join(folder, name), { recursive: true, force: true });
  const { accountId, region } = environment;
  return startEmulator({ projectRoot, folder, accountId, region, port, variables, say });
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );
}

/**
 * Of all that stacks are synthesized from: the bundled command, with its configuration, and the functions. Variables that
 * select an environment don't count: an option may have selected the same.
 */
async function sourceOf(context: Context, { name, environmentSuffix }: Environment): Promise<string> {
  const functions = Object.entries(await context.bundleFunctions()).map(([name, { hash }]) => [name, hash]);
  const deciding = /^(AWS_REGION|AWS_DEFAULT_REGION|CDKTF_\w+|TAP_\w+)$/;
  const variables = Object.entries(context.variables).filter(([variable]) => deciding.test(variable));
  const all = [
    name,
    environmentSuffix,
    basename(context.bundlePath),
    context.backend,
    functions,
    variables.sort(),
    process.versions.node,
  ];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

function onlyAccount(accounts: readonly (string | undefined)[]): string {
  const [only, ...others] = [...new Set(accounts)];
  if (only === undefined || others.length > 0)
    throw new CommandError(
      `The stacks are of several accounts (${[only, ...others].join(", ")}): name one environment`,
    );
  return only;
}

function unchanged(state: LocalState, milliseconds: number): UpResult {
  const counts = new Map<string, number>();
  for (const { type } of Object.values(state.resources))
    if (type in notCreatedTypes) counts.set(type, (counts.get(type) ?? 0) + 1);
  return {
    state,
    changes: nothing,
    unchanged: countMade(state.resources),
    notCreated: listNotCreated({ notCreated: counts }),
    remarks: [],
    failures: [],
    milliseconds,
  };
}

function countMade(resources: Readonly<Record<string, MadeResource>>): number {
  return Object.values(resources).filter(({ type }) => !(type in notCreatedTypes)).length;
}

function listNotCreated({ notCreated }: Pick<LocalPlan, "notCreated">): UpResult["notCreated"] {
  return [...notCreated]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, count]) => ({ type, count, reason: notCreatedTypes[type]?.reason ?? "" }));
}
