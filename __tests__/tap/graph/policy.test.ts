import fc from "fast-check";
import { normalizePolicy, type Statement } from "../../../tap/graph/policy";
import { conditionsOn, coversAction, coversResource, isForEveryone } from "../../../tap/graph/statement";
import { graphOf, nodeOf, resources } from "./graph-of";

const texts = fc.uniqueArray(fc.constantFrom("s3:GetObject", "s3:*", "arn:aws:s3:::b", "*", "x"), {
  minLength: 1,
  maxLength: 3,
});
const oneOrMore = texts.map((list) => (list.length === 1 ? (list[0] as string) : list));
const keyed = (keys: string[]) =>
  fc.dictionary(fc.constantFrom(...keys), oneOrMore, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
const statement = fc.record(
  {
    Sid: fc.constantFrom("A", "B"),
    Effect: fc.constantFrom("Allow", "Deny"),
    Principal: fc.oneof(fc.constant("*"), keyed(["AWS", "Service", "Federated"])),
    Action: oneOrMore,
    NotResource: oneOrMore,
    Resource: oneOrMore,
    Condition: fc.dictionary(
      fc.constantFrom("StringEquals", "ArnLike"),
      keyed(["aws:SourceArn", "aws:SourceAccount"]),
      {
        minKeys: 1,
        noNullPrototype: true,
      },
    ),
  },
  { requiredKeys: ["Effect"], noNullPrototype: true },
);

/** The document again, in another order, and with lists in the place of single values. */
function shuffled(value: unknown): unknown {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return [...value, ...value].reverse();
  return Object.fromEntries(
    Object.entries(value as object)
      .reverse()
      .map(([key, inner]) => {
        const isList = typeof inner === "string" && !["Sid", "Effect"].includes(key) && inner !== "*";
        return [key, isList ? [inner] : shuffled(inner)];
      }),
  );
}

/** A normalized statement as a document has it. */
function written({ principals, conditions, ...rest }: Statement): object {
  const byType: Record<string, string[]> = {};
  for (const { type, value } of principals) byType[type] = [...(byType[type] ?? []), value];
  const byOperator: Record<string, Record<string, readonly string[]>> = {};
  for (const { operator, key, values } of conditions) byOperator[operator] = { ...byOperator[operator], [key]: values };
  return {
    ...(rest.sid === undefined ? {} : { Sid: rest.sid }),
    Effect: rest.effect,
    ...(principals.length === 0 ? {} : { Principal: byType["*"] ? "*" : byType }),
    Action: rest.actions,
    Resource: rest.resources,
    NotResource: rest.notResources,
    ...(conditions.length === 0 ? {} : { Condition: byOperator }),
  };
}

test("normalizing again changes nothing, and neither does another order or a list of one", () => {
  fc.assert(
    fc.property(statement, (given) => {
      const once = normalizePolicy({ Statement: [given] }, "policy");
      expect(normalizePolicy({ Statement: once.map(written) }, "policy")).toEqual(once);
      expect(normalizePolicy({ Statement: [shuffled(given)] }, "policy")).toEqual(once);
    }),
  );
});

test("every element has its place", () => {
  expect(
    normalizePolicy(
      {
        Statement: {
          Sid: "Read",
          Effect: "Allow",
          Principal: { Service: ["s3.amazonaws.com"], AWS: "*" },
          NotPrincipal: "*",
          action: ["b:B", "a:A", "b:B"],
          NotAction: "c:C",
          Resource: "r",
          NotResource: ["n"],
          Condition: { Bool: { "aws:SecureTransport": false }, NumericLessThan: { "s3:max-keys": 10 } },
        },
      },
      "policy",
    ),
  ).toEqual([
    {
      path: "policy.Statement",
      sid: "Read",
      effect: "Allow",
      principals: [
        { type: "AWS", value: "*" },
        { type: "Service", value: "s3.amazonaws.com" },
      ],
      notPrincipals: [{ type: "*", value: "*" }],
      actions: ["a:A", "b:B"],
      notActions: ["c:C"],
      resources: ["r"],
      notResources: ["n"],
      conditions: [
        { operator: "Bool", key: "aws:SecureTransport", values: ["false"] },
        { operator: "NumericLessThan", key: "s3:max-keys", values: ["10"] },
      ],
    },
  ]);
});

test.each([
  ["no object", 7, "policy is no object"],
  ["no statement", {}, "has no Statement"],
  ["no effect", { Statement: [{}] }, "policy.Statement[0] has the Effect undefined"],
  ["an unknown principal", { Statement: [{ Effect: "Deny", Principal: { Aws: "*" } }] }, "unknown type Aws"],
  ["an object for an action", { Statement: [{ Effect: "Deny", Action: {} }] }, "policy.Statement[0].Action holds"],
  ["a list for a condition", { Statement: [{ Effect: "Deny", Condition: [] }] }, "policy.Statement[0].Condition is no"],
])("a document with %s is refused", (_, document, message) => {
  expect(() => normalizePolicy(document, "policy")).toThrow(message);
});

test("statements answer as IAM reads them", () => {
  const [allow, except] = normalizePolicy(
    {
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "*" },
          Action: "S3:get*",
          Resource: "arn:aws:s3:::b/*",
          Condition: { StringEquals: { "AWS:sourceaccount": "1" } },
        },
        { Effect: "Deny", NotAction: "iam:*", NotResource: "arn:aws:s3:::b" },
      ],
    },
    "policy",
  ) as [Statement, Statement];
  expect(coversAction(allow, "s3:GetObject")).toBe(true);
  expect(coversAction(allow, "s3:PutObject")).toBe(false);
  expect(coversAction(except, "s3:PutObject")).toBe(true);
  expect(coversAction(except, "iam:CreateRole")).toBe(false);
  expect(coversResource(allow, "arn:aws:s3:::b/k")).toBe(true);
  expect(coversResource(allow, "arn:aws:s3:::b")).toBe(false);
  expect(coversResource(except, "arn:aws:s3:::b")).toBe(false);
  expect(isForEveryone(allow)).toBe(true);
  expect(isForEveryone(except)).toBe(false);
  expect(conditionsOn(allow, "aws:SourceAccount").map(({ values }) => values)).toEqual([["1"]]);
});

