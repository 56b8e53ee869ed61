import type { FunctionBundles } from "../../../../main";
import type { BundledCode } from "../../../../tap/audit/privilege/least-privilege";
import { bundles } from "../../../functions/bundle";
import { projectRoot } from "../../../support/project";
import { settled, subjectOf } from "../../../support/synthesized";
import { drawer, randomFrom } from "./draw";
import { administration, harmless, harmlessBecause } from "./harmless";
import { auditJudges, type Ground, groundOf, type Verdict } from "./judging";
import { type MechanicalMutation, mutationsOf } from "./mutations";
import { type ParityGround, parityGround } from "./parity";
import { refusal } from "./schema";

/*
 * Our own JSON, changed by no rule's hand: what matters of it is found, and the right resource is named (judging.ts).
 *  - everywhere: the same change in both regions of an environment that is drawn, which stands for all of them: rules,
 *    requirements and least privilege look at each environment for itself, and parity can't see such a change;
 *  - in one environment: a change of one stack alone, as by hand; parity looks at it as well.
 * Each environment is as likely as every other one, in it each type, of that each resource, of that each change.
 * Another seed is drawn each time. TAP_MUTATION_SEED=… draws the same again, TAP_MUTATION_COUNT=… more.
 */

jest.mock("cdktf/lib/tokens/private/stack-trace", () => ({ captureStackTrace: () => [] }));

jest.setTimeout(7_200_000);

const environmentNames = ["dev", "staging", "prod"] as const;
const wanted = { share: 0.98, inOneEnvironment: 0.3 };
const seed = Number(process.env.TAP_MUTATION_SEED ?? Math.floor(Math.random() * 1e9));
const count = Number(process.env.TAP_MUTATION_COUNT ?? 500);

interface Drawn {
  readonly mutation: MechanicalMutation;
  readonly verdict: Verdict;
}

interface Drawing {
  readonly judged: readonly Drawn[];
  /** How many of what is drawn aren't judged, by the reason. */
  readonly left: ReadonlyMap<string, number>;
}

let grounds: readonly Ground[];
let parity: ParityGround;
let mutations: readonly (readonly MechanicalMutation[])[];
const random = randomFrom(seed);

beforeAll(async () => {
  const code = await bundles(projectRoot);
  parity = parityGround(code as FunctionBundles);
  const all = subjectOf("dev").stacks.map(
    (stack) => settled({ ...subjectOf("dev"), stacks: [stack] }).stacks[0] ?? stack,
  );
  const judges = auditJudges(code as unknown as Record<string, BundledCode>, ["GET /health"]);
  grounds = environmentNames.map((name) =>
    groundOf(settled(subjectOf(name, { alone: true })), judges, (changed) => parity.findingsOn(all, changed)),
  );
  mutations = grounds.map(({ subject }) => subject.stacks.flatMap((stack) => mutationsOf(stack, subject.graph)));
});
afterAll(() => parity?.close());

/** Draws until so many that matter were judged. */
function draw(wantedCount: number, everywhere: boolean): Drawing {
  const draws = mutations.map((each) => drawer(each, random));
  const judged: Drawn[] = [];
  const left = new Map<string, number>();
  const seen = new Set<MechanicalMutation>();
  while (judged.length < wantedCount) {
    const index = Math.floor(random() * grounds.length);
    const ground = grounds[index] as Ground;
    const mutation = (draws[index] as () => MechanicalMutation)();
    if (seen.has(mutation)) continue;
    seen.add(mutation);
    const reason = refusedBecause(ground, mutation) ?? harmlessBecause(mutation, { everywhere });
    if (reason !== undefined) left.set(reason, (left.get(reason) ?? 0) + 1);
    else judged.push({ mutation, verdict: ground.verdictOn(mutation, { everywhere }) });
  }
  return { judged, left };
}

const refused = "Terraform refuses it by itself: terraform validate, before anything is planned.";

function refusedBecause({ subject }: Ground, { stack, address, type, path, after }: MechanicalMutation) {
  const node = subject.graph.node(`${stack}/${address}`);
  return node && refusal(type, path, after(), node.attributes) === undefined ? undefined : refused;
}

function missed({ judged }: Drawing): string[] {
  return judged
    .filter(({ verdict }) => verdict.caught === "no")
    .map(({ mutation: { stack, address, path, kind, what, before }, verdict: { elsewhere } }) =>
      [stack, address, path, kind, what, JSON.stringify(before)?.slice(0, 80), ...elsewhere.slice(0, 1)].join(" "),
    );
}

function table(title: string, drawing: Drawing): string {
  const { judged, left } = drawing;
  const row = (name: string, number: number) => `  ${String(number).padStart(6)}  ${name}`;
  const of = (caught: Verdict["caught"]) => judged.filter(({ verdict }) => verdict.caught === caught).length;
  const reasons = [...left].sort(([, a], [, b]) => b - a);
  return [
    `${title}: ${judged.length} that matter`,
    ...(["on the resource", "on a joined resource", "by parity only"] as const).map((each) =>
      row(`caught ${each}`, of(each)),
    ),
    row("missed", of("no")),
    ...missed(drawing).map((text) => `          ${text}`),
    `  ${judged.length + [...left.values()].reduce((sum, each) => sum + each, 0)} drawn; of these aren't judged`,
    ...reasons.map(([reason, number]) => row(reason, number)),
  ].join("\n");
}

const shareOf = (...drawings: readonly Drawing[]) => {
  const all = drawings.flatMap(({ judged }) => judged);
  return all.filter(({ verdict }) => verdict.caught !== "no").length / all.length;
};
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

test(`of ${count} changes that matter, at least ${percent(wanted.share)} are found where they are`, () => {
  const alone = Math.round(count * wanted.inOneEnvironment);
  const everywhere = draw(count - alone, true);
  const inOne = draw(alone, false);
  const share = shareOf(everywhere, inOne);
  const report = [
    `Seed ${seed} (TAP_MUTATION_SEED): ${percent(share)} found; everywhere ${percent(shareOf(everywhere))}, in one environment ${percent(shareOf(inOne))}`,
    table("Everywhere", everywhere),
    table("In one environment", inOne),
  ].join("\n\n");
  process.stdout.write(`\n${report}\n`);
  if (share < wanted.share) throw new Error(report);
});

test("what is said not to matter is there, each of it", () => {
  const all = mutations.flat();
  expect(all.length).toBeGreaterThan(100_000);
  for (const row of harmless)
    expect([row.reason, all.some((mutation) => row.is(mutation))]).toEqual([row.reason, true]);
});

test("policies of deployment and planning deny nothing: what they lose is a right that is lost", () => {
  const policies = mutations.flat().filter(({ kind, address }) => kind === "removed" && administration.test(address));
  expect(policies.length).toBeGreaterThan(10);
  for (const { before } of policies) expect(JSON.stringify(before)).not.toContain("Deny");
});
