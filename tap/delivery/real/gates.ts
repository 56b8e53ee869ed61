import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { sources } from "../../../config/load";
import { auditFile, auditFileName, judgeSources } from "../../audit/judge-sources";
import { type Severity, severities } from "../../audit/rule";
import { todaysDay } from "../../day";
import { applyKnown, readKnownDrift } from "../../drift/known";
import { type DriftPlan, isDeployed } from "../../drift/plan-json";
import { driftIn } from "../../drift/read";
import { type DriftedResource, shownValue } from "../../drift/report";
import { readStackSources } from "../../graph/read";
import { readCdktfFolder } from "../../graph/read-cdktf";
import { checkParity } from "../../parity/parity";
import type { StackPlan } from "../../plan";
import { openRelease, short } from "../../release";
import type { StepResult } from "../steps";
import type { RealOptions, Session } from "./options";
import type { Opened } from "./plan";

const mostShown = 20;

/**
 * Whether the release is the one that the environment before was last found good with. What the environment itself is last
 * good with has been through that: on the way to prod it passes staging again, though dev may have gone on.
 */
export async function checkOrder(
  { before, environment }: RealOptions,
  release: string,
  lastGood: string | undefined,
): Promise<StepResult> {
  if (before === undefined)
    return {
      problems: [],
      notes: [`${environment.environmentSuffix} is the first environment: no other comes before`],
    };
  if (release === lastGood)
    return { problems: [], notes: [`${environment.environmentSuffix} itself was last good with it`] };
  const name = before.environment.environmentSuffix;
  const { good } = (await before.ledger.read()).record;
  if (good?.release === release) return { problems: [], notes: [`good in ${name} since ${good.at}`] };
  const found =
    good === undefined ? "no release was ever good there" : `that is ${short(good.release)}, since ${good.at}`;
  return {
    problems: [
      `${short(release)} is not the last good release of ${name} (${found}): tap promote --to ${name} --release ${short(release)} comes first`,
    ],
  };
}

/**
 * Audit of the environment's stacks, and parity with the environment before (PLAT-08). A release never changes, and so
 * neither does what is found in it: what held is remembered, for this version of the rules.
 */
export async function checkStructure(options: RealOptions, session: Session, opened: Opened): Promise<StepResult> {
  const { before, environment, store, work } = options;
  const names = [...(before === undefined ? [] : [before.environment]), environment].map(
    (each) => each.environmentSuffix,
  );
  const known = join(work, "held", `${opened.manifest.id}-${names.join("-")}-${versionOf(options)}`);
  if (existsSync(known))
    return { problems: [], notes: [`audit and parity held before, ${readFileSync(known, "utf8")}`] };
  session.say("audit");
  const problems = await auditFindings(options, opened);
  if (before !== undefined) {
    session.say(`parity of ${names.join(" and ")}`);
    const both = await openRelease(store, opened.manifest.id, `${opened.folder}-parity`, { environments: names });
    problems.push(...(await parityFindings(options, both.folder, names, session)));
  }
  if (problems.length > 0) return { problems: cut(problems) };
  mkdirSync(join(work, "held"), { recursive: true });
  writeFileSync(known, new Date().toISOString());
  return { problems: [], notes: [`audited${before === undefined ? "" : `; structurally identical to ${names[0]}`}`] };
}

/** Of all that decides about it beside the release: the rules, the configuration, what is acknowledged until when. */
function versionOf({ context, auditFailOn }: RealOptions): string {
  const file = join(context.projectRoot, auditFileName);
  const acknowledged = existsSync(file) ? readFileSync(file, "utf8") : "";
  const day = todaysDay();
  return createHash("sha256")
    .update([basename(context.bundlePath), JSON.stringify(sources), acknowledged, day, auditFailOn].join("\0"))
    .digest("hex")
    .slice(0, 16);
}

async function auditFindings({ context, auditFailOn }: RealOptions, { folder }: Opened): Promise<string[]> {
  const options = { file: auditFile(context), isFileNamed: false };
  const { findings } = await judgeSources(context, options, readStackSources(folder));
  const counted: readonly Severity[] = severities.slice(0, severities.indexOf(auditFailOn) + 1);
  return findings
    .filter(({ rule }) => counted.includes(rule.severity))
    .map(
      ({ rule, stack, address, message }) =>
        `audit: ${rule.id}: ${[stack, address].filter(Boolean).join(" ")} ${message}`,
    );
}

async function parityFindings(
  { context, backend }: RealOptions,
  folder: string,
  environments: readonly string[],
  { say }: Session,
): Promise<string[]> {
  const report = await checkParity({
    stacks: readCdktfFolder(folder),
    sources,
    variables: context.variables,
    backend,
    functionBundles: await context.bundleFunctions(),
    environments,
    say,
  });
  return report.findings.map(
    ({ stack, address, path, message }) => `parity: ${[stack, address, path].filter(Boolean).join(" ")} ${message}`,
  );
}

/**
 * Whether the environment is as its states say, by what the plans have found when they refreshed: what was changed by hand
 * would be planned away, or hide what goes wrong. Aliases that a rollback has put back aren't somebody's doing: the plan
 * brings them on.
 */
export function checkDrift({ context }: RealOptions, plans: readonly StackPlan[], mayHavePutBack: boolean): StepResult {
  const today = todaysDay();
  const found = plans.flatMap(({ stackId, planJsonFile }) => {
    if (planJsonFile === undefined) return [];
    const json = JSON.parse(readFileSync(planJsonFile, "utf8")) as DriftPlan;
    return isDeployed(json) ? [{ stackId, resources: driftIn(stackId, json) }] : [];
  });
  const compared = found.map(({ stackId }) => stackId);
  const every = found.flatMap(({ resources }) => resources);
  const all = mayHavePutBack ? every.filter((resource) => !isPutBack(resource)) : every;
  const putBack = every.length - all.length;
  const { drifted, known } = applyKnown(all, readKnownDrift(context, today), compared, today);
  return {
    problems: cut(drifted.map(driftProblem)),
    notes: [
      `${compared.length} stacks are as their states say, but for ${known.length} known differences`,
      ...(putBack === 0 ? [] : [`aliases that the rollback before has put back, and the plan brings on: ${putBack}`]),
    ],
  };
}

function isPutBack({ type, vanished, attributes }: DriftedResource): boolean {
  const own = ["function_version", "routing_config"];
  return (
    type === "aws_lambda_alias" &&
    !vanished &&
    attributes.every(({ path }) => own.some((name) => path.startsWith(name)))
  );
}

function driftProblem({ stackId, address, vanished, attributes }: DriftedResource): string {
  const differing = attributes.map(
    ({ path, state, actual }) => `${path} is ${shownValue(actual)}, and not ${shownValue(state)}`,
  );
  return `drift: ${stackId} ${address} ${vanished ? "is gone" : `differs: ${differing.join("; ")}`}`;
}

/** All are counted, and the first are shown. */
function cut(problems: readonly string[]): string[] {
  if (problems.length <= mostShown) return [...problems];
  return [...problems.slice(0, mostShown), `… and ${problems.length - mostShown} more`];
}
