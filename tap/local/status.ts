import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readGraph } from "../graph/read";
import { Archives } from "./archives";
import { isHealthy, isUp } from "./emulator";
import { planResources } from "./plan";
import { isAlive } from "./processes";
import { render } from "./render";
import { notCreatedTypes } from "./resources/not-created";
import { type LocalState, localFolder, type MadeResource, readState } from "./state";

/** How an environment stands. */
export interface Status {
  readonly environment: string;
  readonly isUp: boolean;
  readonly endpoint: string;
  readonly since: string;
  readonly accountId: string;
  /** A change was begun and not ended: by a process that is at it, or that was killed. */
  readonly changing?: "now" | "was ended";
  readonly stacks: readonly { readonly stack: string; readonly made: number; readonly notCreated: number }[];
  readonly apis: readonly RestApi[];
  readonly drift: Drift;
}

/** A REST API, where callers reach it. */
export interface RestApi {
  readonly stack: string;
  readonly system: string;
  readonly region: string;
  readonly url: string;
  /** Keys by name. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What differs between what was synthesized and what was made. */
export interface Drift {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly superfluous: readonly string[];
}

/** Environments that something is known of. */
export function knownEnvironments(projectRoot: string): string[] {
  const folder = join(projectRoot, ".cache", "local");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "state.json")))
    .map(({ name }) => name)
    .sort();
}

export async function statusOf(projectRoot: string, environment: string): Promise<Status | undefined> {
  const state = readState(localFolder(projectRoot, environment));
  if (state === undefined) return undefined;
  const { emulator, accountId, changing } = state;
  const isForeign = emulator.processes.length === 0;
  return {
    environment,
    isUp: isForeign ? await isHealthy(emulator.endpoint) : await isUp(emulator),
    endpoint: emulator.endpoint,
    since: emulator.since,
    accountId,
    ...(changing === undefined ? {} : { changing: isAlive(changing) ? "now" : "was ended" }),
    stacks: stacksOf(state),
    apis: restApis(state),
    drift: driftOf(projectRoot, state),
  };
}

function stacksOf({ resources }: LocalState): Status["stacks"] {
  const stacks = new Map<string, { made: number; notCreated: number }>();
  for (const { stack, type } of Object.values(resources)) {
    const counts = stacks.get(stack) ?? { made: 0, notCreated: 0 };
    counts[type in notCreatedTypes ? "notCreated" : "made"] += 1;
    stacks.set(stack, counts);
  }
  return [...stacks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stack, counts]) => ({ stack, ...counts }));
}

/** The REST APIs of an environment, with the values of their keys: they are of no use elsewhere. */
export function restApis({ resources }: Pick<LocalState, "resources">): RestApi[] {
  const all = Object.values(resources);
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return all
    .filter(({ type }) => type === "aws_api_gateway_stage")
    .map(({ stack, region, computed }) => ({
      stack,
      system: stack.split("-")[1] ?? stack,
      region,
      url: text(computed.invoke_url),
      keys: Object.fromEntries(
        all
          .filter((resource) => resource.type === "aws_api_gateway_api_key" && resource.stack === stack)
          .map((key) => [text(key.values.name), text(key.computed.value)]),
      ),
    }))
    .sort((a, b) => (a.stack < b.stack ? -1 : 1));
}

/** What `tap local up` would do with the stacks as they were synthesized last. */
export function driftOf(projectRoot: string, { outdir, resources }: LocalState): Drift {
  if (!existsSync(join(outdir, "manifest.json"))) return { missing: [], changed: [], superfluous: [] };
  const graph = readGraph(outdir);
  const archives = new Archives(projectRoot, join(projectRoot, ".cache", "local", "archives"));
  const made = (id: string): MadeResource | undefined => resources[id];
  const planned = planResources(graph).resources.map(({ node }) => node);
  const ids = new Set(planned.map(({ id }) => id));
  const isChanged = (id: string) => {
    const [node, before] = [graph.node(id), made(id)];
    if (node === undefined || before === undefined || node.type in notCreatedTypes) return false;
    try {
      return render(node, { graph, outdir, archives, made }).hash !== before.hash;
    } catch {
      // It takes something that isn't there yet.
      return true;
    }
  };
  return {
    missing: [...ids].filter((id) => made(id) === undefined).sort(),
    changed: [...ids].filter(isChanged).sort(),
    superfluous: Object.keys(resources)
      .filter((id) => !ids.has(id))
      .sort(),
  };
}
