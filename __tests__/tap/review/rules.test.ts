import { reviewJson, reviewMarkdown, reviewPlans } from "../../../tap/review";
import { planned, planOf } from "./plans";

const review = (...args: Parameters<typeof planned>) =>
  reviewPlans([{ stackId: "stack", plan: planOf(planned(...args)) }]);
const policy = (Action: string) => ({
  policy: JSON.stringify({
    Statement: Action === "" ? [] : { Effect: "Allow", Action, Resource: "arn:aws:iam::111111111111:role/x" },
  }),
});

test.each([
  ["iam:Pass*", "dangerous"],
  ["iam:PassRol?", "dangerous"],
  ["*:*", "dangerous"],
  ["kms:*Grant", "dangerous"],
  ["sts:Assum*", "dangerous"],
  ["S3:Put*", "dangerous"],
  ["iam:Get*", "review"],
  ["dynamodb:*Item", "review"],
])("PLAT-08 a pattern of actions counts as what is in it: %s", (action, expected) => {
  expect(review("aws_iam_role_policy", policy(""), policy(action)).highest).toBe(expected);
});

const rule = (status: string, ...expiration: readonly object[]) => ({ rule: [{ id: "old", status, expiration }] });
const lifecycle = "aws_s3_bucket_lifecycle_configuration";

test.each([
  ["that is new, on whatever bucket", null, rule("Enabled", { days: 1 }), "review"],
  ["that is turned on", rule("Disabled", { days: 1 }), rule("Enabled", { days: 1 }), "dangerous"],
  ["that comes to a rule", rule("Enabled"), rule("Enabled", { days: 1 }), "dangerous"],
  ["without any expiration", null, rule("Enabled"), "safe"],
] as const)("PLAT-08 an expiration of objects %s", (_, before, after, expected) => {
  expect(review(lifecycle, before, after).highest).toBe(expected);
});

test("a new table has nothing that its time to live could delete; one that is there has", () => {
  const ttl = (enabled: boolean) => ({ name: "t", ttl: [{ enabled, attribute_name: "expires" }] });
  expect(review("aws_dynamodb_table", null, ttl(true)).highest).toBe("safe");
  expect(review("aws_dynamodb_table", ttl(false), ttl(true)).highest).toBe("dangerous");
});

test.each([
  ["GET", "NONE", false, "review"],
  ["GET", "NONE", true, "safe"],
  ["GET", "AWS_IAM", false, "safe"],
  ["OPTIONS", "NONE", false, "safe"],
])(
  "PLAT-08 a new method %s with authorization %s, key %s",
  (http_method, authorization, api_key_required, expected) => {
    const method = { http_method, authorization, api_key_required };
    expect(review("aws_api_gateway_method", null, method).highest).toBe(expected);
  },
);

test("PLAT-08 backups that were kept and are deleted from now on", () => {
  const plan = (...kept: readonly object[]) => ({ rule: [{ rule_name: "daily", lifecycle: kept }] });
  expect(review("aws_backup_plan", plan({}), plan({ delete_after: 1 })).highest).toBe("dangerous");
});

test("PLAT-08 a rule of a network that denied everyone, and lets everyone in", () => {
  const acl = (action: string) => ({
    ingress: [{ rule_no: 1, action, cidr_block: "0.0.0.0/0", protocol: "-1", from_port: 0, to_port: 0 }],
  });
  expect(review("aws_network_acl", acl("deny"), acl("allow")).highest).toBe("dangerous");
  expect(review("aws_network_acl", acl("allow"), acl("deny")).highest).toBe("review");
});

test("PLAT-08 what is granted to everyone by an access list, and a role that gets all rights by a list of policies", () => {
  const uri = "http://acs.amazonaws.com/groups/global/AllUsers";
  const acl = { access_control_policy: [{ grant: [{ permission: "READ", grantee: [{ type: "Group", uri }] }] }] };
  expect(review("aws_s3_bucket_acl", null, acl).highest).toBe("dangerous");
  const role = (...managed_policy_arns: readonly string[]) => ({ managed_policy_arns });
  expect(review("aws_iam_role", role(), role("arn:aws:iam::aws:policy/AdministratorAccess")).highest).toBe("dangerous");
});

describe("PLAT-08 nothing is shown of a sensitive value that stands elsewhere, too", () => {
  const marked = { before_sensitive: { it: true }, after_sensitive: { it: true } };
  const shown = (before: object, after: object, change: object = marked) => {
    const result = review("other_thing", before, after, {}, change);
    return `${reviewJson(result)}${reviewMarkdown(result)}`;
  };

  test("where a long value is cut", () => {
    const it = `${"s".repeat(30)}HUSH${"e".repeat(30)}`;
    const output = shown({ it, list: ["k".repeat(150), `z${it}`] }, { it, list: [] });
    expect(output).toContain("(sensitive)");
    expect(output).not.toContain("sssss");
  });

  test("where it is written otherwise, for its quotation marks", () => {
    const it = 'Corr"ect\\Horse';
    const other = JSON.stringify({ of: it });
    const output = shown({ it, text: `with ${it}`, other: "{}" }, { it, text: "", other });
    expect(output).not.toMatch(/Corr|Horse/);
  });

  test("where one is the beginning of another", () => {
    const [it, more] = ["stapled", "stapled-battery"];
    const marks = { it: true, more: true };
    const output = shown({ it, more, text: more }, { it, more, text: "" }, { before_sensitive: marks });
    expect(output).not.toContain("battery");
  });

  test("where it is short, in a list or an object that is told as a whole", () => {
    const output = shown(
      { list: ["ab", "9317"], object: { of: "7139", other: 1 } },
      { list: ["ab"], object: null },
      { before_sensitive: { list: [false, true], object: { of: true } }, after_unknown: { object: true } },
    );
    expect(output).not.toMatch(/9317|7139/);
  });
});

test("PLAT-08 an item of a list is another one, though its only key is one that every object has", () => {
  const list = JSON.parse('[{ "__proto__": {} }]') as object[];
  expect(review("other_thing", { list }, { list: [{ to: "everyone" }] }).changes[0]?.attributes).toHaveLength(1);
});

test.each([
  ["a list", ["ab", "9317"], [false, true]],
  ["a list in an object", { of: ["ab", "9317"] }, { of: [false, true] }],
  ["a list in a list", [["ab"], ["9317"]], [[], [true]]],
  ["an object in a list", ["ab", { pin: "9317" }], [false, { pin: true }]],
])("PLAT-08 nothing of an output is shown where a part of it is sensitive: in %s", (_, value, marks) => {
  const change = { before_sensitive: false, after_sensitive: false };
  const output_changes = {
    made: { actions: ["create"], before: null, after: value, ...change, after_sensitive: marks },
    gone: { actions: ["delete"], before: value, after: null, ...change, before_sensitive: marks },
    changed: { actions: ["update"], before: value, after: ["other"], ...change, before_sensitive: marks },
  };
  const result = reviewPlans([{ stackId: "stack", plan: { ...planOf(), output_changes } }]);
  expect(result.stacks[0]?.outputs.map(({ attribute }) => attribute)).toEqual([
    { path: "made", after: "(sensitive)" },
    { path: "gone", before: "(sensitive)" },
    { path: "changed", before: "(sensitive)", after: "(sensitive)" },
  ]);
  expect(`${reviewJson(result)}${reviewMarkdown(result)}`).not.toMatch(/9317|other/);
});
