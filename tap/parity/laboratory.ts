import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendSettings } from "../../config/backend";
import { type Component, components } from "../../config/components";
import { type Environment, regionRole } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { loadEnvironments } from "../../config/load";
import type { Variables } from "../../config/variables";
import { type FunctionBundles, type PlannedStack, planStacks } from "../../main";
import { CommandError } from "../context";
import type { TerraformJson } from "../graph/terraform-json";
import { synthesizeStack } from "../synth/synthesize-stack";
import { recordReads } from "./reads";

/** Synthesizes stacks of whatever configuration, for their JSON alone. */
export interface Laboratory {
  /** One environment of a project; undefined where the configuration refuses it. */
  load(sources: readonly unknown[], environmentSuffix: string, without?: string): Environment | undefined;
  /** @throws CommandError where a construct refuses its settings */
  synthesize(stack: PlannedStack): Synthesized;
  /** The same; undefined where a construct refuses. */
  trySynthesize(stack: PlannedStack): Synthesized | undefined;
  /** How many stacks it has synthesized. */
  readonly count: number;
  /** Removes what it wrote. */
  close(): void;
}

export interface Synthesized {
  readonly json: TerraformJson;
  /** What was read of the environment for it. */
  readonly reads: ReadonlySet<string>;
}

export interface LaboratoryOptions {
  readonly backend: BackendSettings;
  readonly functionBundles: FunctionBundles;
  readonly variables: Variables;
}

export function openLaboratory({ backend, functionBundles, variables }: LaboratoryOptions): Laboratory {
  const folder = mkdtempSync(join(tmpdir(), "tap-parity-"));
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const outdir = join(folder, "out");
  // The JSON holds a bundle's hash; copies of the code itself would cost more time than all the rest.
  const hashes = Object.fromEntries(
    Object.entries(functionBundles).map(([name, { hash }]) => [name, { folder: empty, hash }]),
  );
  let count = 0;
  const synthesize = (stack: PlannedStack): Synthesized => {
    count += 1;
    const { recorded, paths } = recordReads(stack.environment);
    const { manifest } = synthesizeStack(
      { ...stack, environment: recorded },
      { backend, functionBundles: hashes, outdir },
    );
    const json = JSON.parse(readFileSync(join(outdir, manifest.synthesizedStackPath), "utf8")) as TerraformJson;
    return { json, reads: paths };
  };
  return {
    load: (sources, environmentSuffix, without) =>
      unlessRefused(
        ConfigError,
        () =>
          loadEnvironments({
            sources,
            variables: variablesWithout(variables, without),
            environment: environmentSuffix,
          })[0],
      ),
    synthesize,
    trySynthesize: (stack) => unlessRefused(CommandError, () => synthesize(stack)),
    get count() {
      return count;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * An environment's stacks by what they are in every environment: component, and role of the region there, `jobs primary`.
 * What an account has once is `bootstrap account`.
 */
export function stacksByPlace(environment: Environment): Map<string, PlannedStack> {
  return new Map(planStacks([environment]).map((stack) => [placeOfStack(stack), stack]));
}

function placeOfStack({ component, environment, region }: PlannedStack): string {
  return `${component} ${isOfAccount(component) ? "account" : regionRole(environment, region)}`;
}

/** Whether the account has it once, whoever else is in it. */
export function isOfAccount(component: Component): boolean {
  return components[component].scope === "account";
}

/** A variable that overrides an environment which isn't there would be refused. */
function variablesWithout(variables: Variables, environment: string | undefined): Variables {
  if (environment === undefined) return variables;
  const name = `TAP_${environment.toUpperCase()}_ACCOUNT_ID`;
  return Object.fromEntries(Object.entries(variables).filter(([key]) => key !== name));
}

function unlessRefused<T>(refusal: abstract new (...args: never[]) => Error, attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}
