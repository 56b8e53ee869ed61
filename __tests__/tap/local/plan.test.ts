import { join } from "node:path";
import { readGraph } from "../../../tap/graph/read";
import { planResources } from "../../../tap/local/plan";
import { createdTypes, resourceType } from "../../../tap/local/resources";
import { notCreatedTypes } from "../../../tap/local/resources/not-created";
import { projectRoot } from "../../support/project";
import { graphOf, resources } from "../graph/graph-of";

const synthesized = (name: string) => readGraph(join(projectRoot, ".cache", "test-synth", name));

/** Ids in their order. */
const order = (stacks: Parameters<typeof graphOf>[0]) =>
  planResources(graphOf(stacks)).resources.map(({ node }) => node.id);

describe("the plan", () => {
  test("what is needed comes first: by expression, by depends_on, and through a parameter of another stack", () => {
    const stacks = {
      a: {
        data: { aws_ssm_parameter: { q: { name: "/q" } } },
        resource: resources({
          "aws_iam_role_policy.P": { name: "p", role: "r", policy: "${data.aws_ssm_parameter.q.insecure_value}" },
          "aws_iam_role.A": { name: "r", depends_on: ["aws_kms_key.Z"] },
          "aws_kms_key.Z": {},
        }),
      },
      b: {
        resource: resources({
          "aws_ssm_parameter.Q": { name: "/q", insecure_value: "${aws_sqs_queue.Q.url}", type: "String" },
          "aws_sqs_queue.Q": { name: "q" },
        }),
      },
    };
    expect(order(stacks)).toEqual([
      "a/aws_kms_key.Z",
      "a/aws_iam_role.A",
      "b/aws_sqs_queue.Q",
      "b/aws_ssm_parameter.Q",
      "a/aws_iam_role_policy.P",
    ]);
  });

  const boundary = "arn:aws:iam::111111111111:policy/boundary";
  const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };

  test("a role comes after its boundary of another stack, which it names", () => {
    const stacks = {
      a: { provider, resource: resources({ "aws_iam_role.A": { name: "r", permissions_boundary: boundary } }) },
      b: { provider, resource: resources({ "aws_iam_policy.Z": { name: "boundary", policy: "{}" } }) },
    };
    expect(order(stacks)).toEqual(["b/aws_iam_policy.Z", "a/aws_iam_role.A"]);
  });

  test("a name makes no cycle", () => {
    const stacks = {
      a: {
        provider,
        resource: resources({
          "aws_iam_role.A": { name: "r", permissions_boundary: boundary },
          "aws_iam_policy.Z": { name: "boundary", policy: "${aws_iam_role.A.arn}" },
        }),
      },
    };
    expect(order(stacks)).toEqual(["a/aws_iam_role.A", "a/aws_iam_policy.Z"]);
  });

  test("what needs each other is refused, with the way round", () => {
    const stacks = {
      a: {
        resource: resources({
          "aws_kms_key.A": { description: "${aws_kms_key.B.arn}" },
          "aws_kms_key.B": { description: "${aws_kms_key.A.arn}" },
        }),
      },
    };
    expect(() => order(stacks)).toThrow("These need each other: a/aws_kms_key.A, a/aws_kms_key.B, a/aws_kms_key.A");
  });

  test("a type that nothing is known of is refused by name, as is a data source", () => {
    const stacks = {
      a: {
        data: { aws_region: { here: {} } },
        resource: resources({ "aws_eks_cluster.C": {}, "aws_vpc.V": {}, "aws_sqs_queue.Q": {} }),
      },
    };
    expect(() => order(stacks)).toThrow(/Nothing is known here of aws_eks_cluster, data.aws_region .*Nothing was made/);
  });

  test.each(["declared", "pr12"])(
    "knows every type of what was synthesized (%s), and counts what isn't made",
    (name) => {
      const { resources: planned, notCreated } = planResources(synthesized(name));
      const place = new Map(planned.map(({ node }, index) => [node.id, index]));
      for (const { node, dependencies } of planned)
        for (const needed of dependencies)
          expect([needed, (place.get(needed) ?? Number.POSITIVE_INFINITY) < (place.get(node.id) ?? -1)]).toEqual([
            needed,
            true,
          ]);
      const made = planned.filter(({ node }) => node.type in createdTypes).length;
      expect(made + [...notCreated.values()].reduce((sum, count) => sum + count, 0)).toBe(planned.length);
      expect(notCreated.get("aws_vpc")).toBeGreaterThan(0);
    },
  );
});

describe("types", () => {
  test("each is either made or not, and never both; whatever isn't made has a reason", () => {
    expect(Object.keys(createdTypes).filter((type) => type in notCreatedTypes)).toEqual([]);
    for (const { reason } of Object.values(notCreatedTypes)) expect(reason).toMatch(/\w+ \w+ \w+/);
  });

  test("for each that is made there is a way, under its own name", async () => {
    for (const [type, load] of Object.entries(createdTypes)) {
      expect((await resourceType(type)).create).toBeInstanceOf(Function);
      for (const name of Object.keys((await load()).types)) expect([name, name in createdTypes]).toEqual([name, true]);
    }
  });
});
