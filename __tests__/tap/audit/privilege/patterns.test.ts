import fc from "fast-check";
import { commonArn, commonText, haveCommon } from "../../../../tap/audit/privilege/patterns";
import { matchesArn, matchesPattern } from "../../../../tap/graph/arn";

const pattern = fc.array(fc.constantFrom("a", "b", "/", "*", "?"), { maxLength: 7 }).map((parts) => parts.join(""));

test("what two patterns have in common is matched by both", () => {
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      const text = commonText(a, b);
      if (text !== undefined) expect([matchesPattern(a, text), matchesPattern(b, text)]).toEqual([true, true]);
    }),
    { numRuns: 2_000 },
  );
});

test("where a text is matched by both, something is found", () => {
  const text = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 6 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, pattern, text, (a, b, each) => {
      fc.pre(matchesPattern(a, each) && matchesPattern(b, each));
      expect(commonText(a, b)).toBeDefined();
    }),
    { numRuns: 2_000 },
  );
});

test("a text is in common with what it is matched by, also where `|` stands for no slash", () => {
  const format = fc
    .array(fc.constantFrom("a", "b", "/", ".", "*", "?", "|"), { maxLength: 7 })
    .map((parts) => parts.join(""));
  const text = fc.array(fc.constantFrom("a", "b", "/", "."), { maxLength: 6 }).map((parts) => parts.join(""));
  const matches = (given: string, each: string): boolean => {
    const [first, rest] = [given[0], given.slice(1)];
    if (first === undefined) return each === "";
    if (first === "*" || first === "|")
      return (
        matches(rest, each) || (each !== "" && !(first === "|" && each[0] === "/") && matches(given, each.slice(1)))
      );
    return each !== "" && (first === "?" || first === each[0]) && matches(rest, each.slice(1));
  };
  fc.assert(
    fc.property(format, text, (a, b) => {
      expect(commonText(a, b)).toBe(matches(a, b) ? b : undefined);
      expect(commonText(b, a)).toBe(matches(a, b) ? b : undefined);
    }),
    { numRuns: 5_000 },
  );
});

test("the order makes no difference", () => {
  fc.assert(
    fc.property(pattern, pattern, (a, b) => (commonText(a, b) === undefined) === (commonText(b, a) === undefined)),
  );
});

test.each([
  ["arn:aws:s3:::orders/*", "arn:*:s3:::|/*", true],
  ["arn:aws:s3:::orders/*", "arn:*:s3:::|", false],
  ["arn:aws:s3:::orders*", "arn:*:s3:::|", true],
  ["arn:aws:sqs:us-east-1:111111111111:jobs", "arn:aws:sqs:*:*:jobs-*", false],
  ["arn:aws:sqs:us-east-1:111111111111:jobs", "arn:aws:sqs:us-east-1:*:j*", true],
  ["*", "arn:aws:sqs:us-east-1:111111111111:jobs", true],
  // No star reaches over a colon.
  ["arn:aws:sqs:*:jobs", "arn:aws:sqs:us-east-1:111111111111:jobs", false],
])("%s and %s have something in common: %s", (a, b, expected) => {
  expect(haveCommon(a, b)).toBe(expected);
  const arn = commonArn(a, b);
  if (arn !== undefined && !b.includes("|")) expect(matchesArn(a, arn) && matchesArn(b, arn)).toBe(true);
});
