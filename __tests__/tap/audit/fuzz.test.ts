import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { audit } from "../../../tap/audit/audit";
import { defaultSettings } from "../../../tap/audit/rule";
import { rules } from "../../../tap/audit/rules";
import { CommandError } from "../../../tap/context";
import { buildGraph } from "../../../tap/graph/build";
import { readStackSources } from "../../../tap/graph/read";
import { checkedConfiguration } from "../../../tap/graph/read-cdktf";
import type { Attributes, TerraformJson } from "../../../tap/graph/terraform-json";

/* Whatever is in a file, an audit ends with a report or with a sentence that says what is wrong with it. */

jest.setTimeout(600_000);

const examples: readonly TerraformJson[] = rules
  .flatMap(({ examples: { failing, passing } }) => [failing, passing])
  .flatMap((example) => ("stacks" in example ? Object.values(example.stacks) : [example]));

const nested = (depth: number): unknown => Array.from({ length: depth }).reduce((inner) => [inner], null);

/** What nobody writes, and a file can have all the same. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, "", " ", [], {}, [null], [[]], [{}], { "": "" }),
  fc.constantFrom<unknown>(
    "${",
    "${}",
    "${local.a}",
    "${aws_sqs_queue.missing.arn}",
    "${aws_s3_bucket.Data.id}${aws_s3_bucket.Data.arn}",
    "%{ if true }",
    "arn:aws:",
    "arn:aws:s3:::",
    "{",
    '{"Statement":null}',
    '{"Statement":[null,1,"x",[]]}',
    '{"Statement":{"Effect":"Allow","Action":{},"Resource":[[]],"Principal":5,"Condition":[]}}',
    "[[[[",
    "__proto__",
    "constructor",
  ),
  fc.jsonValue(),
  fc.constant(nested(200)),
  fc.constant("x".repeat(100_000)),
  fc.constant(Array.from({ length: 2_000 }, (_, index) => index)),
);

type Step = string | number;

/** Every way into a value, as deep as examples are. */
function waysInto(value: unknown, way: readonly Step[] = []): Step[][] {
  if (typeof value !== "object" || value === null || way.length > 15) return [[...way]];
  const keys: Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [[...way], ...keys.flatMap((key) => waysInto((value as Attributes)[key], [...way, key]))];
}

function replaced(value: unknown, [step, ...rest]: readonly Step[], by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.with(Number(step), replaced(value[Number(step)], rest, by));
  const object = value as Attributes;
  return { ...object, [step]: replaced(object[step], rest, by) };
}

/** An example with junk in one to three places. */
const broken = fc
  .tuple(
    fc.integer({ min: 0, max: examples.length - 1 }),
    fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 }),
  )
  .map(([index, places]) =>
    places.reduce<unknown>((json, [at, by]) => {
      const ways = waysInto(json).filter(({ length }) => length > 0);
      return ways.length === 0 ? json : replaced(json, ways[at % ways.length] as Step[], by);
    }, examples[index]),
  );

const request = { settings: defaultSettings, acknowledgements: [], today: "2026-01-01" };

test("configurations with junk in them are judged by every rule", () => {
  fc.assert(
    fc.property(broken, (json) => {
      let result: ReturnType<typeof audit>;
      try {
        result = audit({ ...request, sources: [{ id: "broken", json: checkedConfiguration(json, "broken.json") }] });
      } catch (error) {
        expect(error).toBeInstanceOf(CommandError);
        return;
      }
      for (const { rule, message } of result.findings)
        expect([rule.id, message]).toEqual([rule.id, expect.not.stringMatching(/could not be judged/)]);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 10_000) },
  );
});

test.each(["__proto__", "constructor", "toString"])("a thing called %s is none that is known", (name) => {
  const Statement = [
    {
      Effect: "Allow",
      Principal: { Service: name },
      Action: "*",
      Resource: "*",
      Condition: { [name]: { [name]: name } },
    },
    { Effect: "Allow", Action: `${name}:${name}`, Resource: "*", Condition: { StringEquals: { [name]: name } } },
  ];
  const policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const json = {
    resource: {
      aws_iam_role: { Worker: { name, assume_role_policy: policy } },
      aws_iam_role_policy: { Worker: { role: "${aws_iam_role.Worker.name}", policy } },
      aws_iam_role_policy_attachment: { Worker: { role: "${aws_iam_role.Worker.name}", policy_arn: name } },
      aws_kms_key: { Key: { policy } },
      aws_lambda_function: { Worker: { runtime: name, role: "${aws_iam_role.Worker.arn}" } },
      aws_vpc_endpoint: { Endpoint: { service_name: `com.amazonaws.us-east-1.${name}` } },
    },
  };
  const { findings } = audit({
    ...request,
    sources: [{ id: "named", json: checkedConfiguration(json, "named.json") }],
  });
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.filter(({ message }) => message.includes("could not be judged"))).toEqual([]);
});

test("files that break off, or hold another thing, are refused in a sentence", () => {
  const folder = mkdtempSync(join(tmpdir(), "tap-fuzz-"));
  const file = join(folder, "main.tf.json");
  const text = JSON.stringify(examples[0] ?? {}, null, 2);
  try {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(text.length - 1).map((length) => text.slice(0, length)),
          fc
            .tuple(fc.nat(text.length), fc.string({ minLength: 1, maxLength: 4 }))
            .map(([at, inserted]) => text.slice(0, at) + inserted + text.slice(at)),
          fc.jsonValue().map((value) => JSON.stringify(value)),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
        ),
        (content) => {
          writeFileSync(file, content);
          try {
            buildGraph(readStackSources(folder));
          } catch (error) {
            expect(error).toBeInstanceOf(CommandError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what is nested too deep is refused in a sentence", () => {
  const deep = (length: number): string => `${"[".repeat(length)}${"]".repeat(length)}`;
  for (const value of [JSON.parse(deep(5_000)), deep(100_000), `\${${"a".repeat(100)}${"(".repeat(100_000)}`]) {
    const json = { resource: { aws_s3_bucket: { Data: { bucket: "data", policy: value } } } };
    try {
      audit({ ...request, sources: [{ id: "deep", json }] });
    } catch (error) {
      expect(error).toBeInstanceOf(CommandError);
    }
  }
});
