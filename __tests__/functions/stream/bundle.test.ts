import { projectRoot } from "../../support/project";
import { type Bundles, bundles, invokeBundle } from "../bundle";
import { httpEvent } from "../http-events";
import { type AwsServer, startAws } from "./local-aws";
import { newAws } from "./local-consumer";
import { queueUrl, s3Message } from "./local-stream";
import { sampleRecord, sealed, shardEvent, streamVariables, versionIds } from "./sample-records";

jest.setTimeout(180_000);

let own: Bundles;
let server: AwsServer;
let variables: Record<string, string>;
beforeAll(async () => {
  [own, server] = await Promise.all([bundles(projectRoot), startAws()]);
  variables = { ...streamVariables, AWS_ENDPOINT_URL: server.endpoint, QUEUE_URL: queueUrl(server.endpoint) };
});
afterAll(() => server.stop());
beforeEach(() => {
  server.aws = newAws();
});
afterEach(() => {
  server.fateOf = () => "pass";
});

const invoke = (name: string, event: unknown) => invokeBundle(own[name]?.folder ?? "", event, variables);

test("API-15 a record goes through the bundles, from the request to the archive", async () => {
  const health = await invoke("stream/health", httpEvent({ method: "GET", resource: "/health", apiKeyId: null }));
  expect(JSON.parse(String(health.answer.body))).toEqual({ status: "ok", dependencies: { stream: "ok" } });
  const ingested = await invoke(
    "stream/ingest",
    httpEvent({ method: "POST", resource: "/process", body: { records: [sampleRecord()] } }),
  );
  expect(ingested.answer).toMatchObject({ statusCode: 200 });
  const [{ data } = { data: "" }] = server.aws.kinesis.records;
  const event = shardEvent("shardId-000000000000", [{ sequenceNumber: "1", data }]);
  expect((await invoke("stream/consume", event)).answer).toEqual({ batchItemFailures: [] });
  expect(server.aws.dynamo.items.get("aggregate#press-7#temperature-celsius#2026-01-01T07")).toMatchObject({
    count: { N: "1" },
    sum: { N: "71.25" },
  });
  expect([...server.aws.objects.written.values()]).toEqual([`${JSON.stringify(sampleRecord())}\n`]);
});

test("API-15 errors that are expected are known by the bundles, and all others have their names", async () => {
  const refused = (name: string) => ({ status: 400, body: { __type: `com.amazonaws#${name}`, message: "The cause" } });
  const once = (operation: string, name: string) => {
    let calls = 0;
    server.fateOf = (asked) => (asked === operation && calls++ === 0 ? refused(name) : "pass");
  };
  const { source, id } = sampleRecord();
  const event = shardEvent("shardId-000000000000", [{ sequenceNumber: "1", data: sealed(sampleRecord()) }]);
  once("TransactWriteItems", "TransactionCanceledException");
  expect((await invoke("stream/consume", event)).answer).toEqual({ batchItemFailures: [] });
  expect([...server.aws.dynamo.items.keys()]).toContain(`record#${source}#${id}`);

  server.aws.objects.versions.set("incoming/a?version-1", Buffer.from(JSON.stringify(sampleRecord())));
  once("PutItem", "ConditionalCheckFailedException");
  const imported = await invoke("stream/import", { Records: [s3Message("incoming/a")] });
  expect(imported.answer).toEqual({ batchItemFailures: [] });
  expect(server.aws.sent).toMatchObject([{ delaySeconds: 60 }]);

  once("PutRecords", "KMSAccessDeniedException");
  const request = httpEvent({ method: "POST", resource: "/process", body: { records: [sampleRecord()] } });
  const { answer, lines } = await invoke("stream/ingest", request);
  expect(answer).toMatchObject({ statusCode: 500 });
  expect(JSON.stringify(lines)).toContain("KMSAccessDeniedException");
});

test("API-15 a secret is rotated by the bundle", async () => {
  const token = "55555555-0000-4000-8000-000000000005";
  server.aws.secret.put(token, undefined, ["AWSPENDING"]);
  for (const Step of ["createSecret", "setSecret", "testSecret", "finishSecret"])
    await invoke("stream/rotate", { Step, SecretId: "signing-key", ClientRequestToken: token });
  expect(server.aws.secret.versions.get(token)?.stages).toContain("AWSCURRENT");
  expect(server.aws.secret.versions.get(versionIds[1])?.stages).toContain("AWSPREVIOUS");
});
