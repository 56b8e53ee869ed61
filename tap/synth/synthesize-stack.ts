import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { stackIdOf } from "../../config/backend";
import { type BuildOptions, buildApp, type PlannedStack } from "../../main";
import { CommandError } from "../context";
import type { TerraformJson } from "../graph/terraform-json";
import { refuseDanglingReferences } from "./references";

/** One stack as it was synthesized: what the table shows, and its entry in the manifest. */
export interface SynthesizedStack {
  readonly id: string;
  readonly component: string;
  readonly environmentSuffix: string;
  readonly region: string;
  readonly resources: number;
  readonly functions: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Folder that it was written to. */
  readonly folder: string;
  /** Its entry in manifest.json. */
  readonly manifest: ManifestEntry;
}

export interface ManifestEntry {
  readonly workingDirectory: string;
  readonly synthesizedStackPath: string;
}

/**
 * Builds and writes one stack, in an app of its own: stacks don't refer to each other, so each can be timed
 * alone and its constructs be collected before the next.
 */
export function synthesizeStack(
  planned: PlannedStack,
  { backend, functionBundles, outdir }: Required<Omit<BuildOptions, "stacks">>,
): SynthesizedStack {
  const start = performance.now();
  refusing(planned, () => buildApp({ stacks: [planned], backend, functionBundles, outdir }).synth());
  const milliseconds = performance.now() - start;
  const manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
    stacks: Record<string, ManifestEntry>;
  };
  const [id, entry] = Object.entries(manifest.stacks)[0] as [string, ManifestEntry];
  const file = join(outdir, entry.synthesizedStackPath);
  const json = JSON.parse(readFileSync(file, "utf8")) as TerraformJson;
  refuseDanglingReferences(id, json);
  return {
    id,
    component: planned.component,
    environmentSuffix: planned.environment.environmentSuffix,
    region: planned.region,
    ...countResources(json),
    bytes: statSync(file).size,
    milliseconds,
    folder: join(outdir, entry.workingDirectory),
    manifest: entry,
  };
}

/** What constructs refuse, they refuse with a RangeError that names value and range; it is the caller's to mend. */
function refusing(planned: PlannedStack, build: () => void): void {
  try {
    build();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const { component, environment, region } = planned;
    const id = stackIdOf(component, environment.environmentSuffix, region);
    throw new CommandError(`${id}: ${error.message}\nNothing was written.`);
  }
}

function countResources({ resource = {} }: TerraformJson): { resources: number; functions: number } {
  const count = (instances: object | undefined) => Object.keys(instances ?? {}).length;
  return {
    resources: Object.values(resource).reduce((sum, instances) => sum + count(instances), 0),
    functions: count(resource.aws_lambda_function),
  };
}
