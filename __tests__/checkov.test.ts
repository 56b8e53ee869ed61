import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAuditFile } from "../tap/audit/acknowledgements";
import type { RuleMeta } from "../tap/audit/result";
import { rules } from "../tap/audit/rules";
import { buildGraph } from "../tap/graph/build";
import { projectRoot } from "./support/project";
import { subjectOf } from "./support/synthesized";

/*
 * What Checkov's verdict rests on, without Checkov: the skips, how they are weighed, and how a judge that didn't
 * look is noticed. `npm run checkov` runs Checkov itself.
 */

interface Skip {
  readonly check: string;
  readonly resources: readonly string[];
  readonly environments?: readonly string[];
  readonly regions?: readonly string[];
  readonly reason: string;
}

const { stacks: synthesized } = subjectOf("dev");
const skips: readonly Skip[] = JSON.parse(readFileSync(join(projectRoot, "checkov", "skips.json"), "utf8"));

/** What an expression over the modules in checkov/ comes to: Jest loads no ES modules. */
function evaluate<T>(module: string, expression: string): T {
  const code = `import * as m from ${JSON.stringify(join(projectRoot, "checkov", module))};
console.log(JSON.stringify(${expression}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

/** What the skips mean in these stacks: `{check} {stack}/{address}`, and which mean nothing. */
const meantIn = (stacks: readonly string[]) =>
  evaluate<{ meant: string[]; stale: string[] }>(
    "skips.mjs",
    `(({ meant, stale }) => ({ meant: [...meant.keys()], stale }))(m.expandSkips(m.readSkips(), ${JSON.stringify(stacks)}))`,
  );

describe("the skips", () => {
  test("are of 15 checks at most", () => {
    expect(new Set(skips.map(({ check }) => check)).size).toBeLessThanOrEqual(15);
  });

  test("name resources that are there, in every stack that they stand for, and none twice", () => {
    const stacks = synthesized.map(({ id }) => id);
    const { meant, stale } = meantIn(stacks);
    expect(stale).toEqual([]);
    const there = new Set(
      synthesized.flatMap(({ id, json }) =>
        Object.entries(json.resource ?? {}).flatMap(([type, named]) =>
          Object.keys(named).map((name) => `${id}/${type}.${name}`),
        ),
      ),
    );
    expect(meant.length).toBeGreaterThan(0);
    expect(meant.map((key) => key.split(" ")[1] ?? "").filter((resource) => !there.has(resource))).toEqual([]);
  });

  test.each(skips.map((skip) => [skip.check, skip.resources[0], skip] as const))(
    "%s %s… has a reason",
    (_check, _resource, skip) => {
      // One sentence or two about the design: an opinion is shorter.
      expect(skip.reason.length).toBeGreaterThan(50);
      expect(skip.reason).not.toMatch(/not (needed|necessary|required)|unnecessary|false positive|for now|todo/i);
      expect(skip.reason).toMatch(/\.$/);
    },
  );
});

describe("the skips and audit.json's acknowledgements are in step", () => {
  const { acknowledgements, settings } = readAuditFile(join(projectRoot, "audit.json"));
  const { meant } = meantIn(synthesized.map(({ id }) => id));
  const skipped = new Set(meant);
  const checksOf = ({ references }: RuleMeta) => references.filter((each) => /^CKV2?_AWS_\d+$/.test(each));
  const place = (stack = "", address = "") => `${stack}/${address}`;

  test("what is acknowledged of a rule that Checkov has too is skipped there", () => {
    const unskipped = acknowledgements.filter(({ rule, stack, address }) => {
      const checks = rules.filter(({ id }) => id === rule).flatMap(checksOf);
      return checks.length > 0 && !checks.some((check) => skipped.has(`${check} ${place(stack, address)}`));
    });
    expect(unskipped).toEqual([]);
  });

  test("what is skipped, and a rule of the audit finds as well, is acknowledged", () => {
    const skippedChecks = new Set(meant.map((key) => key.split(" ")[0] ?? ""));
    const graph = buildGraph(synthesized.map(({ id, json }) => ({ id, json })));
    const acknowledged = new Set(
      acknowledgements.map(({ rule, stack, address }) => `${rule} ${place(stack, address)}`),
    );
    const shared = rules.filter((rule) => checksOf(rule).some((check) => skippedChecks.has(check)));
    // Or nothing would be compared.
    expect(shared.length).toBeGreaterThan(3);
    const unanswered = shared.flatMap((rule) =>
      rule.judge(graph, settings).flatMap(({ stack, address }) => {
        const isSkipped = checksOf(rule).some((check) => skipped.has(`${check} ${place(stack, address)}`));
        const key = `${rule.id} ${place(stack, address)}`;
        return isSkipped && !acknowledged.has(key) ? [key] : [];
      }),
    );
    expect(unanswered).toEqual([]);
  });
});

describe("weighing", () => {
  const stacks = [
    "tap-jobs-dev-us-east-1",
    "tap-jobs-prod-us-east-1",
    "tap-api-prod-us-east-1",
    "tap-api-prod-us-west-2",
  ];
  const failed = (stack: string, address: string, check = "CKV_1") => ({ stack, address, check, passed: false });
  const weigh = (records: object[], skipList: object[]) =>
    evaluate<{ passed: number; failed: number; skipped: number; unexpected: object[]; stale: string[] }>(
      "skips.mjs",
      `m.weigh(${JSON.stringify(records)}, ${JSON.stringify(skipList)}, ${JSON.stringify(stacks)})`,
    );

  test("what a skip names is skipped, in every region and environment that it means, and nothing else", () => {
    const records = [
      failed("tap-jobs-dev-us-east-1", "a.B"),
      failed("tap-jobs-prod-us-east-1", "a.B"),
      failed("tap-api-prod-us-east-1", "a.B"),
      failed("tap-api-prod-us-west-2", "a.B"),
      { ...failed("tap-api-prod-us-west-2", "a.C"), passed: true },
    ];
    const skipList = [
      { check: "CKV_1", resources: ["jobs/a.B"], environments: ["dev"], reason: "" },
      { check: "CKV_1", resources: ["api/a.B"], reason: "" },
    ];
    expect(weigh(records, skipList)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 3,
      unexpected: [records[1]],
      stale: [],
    });
  });

  test("a skip of some regions stands for these alone, and each has to have such a stack", () => {
    const records = [failed("tap-api-prod-us-east-1", "a.B"), failed("tap-api-prod-us-west-2", "a.B")];
    const skip = { check: "CKV_1", resources: ["api/a.B"], environments: ["prod"], reason: "" };
    expect(weigh(records, [{ ...skip, regions: ["us-west-2"] }])).toMatchObject({
      failed: 1,
      skipped: 1,
      unexpected: [records[0]],
      stale: [],
    });
    expect(weigh(records, [skip, { ...skip, regions: ["eu-west-1"] }]).stale).toEqual(["CKV_1 api/a.B: no such stack"]);
  });

  test("a skip of what passes in one of its stacks, of no stack, or given twice, is refused", () => {
    const skipList = [
      { check: "CKV_1", resources: ["api/a.B", "nowhere/a.B"], reason: "" },
      { check: "CKV_1", resources: ["api/a.B"], environments: ["prod"], reason: "" },
    ];
    expect(weigh([failed("tap-api-prod-us-east-1", "a.B")], skipList).stale).toEqual([
      "CKV_1 nowhere/a.B: no such stack",
      "CKV_1 tap-api-prod-us-east-1/a.B: skipped twice",
      "CKV_1 tap-api-prod-us-west-2/a.B: skipped twice",
      "CKV_1 tap-api-prod-us-west-2/a.B: does not fail",
    ]);
  });
});

describe("a judge that didn't look", () => {
  const unseen = (records: object[]) =>
    evaluate<string[]>(
      "judge.mjs",
      `m.unseen(${JSON.stringify(records)}, new Map([["one", ["a.B", "c.D"]], ["two", ["a.E"]]]))`,
    );
  const probe = (stack: string) => ({
    stack,
    address: "aws_ebs_volume.CheckovProbe",
    check: "CKV_AWS_3",
    passed: false,
  });
  const passed = (stack: string, address: string) => ({ stack, address, check: "CKV_1", passed: true });

  test("is believed where every probe failed and every resource of a judged type has a record", () => {
    expect(unseen([probe("one"), probe("two"), passed("one", "a.B"), passed("two", "a.E")])).toEqual([]);
  });

  test("is noticed by a probe that is missing, or passed", () => {
    const lines = ["two: the resource that must fail CKV_AWS_3 did not"];
    expect(unseen([probe("one"), passed("one", "a.B"), passed("two", "a.E")])).toEqual(lines);
    expect(
      unseen([probe("one"), { ...probe("two"), passed: true }, passed("one", "a.B"), passed("two", "a.E")]),
    ).toEqual(lines);
  });

  test("is noticed by a resource without record, of a type that others have records of", () => {
    expect(unseen([probe("one"), probe("two"), passed("one", "a.B")])).toEqual([
      "two/a.E: Checkov judges its type, but said nothing of it",
    ]);
  });
});
