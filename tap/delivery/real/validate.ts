import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TerraformJson } from "../../graph/terraform-json";
import { readOutputs } from "../../remote-state";
import type { Run } from "../run";
import type { StepResult } from "../steps";
import { alarmProblems, countAlarms } from "../validation/alarms";
import { functionProblems, putBack, type ReleasedFunction } from "../validation/functions";
import { outputProblems } from "../validation/outputs";
import { derivedSmokeChecks, type Outputs, smokeProblems } from "../validation/smoke";
import type { RealOptions, Session } from "./options";
import type { Opened } from "./plan";

/** Asks all that says whether a release works, at once; what is wrong is told together (PLAT-10). */
export async function validate(
  options: RealOptions,
  session: Session,
  opened: Opened,
  firstApply: number | undefined,
): Promise<StepResult> {
  const { validation, environment, access } = options;
  const { run, signal, say } = session;
  const stacks = new Map(
    opened.stacks.map(({ stackId, folder }) => [
      stackId,
      JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as TerraformJson,
    ]),
  );
  const outputs = await outputsOf(options, opened);
  const smoke = validation.smoke ?? derivedSmokeChecks(stacks);
  const functions = functionsOf(options, opened);
  say(
    `${smoke.length} smoke tests, ${validation.alarmWindowSeconds} s without alarms, outputs, ${functions.size === 0 ? "no" : [...functions.values()].flat().length} functions`,
  );
  const alarms = {
    regions: environment.regionNames.map((region) => access.in(region)),
    environment: environment.environmentSuffix,
    ignored: validation.ignoredAlarms,
  };
  const count = await countAlarms(alarms);
  const problems = await Promise.all([
    outputProblems(stacks, outputs),
    smokeProblems(smoke, outputs, { patienceMilliseconds: validation.smokePatienceSeconds * 1_000 }),
    alarmProblems({
      ...alarms,
      windowSeconds: validation.alarmWindowSeconds,
      patienceSeconds: validation.alarmPatienceSeconds,
      since: alarmsSince(run, opened.manifest.id, firstApply, Date.now()),
      signal,
    }),
    ...[...functions].map(([region, released]) => functionProblems(access.in(region), released)),
  ]);
  return {
    problems: problems.flat(),
    notes: [
      `${smoke.length} smoke tests, ${validation.alarmWindowSeconds} s without any of ${count} alarms, outputs of ${stacks.size} stacks`,
      ...nothingAsked({
        smoke: smoke.length,
        alarms: count,
        outputs: [...stacks.values()].flatMap(({ output }) => Object.keys(output ?? {})).length,
        functions: functions.size,
      }),
      ...(validation.ignoredAlarms.length === 0 ? [] : [`ignored alarms: ${validation.ignoredAlarms.join(", ")}`]),
    ],
  };
}

/**
 * From when on an alarm that comes on is the release's: from its first apply, and not from the days that it may have waited
 * for an approval. A rollback isn't to blame for what the release before it has set off.
 */
export function alarmsSince(
  { kind, release, events }: Run,
  validated: string,
  firstApply: number | undefined,
  now: number,
): number {
  if (kind !== "promote" || validated !== release) return now;
  const begun = events.find((event) => event.type === "begun" && event.step === "apply");
  return begun === undefined ? (firstApply ?? now) : Date.parse(begun.at);
}

/** What there was nothing of: who reads "validated" is to know. */
export function nothingAsked({
  smoke,
  alarms,
  outputs,
  functions,
}: {
  readonly smoke: number;
  readonly alarms: number;
  readonly outputs: number;
  readonly functions: number;
}): string[] {
  return [
    ...(smoke === 0 ? ["there are no smoke tests: nothing was asked over HTTP"] : []),
    ...(alarms === 0 ? ["there are no alarms that could come on"] : []),
    ...(outputs === 0 ? ["there are no outputs to look for"] : []),
    ...(functions === 0 ? ["there are no functions whose code could be compared"] : []),
  ];
}

/** Lets the functions run the release's code, where there still is a version with it. */
export async function functionsBack(options: RealOptions, opened: Opened): Promise<StepResult> {
  const results = await Promise.all(
    [...functionsOf(options, opened)].map(([region, released]) => putBack(options.access.in(region), released)),
  );
  return { problems: results.flatMap(({ problems }) => problems), notes: results.flatMap(({ notes }) => notes) };
}

/** Functions of the environment, by region. */
function functionsOf({ environment }: RealOptions, { manifest }: Opened): Map<string, ReleasedFunction[]> {
  const found = new Map<string, ReleasedFunction[]>();
  for (const { stackId, functionName, base64Sha256 } of manifest.archives) {
    // An archive that no function runs (tap/release/manifest.ts).
    if (functionName === "") continue;
    const stack = manifest.stacks[stackId];
    if (stack?.environment !== environment.environmentSuffix) continue;
    const own = found.get(stack.region) ?? [];
    found.set(stack.region, [...own, { name: functionName, base64Sha256 }]);
  }
  return found;
}

async function outputsOf({ context }: RealOptions, { stacks }: Opened): Promise<Outputs> {
  const read = async ({ stackId, folder }: Opened["stacks"][number]) =>
    [stackId, await readOutputs(context, folder)] as const;
  return new Map(await Promise.all(stacks.map(read)));
}
