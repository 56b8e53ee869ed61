import fc from "fast-check";
import { componentNames } from "../../config/components";
import { ConfigError } from "../../config/errors";
import { loadEnvironments } from "../../config/load";
import { type NameKindName, parameterPath, resourceName } from "../../constructs/names";
import { tagsOf } from "../../constructs/tags";

/** What AWS takes, as its API references have it; of buckets, the naming rules of S3's user guide. */
const taken: Readonly<Partial<Record<NameKindName, RegExp>>> = {
  role: /^[\w+=,.@-]{1,64}$/,
  policy: /^[\w+=,.@-]{1,128}$/,
  function: /^[a-zA-Z0-9_-]{1,64}$/,
  queue: /^[a-zA-Z0-9_-]{1,80}$/,
  bucket: /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ols-s3|--x-s3|--table-s3)$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  table: /^[a-zA-Z0-9_.-]{3,255}$/,
  dataStream: /^[a-zA-Z0-9_.-]{1,128}$/,
  topic: /^[a-zA-Z0-9_-]{1,256}$/,
  rule: /^[.\-_A-Za-z0-9]{1,64}$/,
  keyAlias: /^alias\/(?!aws\/)[a-zA-Z0-9/_-]{1,250}$/,
  logGroup: /^[.\-_/#A-Za-z0-9]{1,512}$/,
  restApi: /^[\w -]{1,255}$/,
  apiKey: /^[\w -]{1,255}$/,
  usagePlan: /^[\w -]{1,255}$/,
  userPoolAuthorizer: /^[\w-]{1,128}$/,
  webAcl: /^[\w-]{1,128}$/,
  tag: /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u,
};

const tagKey = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;

/** What somebody might ask for: names of branches, tickets and people, and what a suffix may be. */
const wish = fc
  .oneof(
    fc.stringMatching(/^[a-z0-9]{1,12}$/),
    fc.stringMatching(/^[A-Za-z0-9]{1,14}$/),
    fc.stringMatching(/^[A-Za-z0-9._/#-]{1,40}$/),
    fc.constantFrom("DEV", "Stagin", "prod!", "pr-12", "feature/PAY-7_refund", "--", "_", "…", "日本", "ünï", "#7"),
    fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
  )
  // Of several, by comma, each is one; nothing is no wish.
  .filter((text) => text.trim() !== "" && !text.includes(","));

/** What is said of a suffix that isn't taken. */
function refusalOf(environmentSuffix: string): string | undefined {
  try {
    loadEnvironments({ environmentSuffix });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** The environment that is asked for in its place: one that was meant, or a suffix that is safe. */
function suggestionIn(refusal: string): string | undefined {
  return /(?:try|e\.g\.|the environment) "([^"]*)"/.exec(refusal)?.[1];
}

const resource = fc.option(fc.stringMatching(/^[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,6}$/), { nil: undefined });
const regions = fc.constantFrom("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "ap-northeast-1");

test("FIL-10 every suffix that is taken makes names that AWS takes, for whatever is named after it", () => {
  fc.assert(
    fc.property(wish, resource, regions, (text, part, region) => {
      fc.pre(refusalOf(text) === undefined);
      const [environment] = loadEnvironments({ environmentSuffix: text });
      if (environment === undefined) throw new Error(`${text} is neither taken nor refused`);
      const { environmentSuffix, accountId } = environment;
      const named = componentNames.flatMap((component) =>
        (Object.keys(taken) as NameKindName[]).map((kind) => ({
          kind,
          name: resourceName({ component, environmentSuffix, region, accountId }, kind, part),
        })),
      );
      const isTaken = ({ kind, name }: (typeof named)[number]) =>
        taken[kind]?.test(name) === true &&
        // Whole, or a right by the pattern of the name would reach another environment's.
        name.includes(`-${environmentSuffix}-${region}`);
      expect(named.filter((each) => !isTaken(each))).toEqual([]);
    }),
  );
});

test("FIL-10 every suffix that is taken is safe in tags and in paths of parameters", () => {
  fc.assert(
    fc.property(wish, (text) => {
      fc.pre(refusalOf(text) === undefined);
      const [environment] = loadEnvironments({ environmentSuffix: text });
      if (environment === undefined) throw new Error(`${text} is neither taken nor refused`);
      for (const component of componentNames) {
        for (const [key, value] of Object.entries(tagsOf(environment, component, environment.region))) {
          expect(key).toMatch(tagKey);
          expect(value).toMatch(taken.tag as RegExp);
        }
        expect(parameterPath(environment.environmentSuffix, component, "queue_arn")).toMatch(
          /^\/tap\/[a-zA-Z0-9_.-]+\/[a-z]+\/queue_arn$/,
        );
      }
    }),
  );
});

test("FIL-10 whatever is refused comes with a suggestion, which is taken", () => {
  fc.assert(
    fc.property(wish, (text) => {
      const refusal = refusalOf(text);
      fc.pre(refusal !== undefined);
      const suggestion = suggestionIn(String(refusal));
      expect(suggestion).toMatch(/^[a-z0-9]{1,12}$/);
      expect(refusalOf(String(suggestion))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["feature/a1", "featurea1"],
  ["PR-12", "pr12"],
  ["DEV", "dev"],
  ["stagin", "staging"],
  ["pröd-2", "prd2"],
])("FIL-10 %s: %s is suggested", (text, suggestion) => {
  expect(suggestionIn(String(refusalOf(text)))).toBe(suggestion);
});

test.each(["--", "日本", "_", "Stagin", "PROD_D", "a-branch-name-that-is-far-too-long"])(
  "FIL-10 also in place of %s one is suggested",
  (text) => {
    const suggestion = suggestionIn(String(refusalOf(text)));
    expect(suggestion).toMatch(/^[a-z0-9]{1,12}$/);
    expect(refusalOf(String(suggestion))).toBeUndefined();
  },
);
