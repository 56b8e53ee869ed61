import type { DriftPlan, ResourceDrift } from "../../../tap/drift/plan-json";
import { isDeployed } from "../../../tap/drift/plan-json";
import { driftIn } from "../../../tap/drift/read";

const update = (type: string, before: object, after: object): ResourceDrift => ({
  address: `${type}.This`,
  mode: "managed",
  type,
  change: { actions: ["update"], before, after },
});
const others = (type: string, count: number, expressions: object) =>
  Array.from({ length: count }, (_, index) => ({
    address: `${type}.O${index}`,
    mode: "managed",
    type,
    expressions: expressions as Record<string, unknown>,
  }));
const planOf = (drift: ResourceDrift[], resources: ReturnType<typeof others> = []): DriftPlan => ({
  resource_drift: drift,
  configuration: { root_module: { resources } },
});
const paths = (plan: DriftPlan) =>
  driftIn("stack", plan).flatMap(({ attributes }) => attributes.map(({ path }) => path));

describe("drift of a stack, from its refresh-only plan", () => {
  test("PLAT-09 what is gone is told, and what differs, by attribute", () => {
    const gone: ResourceDrift = {
      address: "aws_sqs_queue.Q",
      mode: "managed",
      type: "aws_sqs_queue",
      change: { actions: ["delete"], before: {}, after: null },
    };
    const found = driftIn("stack", planOf([gone, update("aws_sqs_queue", { delay_seconds: 0 }, { delay_seconds: 5 })]));
    expect(found).toEqual([
      { stackId: "stack", address: "aws_sqs_queue.Q", type: "aws_sqs_queue", attributes: [], vanished: true },
      {
        stackId: "stack",
        address: "aws_sqs_queue.This",
        type: "aws_sqs_queue",
        attributes: [{ path: "delay_seconds", state: 0, actual: 5 }],
        vanished: false,
      },
    ]);
  });

  test("what moved and is the same, and data sources, are no drift", () => {
    const moved = {
      ...update("aws_sqs_queue", { a: 1 }, { a: 1 }),
      change: { actions: ["no-op"], before: { a: 1 }, after: { a: 1 } },
    };
    expect(driftIn("stack", planOf([moved, { ...update("aws_region", { a: 1 }, { a: 2 }), mode: "data" }]))).toEqual(
      [],
    );
  });

  test("a tag is told once, and one that only stands in tags_all too", () => {
    const tags = (value: string, more: object = {}) => ({
      tags: { Owner: value },
      tags_all: { Owner: value, ...more },
    });
    expect(paths(planOf([update("aws_sqs_queue", tags("a"), tags("b"))]))).toEqual(["tags.Owner"]);
    expect(paths(planOf([update("aws_sqs_queue", tags("a"), tags("a", { Team: "x" }))]))).toEqual(["tags_all.Team"]);
  });

  const bucket = (versioning: object[]) => ({ id: "b", bucket: "b", versioning });
  const echoing = [update("aws_s3_bucket", bucket([]), bucket([{ enabled: true }]))];

  test("what a resource of its own is there for is no drift of the bucket, found by reference or by name", () => {
    for (const bucket of [{ references: ["aws_s3_bucket.This.id", "aws_s3_bucket.This"] }, { constant_value: "b" }])
      expect(paths(planOf(echoing, others("aws_s3_bucket_versioning", 1, { bucket })))).toEqual([]);
  });

  test("but it is where that is of another bucket, or nobody's", () => {
    expect(paths(planOf(echoing))).toEqual(["versioning"]);
    expect(paths(planOf(echoing, others("aws_s3_bucket_versioning", 1, { bucket: { constant_value: "c" } })))).toEqual([
      "versioning",
    ]);
  });

  test("PLAT-09 one more policy or rule than the stack has is drift", () => {
    const role = (count: number) =>
      update(
        "aws_iam_role",
        { name: "r", managed_policy_arns: [] },
        { name: "r", managed_policy_arns: Array.from({ length: count }, (_, index) => `p${index}`) },
      );
    const attachments = others("aws_iam_role_policy_attachment", 2, { role: { constant_value: "r" } });
    expect(paths(planOf([role(2)], attachments))).toEqual([]);
    expect(paths(planOf([role(3)], attachments))).toEqual(["managed_policy_arns"]);
    const group = (...cidrs: string[]) =>
      update(
        "aws_security_group",
        { id: "sg", ingress: [] },
        { id: "sg", ingress: [{ cidr_blocks: cidrs, self: false }] },
      );
    const rules = others("aws_vpc_security_group_ingress_rule", 1, {
      security_group_id: { references: ["aws_security_group.This"] },
    });
    expect(paths(planOf([group("10.0.0.0/16")], rules))).toEqual([]);
    expect(paths(planOf([group("10.0.0.0/16", "0.0.0.0/0")], rules))).toEqual(["ingress"]);
  });

  test("what was never applied is not deployed; what has lost all it had, is drift", () => {
    expect(isDeployed({ prior_state: { values: { root_module: { resources: [{ mode: "data" }] } } } })).toBe(false);
    expect(isDeployed({})).toBe(false);
    expect(
      isDeployed({
        prior_state: { values: { root_module: { child_modules: [{ resources: [{ mode: "managed" }] }] } } },
      }),
    ).toBe(true);
    expect(isDeployed(planOf(echoing))).toBe(true);
  });
});
