import type { SecretsManagerRotationEventStep } from "aws-lambda";
import fc from "fast-check";
import type { Fate } from "../front";
import { lambdaContext, linesOf } from "../lambda";
import { ingest, type LocalStream, useStream } from "./local-stream";
import { sampleRecord, secretValueOf, versionIds } from "./sample-records";

let stream: LocalStream;
useStream((started) => {
  stream = started;
});

const token = "55555555-0000-4000-8000-000000000005";
const steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const [older, current] = versionIds;

function rotate(step: string, ClientRequestToken = token): Promise<void> {
  const Step = step as SecretsManagerRotationEventStep;
  const SecretId = "arn:aws:secretsmanager:us-east-1:111111111111:secret:signing-key-AbCdEf";
  return stream.handlers.rotate({ Step, SecretId, ClientRequestToken }, lambdaContext());
}

/** What Secrets Manager does before the first step. */
function begin(): void {
  stream.aws.secret.put(token, undefined, ["AWSPENDING"]);
}

const stagesOf = (id: string) => [...(stream.aws.secret.versions.get(id)?.stages ?? [])];
const valueIn = (id: string) => stream.aws.secret.versions.get(id)?.value;
const keyLength = (id: string) => Buffer.from(JSON.parse(valueIn(id) ?? "{}").key, "base64").length;

test("STR-05 four steps make a new key, and make it the current one; the one before stays to be read", async () => {
  begin();
  for (const step of steps) await rotate(step);
  expect(stagesOf(token)).toEqual(["AWSPENDING", "AWSCURRENT"]);
  expect(stagesOf(current)).toEqual(["AWSPREVIOUS"]);
  expect(valueIn(current)).toBe(secretValueOf(current));
  expect(keyLength(token)).toBe(32);
  expect(Object.keys(JSON.parse(valueIn(token) ?? ""))).toEqual(["key"]);
  await ingest(stream, { records: [sampleRecord()] });
  expect(JSON.parse(stream.aws.kinesis.records[0]?.data ?? "").keyId).toBe(token);
});

test("SEC-04 the first key is made by the first rotation: the secret has none before", async () => {
  stream.aws.secret.versions.clear();
  begin();
  for (const step of steps) await rotate(step);
  expect(stagesOf(token)).toEqual(["AWSPENDING", "AWSCURRENT"]);
  expect(keyLength(token)).toBe(32);
});

test("STR-05 a step that is asked for again changes nothing", async () => {
  begin();
  for (const step of steps) for (let times = 0; times < 3; times += 1) await rotate(step);
  const changes = stream.aws.requests.map(({ operation }) => operation).filter((name) => /^(Put|Update)/.test(name));
  expect(changes).toEqual(["PutSecretValue", "UpdateSecretVersionStage"]);
});

test("STR-05 keys are of chance", async () => {
  begin();
  await rotate("createSecret");
  const first = valueIn(token);
  begin();
  await rotate("createSecret");
  expect(valueIn(token)).not.toBe(first);
});

test("STR-05 however often steps are asked for, and whatever is lost, one key comes of it and stays", async () => {
  jest.spyOn(Math, "random").mockReturnValue(0);
  const fate = fc.constantFrom<Fate>("pass", "pass", "lose-request", "lose-answer");
  const attempt = fc.record({
    step: fc.constantFrom(...steps),
    fates: fc.array(fate, { maxLength: 6 }),
    twice: fc.boolean(),
  });
  const play = async ({ step, fates, twice }: { step: string; fates: Fate[]; twice: boolean }) => {
    // Secrets Manager asks for the steps in their order: what has no value isn't finished.
    if (step === "finishSecret" && valueIn(token) === undefined) return;
    let request = 0;
    stream.fateOf = () => fates[request++] ?? "pass";
    // What can't be done, or not yet, is thrown, and asked for again.
    await Promise.allSettled([rotate(step), ...(twice ? [rotate(step)] : [])]);
  };
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(attempt, { maxLength: 8 }), async (isFirst, attempts) => {
      stream.aws.secret.versions.clear();
      if (!isFirst) stream.aws.secret.put(current, secretValueOf(current), ["AWSCURRENT"]);
      begin();
      let value: string | undefined;
      for (const one of attempts) {
        await play(one);
        value ??= valueIn(token);
        expect(valueIn(token)).toBe(value);
      }
      stream.fateOf = () => "pass";
      for (const step of steps) await rotate(step);
      expect(valueIn(token)).toBe(value ?? valueIn(token));
      expect(keyLength(token)).toBe(32);
      expect(stagesOf(token)).toEqual(["AWSPENDING", "AWSCURRENT"]);
      expect(isFirst ? [] : stagesOf(current)).toEqual(isFirst ? [] : ["AWSPREVIOUS"]);
    }),
    { numRuns: 60 },
  );
});

test.each<[string, string | undefined]>([
  ["has no value", undefined],
  ["has no key", "{}"],
  ["has a key that is too short", '{"key":"c2VjcmV0"}'],
  ["is no JSON", "c2VjcmV0"],
])("STR-05 a version that %s is not used", async (_, value) => {
  stream.aws.secret.put(token, value, ["AWSPENDING"]);
  const lines = await linesOf(async () => {
    await expect(rotate("testSecret")).rejects.toThrow();
  });
  expect(JSON.stringify(lines)).not.toContain("c2VjcmV0");
});

test.each<[string, () => void, string]>([
  ["a secret that isn't rotated", () => Object.assign(stream.aws.secret, { isRotationEnabled: false }), token],
  ["a version that there isn't", () => {}, "66666666-0000-4000-8000-000000000006"],
  [
    "a version that was current before",
    () => stream.aws.secret.put(older, secretValueOf(older), ["AWSPREVIOUS"]),
    older,
  ],
])("STR-05 %s is refused, in every step", async (_, prepare, version) => {
  begin();
  prepare();
  const before = JSON.stringify([...stream.aws.secret.versions].map(([id, { value }]) => [id, value, stagesOf(id)]));
  for (const step of steps) await expect(rotate(step, version)).rejects.toMatchObject({ details: { status: 500 } });
  expect(JSON.stringify([...stream.aws.secret.versions].map(([id, { value }]) => [id, value, stagesOf(id)]))).toBe(
    before,
  );
});

test.each(["deleteSecret", "constructor", ""])("STR-05 %j is no step", async (step) => {
  begin();
  await expect(rotate(step)).rejects.toMatchObject({ details: { status: 500 } });
  expect(valueIn(token)).toBeUndefined();
});

test("STR-05 a version that is current already is left as it is", async () => {
  for (const step of steps) await rotate(step, current);
  expect(valueIn(current)).toBe(secretValueOf(current));
  expect(stagesOf(older)).toEqual(["AWSPREVIOUS"]);
});

test("SEC-04 no line has the key", async () => {
  begin();
  const lines = await linesOf(async () => {
    for (const step of steps) await rotate(step);
  });
  expect(lines.filter(({ message }) => message === "Step of the rotation done")).toHaveLength(4);
  expect(JSON.stringify(lines)).not.toContain(JSON.parse(valueIn(token) ?? "").key);
});
