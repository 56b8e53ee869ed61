import fc from "fast-check";
import { matchesArn, matchesBeginning, matchesBeginningOfArn, matchesPattern, parseArn } from "../../../tap/graph/arn";
import { writtenArn } from "../../../tap/graph/written-arns";
import { account, graphOf, lines, providerOf, resources } from "./graph-of";

/** The same question, in the plainest way. */
function regexOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}

/** Of each of the first five parts of an ARN, and of the rest. */
function arnRegexMatches(pattern: string, arn: string): boolean {
  const parts = (text: string) => [...text.split(":").slice(0, 5), text.split(":").slice(5).join(":")];
  return parts(pattern).every((part, index) => regexOf(part).test(parts(arn)[index] ?? ""));
}

test("patterns match what a regular expression matches", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ":"), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ":", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, text, (glob, beginning, rest) => {
      expect(matchesPattern(glob, beginning)).toBe(regexOf(glob).test(beginning));
      if (matchesPattern(glob, beginning + rest)) expect(matchesBeginning(glob, beginning)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("a pattern that would keep a backtracking matcher busy for ever is answered at once", () => {
  expect(matchesPattern(`${"*a".repeat(30)}*b`, "a".repeat(200))).toBe(false);
});

test("a star of one part of an ARN doesn't reach into the next", () => {
  expect(matchesArn("arn:aws:sqs:*:222222222222:q", "arn:aws:sqs:us-east-1:222222222222:q")).toBe(true);
  expect(matchesArn("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:222222222222:q")).toBe(false);
  expect(matchesArn("arn:aws:logs:*:*:log-group:a:*", "arn:aws:logs:us-east-1:222222222222:log-group:a:b:c")).toBe(
    true,
  );
  expect(matchesArn("*", "arn:aws:sqs:us-east-1:222222222222:q")).toBe(true);
});

/** A small world, so that patterns hit. */
const word = fc.constantFrom("a", "ab", "tap-a", "tap-b", "b");
const accountId = fc.constantFrom("111111111111", "222222222222");
const region = fc.constantFrom("us-east-1", "us-west-2");
const type = fc.constantFrom("aws_sqs_queue", "aws_s3_bucket", "aws_dynamodb_table", "aws_cloudwatch_log_group");
const world = fc.uniqueArray(fc.record({ accountId, region, type, word }), {
  maxLength: 12,
  selector: ({ accountId: a, region: r, type: t, word: w }) => `${a} ${r} ${t} ${w}`,
});
const pattern = fc
  .tuple(
    fc.constantFrom("sqs", "s3", "dynamodb", "logs", "*"),
    fc.constantFrom("us-east-1", "us-*", "*", ""),
    fc.constantFrom("111111111111", "*", "", "1*"),
    fc.constantFrom("", "table/", "log-group:", "*"),
    fc.string({ unit: fc.constantFrom("a", "b", "tap-", "*", "?", "/", ":"), minLength: 1, maxLength: 4 }),
  )
  .map(([service, where, who, kind, name]) => `arn:aws:${service}:${where}:${who}:${kind}${name}`);

const partsBegin: Record<string, string> = {
  aws_s3_bucket: "/",
  aws_dynamodb_table: "/",
  aws_cloudwatch_log_group: ":",
};
const nameArguments: Record<string, string> = { aws_s3_bucket: "bucket" };

test("what a pattern matches is what a regular expression over all ARNs finds, from both sides", () => {
  fc.assert(
    fc.property(world, fc.array(pattern, { minLength: 1, maxLength: 4 }), (things, patterns) => {
      const graph = graphOf({
        ...Object.fromEntries(
          things.map((thing, index) => [
            `s${index}`,
            {
              provider: { aws: [{ region: thing.region, allowed_account_ids: [thing.accountId] }] },
              resource: { [thing.type]: { It: { [nameArguments[thing.type] ?? "name"]: thing.word } } },
            },
          ]),
        ),
        asking: { resource: resources({ "aws_iam_role.R": { any: patterns } }) },
      });
      for (const text of patterns) {
        const expected = graph.nodes.filter(({ arn, type: of }) => {
          if (arn === undefined) return false;
          const separator = partsBegin[of];
          const isPart = separator !== undefined && matchesBeginningOfArn(text, arn + separator);
          return arnRegexMatches(text, arn) || isPart;
        });
        const isPattern = /[*?]/.test(text);
        const found = isPattern ? graph.matching(text) : graph.byArn(text);
        expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
        if (!isPattern) continue;
        const [asking] = graph.ofType("aws_iam_role");
        const mine = graph.referencesFrom(asking ?? raise()).find((reference) => reference.text === text);
        // A bucket's ARN has no account: of other accounts it must be named.
        const fromHere = expected.filter(
          ({ accountId: owner, arn = "" }) =>
            arn.split(":")[4] !== "" || owner === account || text.replace(/[*?].*/, "").startsWith(`${arn}/`),
        );
        expect(lines(mine ? [mine] : []).sort()).toEqual(
          fromHere.map(({ id }) => `arn-pattern any[${patterns.indexOf(text)}] → ${id}`).sort(),
        );
        for (const node of graph.nodes)
          expect(graph.patternsTo(node).some((reference) => reference.text === text)).toBe(fromHere.includes(node));
      }
    }),
    { numRuns: 300 },
  );
});

test("a pattern of parts matches what they are parts of, also a bucket of another account that it names", () => {
  const patterns = [
    "arn:aws:dynamodb:us-east-1:111111111111:table/t/index/*",
    "arn:aws:s3:::theirs/logs/*",
    "arn:aws:s3:::their*",
  ];
  const graph = graphOf({
    mine: { resource: resources({ "aws_iam_role.R": { name: "r", patterns }, "aws_dynamodb_table.T": { name: "t" } }) },
    theirs: {
      resource: resources({ "aws_s3_bucket.B": { bucket: "theirs" } }),
      provider: providerOf("us-east-1", "222222222222"),
    },
  });
  const [role] = graph.ofType("aws_iam_role");
  expect(lines(graph.referencesFrom(role ?? raise()))).toEqual([
    "arn-pattern patterns[0] → mine/aws_dynamodb_table.T",
    "arn-pattern patterns[1] → theirs/aws_s3_bucket.B",
  ]);
  expect(graph.ofType("aws_dynamodb_table").flatMap((node) => graph.patternsTo(node).map(({ path }) => path))).toEqual([
    "patterns[0]",
  ]);
  expect(graph.ofType("aws_s3_bucket").flatMap((node) => graph.patternsTo(node).map(({ path }) => path))).toEqual([
    "patterns[1]",
  ]);
  expect(graph.matching("arn:aws:s3:::their*").map(({ name }) => name)).toEqual(["B"]);
});

test("a secret's ARN ends in six characters that AWS chooses", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_secretsmanager_secret.Api": { name: "tap/api" },
        "aws_secretsmanager_secret.Other": { name: "tap/api-other" },
      }),
    },
  });
  const arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:tap/api";
  const found = (text: string) =>
    graph
      .matching(text)
      .map(({ name }) => name)
      .sort();
  expect(graph.node("s/aws_secretsmanager_secret.Api")?.arn).toBe(`${arn}-??????`);
  expect(found(`${arn}-??????`)).toEqual(["Api"]);
  expect(found(`${arn}-*`)).toEqual(["Api", "Other"]);
  expect(found(`${arn}-AbC*`)).toEqual(["Api"]);
  expect(found(`${arn}-other-??????`)).toEqual(["Other"]);
  expect(graph.byArn(`${arn}-AbC123`).map(({ name }) => name)).toEqual(["Api"]);
  expect(graph.byArn(arn).map(({ name }) => name)).toEqual(["Api"]);
  expect(graph.byArn(`${arn}-AbC12`)).toEqual([]);
});