const role = { "aws_iam_role.R": { name: "r", assume_role_policy: '{"Statement":[]}' } };
const allow = (sid: string, resource: string) =>
  `{"Statement":[{"Sid":"${sid}","Effect":"Allow","Action":"sqs:SendMessage","Resource":"${resource}"}]}`;

test("a role has its trust, its own policies, attached ones of other stacks, and its boundary", () => {
  const graph = graphOf({
    a: {
      resource: resources({
        ...role,
        "aws_iam_role.R": {
          ...role["aws_iam_role.R"],
          permissions_boundary: "arn:aws:iam::111111111111:policy/limits",
          inline_policy: [{ name: "i", policy: allow("Inline", "*") }],
        },
        "aws_iam_role_policy.Own": { role: "r", policy: allow("Own", "${aws_sqs_queue.Q.arn}") },
        "aws_iam_role_policy_attachment.A": {
          role: "${aws_iam_role.R.name}",
          policy_arn: "arn:aws:iam::111111111111:policy/team/shared",
        },
        "aws_sqs_queue.Q": { name: "q" },
      }),
    },
    b: {
      resource: resources({
        "aws_iam_policy.Shared": { name: "shared", path: "/team/", policy: allow("Shared", "*") },
        "aws_iam_policy.Limits": { name: "limits", policy: allow("Limits", "*") },
        "aws_iam_policy.Unused": { name: "unused", policy: allow("Unused", "*") },
      }),
    },
  });
  const policies = graph.policiesOf(nodeOf(graph, "a/aws_iam_role.R"));
  expect(policies.map(({ kind, path, node }) => `${kind} ${path} of ${node.id}`).sort()).toEqual([
    "boundary policy of b/aws_iam_policy.Limits",
    "identity inline_policy[0].policy of a/aws_iam_role.R",
    "identity policy of a/aws_iam_role_policy.Own",
    "identity policy of b/aws_iam_policy.Shared",
    "trust assume_role_policy of a/aws_iam_role.R",
  ]);
  expect(graph.policies.find(({ node }) => node.name === "Unused")?.subjects).toEqual([]);
  expect(graph.policies.find(({ node }) => node.name === "Own")?.statements[0]?.resources).toEqual([
    "${aws_sqs_queue.Q.arn}",
  ]);
});

