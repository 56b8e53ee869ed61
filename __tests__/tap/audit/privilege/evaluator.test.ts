import fc from "fast-check";
import { type Context, holds, parseOperator } from "../../../../tap/audit/privilege/conditions";
import { type Answer, decide } from "../../../../tap/audit/privilege/evaluator";
import { normalizePolicy, type Statement } from "../../../../tap/graph/policy";

/* IAM's decision for one request of a role. */

const nobodyKnows: Context = () => undefined;
const known =
  (values: Record<string, readonly string[] | "absent">): Context =>
  (key) =>
    values[key];
const statements = (...written: readonly object[]): readonly Statement[] =>
  normalizePolicy({ Statement: written }, "policy");
const object = "arn:aws:s3:::orders/a";
const read = { action: "s3:GetObject", resource: object, context: nobodyKnows };
const allowing = { Effect: "Allow", Action: "s3:Get*", Resource: "arn:aws:s3:::orders/*" };

describe("decisions", () => {
  test.each<[string, readonly object[], readonly object[] | undefined, Answer["decision"]]>([
    ["nothing allows it", [], undefined, "denied"],
    ["a statement allows it", [allowing], undefined, "allowed"],
    ["a statement is about another thing", [{ ...allowing, Resource: "arn:aws:s3:::others/*" }], undefined, "denied"],
    ["a Deny wins", [allowing, { ...allowing, Effect: "Deny" }], undefined, "denied"],
    ["the boundary allows it too", [allowing], [{ ...allowing, Action: "s3:*" }], "allowed"],
    ["the boundary doesn't", [allowing], [{ ...allowing, Action: "s3:Put*" }], "denied"],
    ["the boundary denies it", [allowing], [allowing, { ...allowing, Effect: "Deny" }], "denied"],
    ["the boundary alone allows it", [], [allowing], "denied"],
    ["NotAction leaves it in", [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }], undefined, "allowed"],
    [
      "NotResource leaves it out",
      [{ Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::orders/*" }],
      undefined,
      "denied",
    ],
    [
      "a condition that nobody knows",
      [{ ...allowing, Condition: { StringEquals: { "s3:authType": "POST" } } }],
      undefined,
      "conditional",
    ],
    [
      "a Deny that nobody knows",
      [allowing, { ...allowing, Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
      undefined,
      "conditional",
    ],
    [
      "a key that the action doesn't have",
      [{ ...allowing, Condition: { StringEquals: { "s3:prefix": "a" } } }],
      undefined,
      "denied",
    ],
    [
      "the same where it may be missing",
      [{ ...allowing, Condition: { StringEqualsIfExists: { "s3:prefix": "a" } } }],
      undefined,
      "allowed",
    ],
  ])("%s", (_, identity, boundary, decision) => {
    const rights = { identity: statements(...identity), ...(boundary ? { boundary: statements(...boundary) } : {}) };
    expect(decide(rights, read).decision).toBe(decision);
  });

  test("an open answer tells its conditions", () => {
    const condition = { StringEquals: { "s3:authType": "POST" } };
    expect(decide({ identity: statements({ ...allowing, Condition: condition }) }, read)).toEqual({
      decision: "conditional",
      conditions: [{ operator: "StringEquals", key: "s3:authType", values: ["POST"] }],
    });
  });
});

const actions = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"];
const resources = ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:sqs:us-east-1:111111111111:a"];
const statement = fc.record({
  Effect: fc.constantFrom("Allow", "Deny"),
  Action: fc.subarray([...actions, "s3:*", "*"], { minLength: 1 }),
  Resource: fc.subarray([...resources, "arn:aws:s3:::*", "*"], { minLength: 1 }),
  Condition: fc.constantFrom(
    undefined,
    { StringEquals: { "aws:PrincipalTag/team": "a" } },
    { StringNotEquals: { "aws:PrincipalTag/team": "b" } },
  ),
});
const policy = fc.array(statement, { maxLength: 4 }).map((written) => statements(...written));
const request = fc.record({ action: fc.constantFrom(...actions), resource: fc.constantFrom(...resources) });
const team = (value: string) => known({ "aws:principaltag/team": [value] });

describe("of any policies", () => {
  test("one statement more that denies never allows anything, and one more that allows never denies", () => {
    fc.assert(
      fc.property(policy, request, (identity, each) => {
        const decided = (more: readonly object[]) =>
          decide({ identity: [...identity, ...statements(...more)] }, { ...each, context: team("a") }).decision;
        if (decided([{ Effect: "Deny", Action: "s3:*", Resource: "*" }]) === "allowed")
          expect(decided([])).toBe("allowed");
        if (decided([]) === "allowed")
          expect(decided([{ Effect: "Allow", Action: "*", Resource: "*" }])).toBe("allowed");
      }),
    );
  });

  test("a boundary takes away, and one that allows all changes nothing", () => {
    fc.assert(
      fc.property(policy, policy, request, (identity, boundary, each) => {
        const asked = { ...each, context: team("a") };
        const bounded = decide({ identity, boundary }, asked).decision;
        if (bounded === "allowed") expect(decide({ identity }, asked).decision).toBe("allowed");
        const everything = statements({ Effect: "Allow", Action: "*", Resource: "*" });
        expect(decide({ identity, boundary: everything }, asked)).toEqual(decide({ identity }, asked));
      }),
    );
  });

  test("an answer without conditions is the answer whatever the conditions' keys turn out to be", () => {
    fc.assert(
      fc.property(policy, policy, request, (identity, boundary, each) => {
        const open = decide({ identity, boundary }, { ...each, context: nobodyKnows }).decision;
        const closed = ["a", "b", "c"].map(
          (value) => decide({ identity, boundary }, { ...each, context: team(value) }).decision,
        );
        expect(closed).not.toContain("conditional");
        if (open !== "conditional") expect(new Set(closed)).toEqual(new Set([open]));
      }),
      { numRuns: 500 },
    );
  });
});

test.each<[string, readonly string[] | "absent", readonly string[], boolean]>([
  ["StringEquals", ["a"], ["a", "b"], true],
  ["StringEquals", ["A"], ["a"], false],
  ["StringEqualsIgnoreCase", ["A"], ["a"], true],
  ["StringNotEquals", ["a"], ["a", "b"], false],
  ["StringNotEquals", "absent", ["a"], true],
  ["StringLike", ["team-a"], ["team-*"], true],
  ["StringEquals", ["team-a"], ["team-*"], false],
  ["StringEquals", "absent", ["a"], false],
  ["StringEqualsIfExists", "absent", ["a"], true],
  ["Null", "absent", ["true"], true],
  ["Null", ["a"], ["true"], false],
  ["Bool", ["true"], ["TRUE"], true],
  ["NumericLessThan", ["9"], ["10"], true],
  ["ArnLike", ["arn:aws:sqs:us-east-1:111111111111:a"], ["arn:aws:sqs:*:*:*"], true],
  ["ArnNotEquals", ["arn:aws:sqs:us-east-1:111111111111:a"], ["arn:aws:sqs:*:*:*"], false],
  ["ForAnyValue:StringEquals", ["a", "c"], ["a"], true],
  ["ForAnyValue:StringEquals", "absent", ["a"], false],
  ["ForAllValues:StringEquals", ["a", "c"], ["a"], false],
  ["ForAllValues:StringEquals", "absent", ["a"], true],
  ["ForAnyValue:StringNotLike", ["a", "b"], ["a"], true],
])("%s of %j and %j holds: %s", (operator, given, values, expected) => {
  expect(holds({ operator, key: "aws:PrincipalTag/team", values }, known({ "aws:principaltag/team": given }))).toBe(
    expected,
  );
});

test("what isn't known stays open: dates, addresses, IAM's variables", () => {
  const context = known({ "aws:currenttime": ["2020-01-01"], "aws:userid": ["a"] });
  expect(holds({ operator: "DateLessThan", key: "aws:CurrentTime", values: ["2021-01-01"] }, context)).toBeUndefined();
  expect(holds({ operator: "StringEquals", key: "aws:userid", values: ["${aws:username}"] }, context)).toBeUndefined();
  expect(holds({ operator: "StringEquals", key: "aws:username", values: ["a"] }, context)).toBeUndefined();
});

test.each(["StringEqual", "NumericLike", "NullIfExists", "ForAll:StringEquals", "BoolNot"])(
  "%s is no operator",
  (text) => {
    expect(parseOperator(text)).toBeUndefined();
  },
);