test.each([
  ["arn:aws:sqs:us-east-1:111111111111:q", "arn:aws:sqs:us-east-1:111111111111:q", false],
  ["arn:aws:s3:::b/*", "arn:aws:s3:::b/*", true],
  ["arn:aws:logs:us-east-1:111111111111:log-group:g:*", "arn:aws:logs:us-east-1:111111111111:log-group:g", false],
  ["arn:aws:logs:us-east-1:111111111111:log-group:*", "arn:aws:logs:us-east-1:111111111111:log-group:*", true],
  [
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:f/invocations",
    "arn:aws:lambda:us-east-1:111111111111:function:f",
    false,
  ],
  ["arn:aws:apigateway:us-east-1:sqs:path/111111111111/q", "arn:aws:sqs:us-east-1:111111111111:q", false],
])("%s means %s", (text, arn, isPattern) => {
  expect(writtenArn(text)).toEqual({ text: arn, isPattern });
});

test("a text that is no ARN means none", () => {
  for (const text of ["", "arn", "arn:aws:s3", "the arn:aws:s3:::b of it", "arn:aws:s3:::a b"]) {
    expect(parseArn(text)).toBeUndefined();
    expect(writtenArn(text)).toBeUndefined();
  }
});

test("targets of a pattern are looked up when they are asked for, and once", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_sqs_queue.Q": { name: "q" },
        "aws_iam_role_policy.P": {
          policy: '{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:111111111111:*"}}',
        },
      }),
    },
  });
  const [reference] = graph.referencesFrom(graph.ofType("aws_iam_role_policy")[0] ?? raise());
  expect(lines(reference === undefined ? [] : [reference])).toEqual([
    "arn-pattern policy.Statement.Resource → s/aws_sqs_queue.Q",
  ]);
  expect(reference?.kind === "arn-pattern" && reference.targets).toBe(
    reference?.kind === "arn-pattern" && reference.targets,
  );
});

function raise(): never {
  throw new Error("There is no such node");
}