test("a policy document of a data source is rendered where it is used", () => {
  const graph = graphOf({
    s: {
      data: {
        aws_iam_policy_document: {
          base: {
            statement: [
              { sid: "Base", actions: ["s3:ListBucket"], resources: ["*"] },
              { sid: "Both", effect: "Deny" },
            ],
          },
          doc: {
            source_policy_documents: ["${data.aws_iam_policy_document.base.json}"],
            statement: [
              {
                sid: "Both",
                actions: ["s3:GetObject"],
                resources: ["${aws_s3_bucket.B.arn}/&{aws:username}"],
                principals: [
                  { type: "AWS", identifiers: ["a"] },
                  { type: "AWS", identifiers: ["b"] },
                ],
                condition: [{ test: "StringEquals", variable: "aws:x", values: ["1"] }],
              },
            ],
          },
          unused: { statement: {} },
        },
      },
      resource: resources({
        "aws_s3_bucket.B": { bucket: "b" },
        "aws_s3_bucket_policy.P": { bucket: "b", policy: "${local.policy}" },
      }),
      locals: { policy: "${data.aws_iam_policy_document.doc.json}" },
    },
  });
  const [document, ...others] = graph.policies;
  expect(others).toEqual([]);
  expect(document?.source?.address).toBe("data.aws_iam_policy_document.doc");
  expect(document?.subjects.map(({ id }) => id)).toEqual(["s/aws_s3_bucket.B"]);
  expect(document?.statements.map(({ sid, path }) => `${sid} ${path}`)).toEqual([
    "Base statement[0]",
    "Both statement[0]",
  ]);
  expect(document?.statements[1]).toMatchObject({
    effect: "Allow",
    resources: ["${aws_s3_bucket.B.arn}/$${aws:username}"],
    principals: [
      { type: "AWS", value: "a" },
      { type: "AWS", value: "b" },
    ],
    conditions: [{ operator: "StringEquals", key: "aws:x", values: ["1"] }],
  });
});

test("a role lists managed policies too, and policies that are each other's are told", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_iam_role.R": { name: "r", managed_policy_arns: ["${aws_iam_policy.P.arn}"] },
        "aws_iam_policy.P": { name: "p", policy: allow("A", "*") },
        "aws_iam_policy.Same": { name: "same", policy: "${aws_iam_policy.P.policy}" },
        "aws_iam_policy.A": { name: "a", policy: "${aws_iam_policy.B.policy}" },
        "aws_iam_policy.B": { name: "b", policy: "${aws_iam_policy.A.policy}" },
      }),
    },
  });
  expect(graph.policiesOf(nodeOf(graph, "s/aws_iam_role.R")).map(({ node }) => node.name)).toEqual(["P"]);
  expect(graph.policiesOf(nodeOf(graph, "s/aws_iam_policy.Same"))[0]?.statements[0]?.sid).toBe("A");
  expect(graph.unreadablePolicies.map(({ node }) => node.name)).toEqual(["A", "B"]);
});

test("a permission is a statement of its function's policy", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_lambda_function.F": { function_name: "f" },
        "aws_lambda_permission.P": {
          statement_id: "Bucket",
          function_name: "arn:aws:lambda:us-east-1:111111111111:function:f",
          action: "lambda:InvokeFunction",
          principal: "s3.amazonaws.com",
          source_arn: "arn:aws:s3:::b",
          source_account: "111111111111",
        },
      }),
    },
  });
  const [document] = graph.policiesOf(nodeOf(graph, "s/aws_lambda_function.F"));
  expect(document?.kind).toBe("resource");
  expect(document?.statements).toEqual([
    {
      path: "",
      sid: "Bucket",
      effect: "Allow",
      principals: [{ type: "Service", value: "s3.amazonaws.com" }],
      notPrincipals: [],
      actions: ["lambda:InvokeFunction"],
      notActions: [],
      resources: ["arn:aws:lambda:us-east-1:111111111111:function:f"],
      notResources: [],
      conditions: [
        { operator: "ArnLike", key: "AWS:SourceArn", values: ["arn:aws:s3:::b"] },
        { operator: "StringEquals", key: "AWS:SourceAccount", values: ["111111111111"] },
      ],
    },
  ]);
});

test.each([
  ["${jsonencode({})}", "is worked out when Terraform runs: ${jsonencode({})}"],
  ["${known_after_apply(aws_x.y.z)}", "is known only after the apply"],
  ["{", "is no JSON"],
  ['{"Statement":[{}]}', "policy.Statement[0] has the Effect undefined, which is neither Allow nor Deny"],
  [
    "${data.aws_iam_policy_document.gone.json}",
    "is worked out when Terraform runs: ${data.aws_iam_policy_document.gone.json}",
  ],
])("a policy %s is listed as unreadable, with the reason", (policy, why) => {
  const graph = graphOf({ s: { resource: resources({ ...role, "aws_iam_role_policy.P": { role: "r", policy } }) } });
  expect(graph.unreadablePolicies.map((each) => [each.node.address, each.path, each.kind, each.why])).toEqual([
    ["aws_iam_role_policy.P", "policy", "identity", why],
  ]);
});

test("a policy where no table expects one is found by its looks", () => {
  const graph = graphOf({ s: { resource: resources({ "aws_new_thing.T": { rules: allow("A", "*"), text: "{}" } }) } });
  expect(graph.policies.map(({ kind, path, node }) => [kind, path, node.address])).toEqual([
    ["resource", "rules", "aws_new_thing.T"],
  ]);
});
