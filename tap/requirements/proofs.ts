import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A test of the last runs, from the reports that Jest writes (`reports/*.json`). */
export interface TestRun {
  readonly title: string;
  readonly passed: boolean;
}

/** A change of the code that a test was run against, and whether the test turned red (`reports/mutations.json`). */
export interface MutationRun {
  readonly id: string;
  readonly mutation: string;
  readonly red: boolean;
}

export type Status = "proven" | "claimed" | "failing" | "open";

/** A requirement with what stands for it. */
export interface Proof {
  readonly id: string;
  readonly text: string;
  /**
   * `proven`: tests pass, and at least one mutation was seen to turn one red. `claimed`: tests with the id in
   * their title pass, and no mutation was seen. `failing`: a test or a mutation didn't do as it should.
   */
  readonly status: Status;
  readonly tests: number;
  readonly mutations: number;
}

const row = /^\| ([A-Z]+-\d{2}) +\| (.*?) *\|$/;
const idsOfTitle = /^((?:[A-Z]+-\d{2})(?:, [A-Z]+-\d{2})*)\b/;
/** How the test of a mutation of the JSON is titled; it passes where the rule turned red. */
const redWhen = / is red when /;

/** Every id of docs/requirements.md, in its order, with what the last runs say of it. */
export function proofsOf(document: string, tests: readonly TestRun[], mutations: readonly MutationRun[]): Proof[] {
  return document.split("\n").flatMap((line) => {
    const [, id, text] = row.exec(line) ?? [];
    return id === undefined || text === undefined ? [] : [proofOf(id, text, tests, mutations)];
  });
}

function proofOf(id: string, text: string, tests: readonly TestRun[], mutations: readonly MutationRun[]): Proof {
  const own = tests.filter(({ title }) => idsOfTitle.exec(title)?.[1]?.split(", ").includes(id));
  const ownMutations = mutations.filter((mutation) => mutation.id === id);
  const red =
    own.filter(({ title, passed }) => passed && redWhen.test(title)).length +
    ownMutations.filter((mutation) => mutation.red).length;
  const failing = own.some(({ passed }) => !passed) || ownMutations.some((mutation) => !mutation.red);
  const passing = own.filter(({ passed }) => passed).length;
  return { id, text, status: statusOf(failing, passing, red), tests: passing, mutations: red };
}

function statusOf(failing: boolean, passing: number, red: number): Status {
  if (failing) return "failing";
  if (passing === 0) return "open";
  return red > 0 ? "proven" : "claimed";
}

interface JestTest {
  readonly title: string;
  readonly ancestorTitles: readonly string[];
  readonly status: string;
}

interface JestReport {
  readonly testResults: readonly { readonly assertionResults: readonly JestTest[] }[];
}

/** What the last runs of `npm test` and its siblings wrote; empty where none has run. */
export function readReports(folder: string): { tests: TestRun[]; mutations: MutationRun[] } {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  return {
    tests: files
      .filter((name) => name.startsWith("jest-"))
      .flatMap((name) => (read(name) as JestReport).testResults)
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === "passed" || status === "failed")
      .map((test) => ({ title: titleOf(test), passed: test.status === "passed" })),
    mutations: files.includes("mutations.json") ? (read("mutations.json") as MutationRun[]) : [],
  };
}

/** A test's own title, or, where that starts with no id, that of the group which does. */
export function titleOf({ title, ancestorTitles }: Pick<JestTest, "title" | "ancestorTitles">): string {
  const group = idsOfTitle.test(title) ? undefined : ancestorTitles.find((ancestor) => idsOfTitle.test(ancestor));
  return group === undefined ? title : `${group} ${title}`;
}
