import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  GetResourcesCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateStreamCommand, DescribeStreamSummaryCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { CreateKeyCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { Clients } from "../../../tap/local/clients";
import { startEmulator } from "../../../tap/local/emulator";
import { Http1KinesisClient } from "../../../tap/local/kinesis-client";
import { end } from "../../../tap/local/processes";
import type { ClientSettings } from "../../../tap/local/resources/resource-type";
import type { RunningEmulator } from "../../../tap/local/state";
import { zip } from "../../../tap/local/zip";
import { describeWithEmulator } from "../../support/emulator";
import { projectRoot } from "../../support/project";

/*
 * What the emulator does otherwise than AWS, as docs/operations/local.md says it. Each test is green as long as that is
 * so, and red when the emulator has got better: then its line goes from the table, with what was done because of it.
 */

const accountId = "111111111111";
const region = "us-east-1";
const folder = mkdtempSync(join(tmpdir(), "tap-faults-"));
const document = readFileSync(join(projectRoot, "docs", "operations", "local.md"), "utf8");

let emulator: RunningEmulator;
let client: ReturnType<Clients["in"]>;
let number = 0;
const newName = () => {
  number += 1;
  return `fault-${number}`;
};

async function start(): Promise<void> {
  const { variables = process.env } = {};
  emulator = await startEmulator({ projectRoot, folder, accountId, region, port: 0, variables, say: () => undefined });
  client = new Clients(emulator.endpoint, accountId).in(region);
}

type Statement = Record<string, unknown>;

/** Clients of a user who may do just this. */
async function someone(...statements: Statement[]): Promise<ReturnType<Clients["in"]>> {
  const [iam, UserName] = [client(IAMClient), newName()];
  await iam.send(new CreateUserCommand({ UserName }));
  const Statement = statements.map((statement) => ({ Effect: "Allow", Resource: "*", ...statement }));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "own", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
  const settings = { endpoint: emulator.endpoint, region, credentials, maxAttempts: 1 };
  return <Client>(of: new (settings: ClientSettings) => Client): Client => new of(settings);
}

/** Whether a call is denied; any other error is one of the test. */
async function isDenied(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (/AccessDenied|NotAuthorized|AuthorizationError/.test((error as Error).name)) return true;
    throw error;
  }
}
const isAllowed = async (call: Promise<unknown>) => !(await isDenied(call));

/** A key that nobody but the account's own user may use. */
async function newKey(): Promise<string> {
  const { KeyMetadata } = await client(KMSClient).send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? "";
}

/** A function whose role may do nothing. */
async function newFunction(code: string, variables: Record<string, string> = {}): Promise<string> {
  const FunctionName = newName();
  const principal = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [principal] });
  const { Role } = await client(IAMClient).send(
    new CreateRoleCommand({ RoleName: FunctionName, AssumeRolePolicyDocument }),
  );
  await client(LambdaClient).send(
    new CreateFunctionCommand({
      FunctionName,
      Role: Role?.Arn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      MemorySize: 128,
      Timeout: 60,
      Code: { ZipFile: zip(new Map([["index.js", Buffer.from(`exports.handler = ${code};`)]])) },
      Environment: { Variables: variables },
    }),
  );
  return FunctionName;
}

async function answerOf(FunctionName: string, payload: unknown = {}): Promise<unknown> {
  const { Payload } = await client(LambdaClient).send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}

async function logged(logGroupName: string): Promise<string[]> {
  const { events = [] } = await client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName }))
    .catch((error: Error) => {
      if (error.name !== "ResourceNotFoundException") throw error;
      return { events: [] };
    });
  return events.map(({ message = "" }) => message);
}

async function until(isSo: () => Promise<boolean>, seconds = 8): Promise<boolean> {
  const deadline = Date.now() + seconds * 1_000;
  while (Date.now() < deadline) {
    if (await isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** A REST API whose root calls a function, or answers by itself; its id. */
async function newApi(functionName?: string): Promise<string> {
  const gateway = client(APIGatewayClient);
  const { id: restApiId = "" } = await gateway.send(new CreateRestApiCommand({ name: newName() }));
  const { items = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
  const method = { restApiId, resourceId: items[0]?.id ?? "", httpMethod: "GET" };
  await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${functionName}`;
  await gateway.send(
    new PutIntegrationCommand({
      ...method,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
    }),
  );
  await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "live" }));
  return restApiId;
}
const get = (id: string) => fetch(`${emulator.endpoint}/_aws/execute-api/${id}/live/`);
const statusOf = async (id: string) => (await get(id)).status;

/** What a REST API answers that makes its answers itself, by a template and with a header of a fixed value. */
async function mocked(template: string, fixed: string): Promise<Response> {
  const gateway = client(APIGatewayClient);
  const { id: restApiId = "" } = await gateway.send(new CreateRestApiCommand({ name: newName() }));
  const { items = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
  const method = { restApiId, resourceId: items[0]?.id ?? "", httpMethod: "GET" };
  await gateway.send(new PutMethodCommand({ ...method, authorizationType: "NONE" }));
  const requestTemplates = { "application/json": '{"statusCode":200}' };
  await gateway.send(new PutIntegrationCommand({ ...method, type: "MOCK", requestTemplates }));
  const [answer, header] = [{ ...method, statusCode: "200" }, "method.response.header.Fixed"];
  await gateway.send(new PutMethodResponseCommand({ ...answer, responseParameters: { [header]: false } }));
  await gateway.send(
    new PutIntegrationResponseCommand({
      ...answer,
      responseParameters: { [header]: `'${fixed}'` },
      responseTemplates: { "application/json": template },
    }),
  );
  await gateway.send(new CreateDeploymentCommand({ restApiId, stageName: "live" }));
  const response = await get(restApiId);
  expect(response.status).toBe(200);
  return response;
}

/** What a function was handed of a stream: for each invocation, its records' data. */
async function consumed(
  settings: Partial<CreateEventSourceMappingCommandInput>,
  data: readonly string[],
  isDone: (batches: string[][]) => boolean,
): Promise<string[][]> {
  const kinesis = client(Http1KinesisClient);
  const [StreamName, decoded] = [newName(), 'Buffer.from(kinesis.data, "base64").toString()'];
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const summary = () => kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
  await until(async () => (await summary()).StreamDescriptionSummary?.StreamStatus === "ACTIVE");
  const { StreamDescriptionSummary } = await summary();
  const name = await newFunction(
    `async ({ Records }) => {
    const batch = Records.map(({ kinesis }) => ({ id: kinesis.sequenceNumber, data: ${decoded} }));
    console.log("batch " + JSON.stringify(batch.map(({ data }) => data)));
    const bad = batch.filter(({ data }) => data === "bad");
    if (process.env.PARTIAL) return { batchItemFailures: bad.map(({ id }) => ({ itemIdentifier: id })) };
    if (bad.length > 0) throw new Error("bad");
  }`,
    settings.FunctionResponseTypes === undefined ? {} : { PARTIAL: "1" },
  );
  const Records = data.map((text) => ({ Data: Buffer.from(text), PartitionKey: "p" }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  await client(LambdaClient).send(
    new CreateEventSourceMappingCommand({
      FunctionName: name,
      EventSourceArn: StreamDescriptionSummary?.StreamARN,
      StartingPosition: "TRIM_HORIZON",
      ...settings,
    }),
  );
  let batches: string[][] = [];
  await until(async () => {
    const lines = await logged(`/aws/lambda/${name}`);
    batches = lines.flatMap((line) => [...line.matchAll(/batch (\[.*?\])/g)]).map(([, text = ""]) => JSON.parse(text));
    return isDone(batches);
  });
  expect(batches).not.toEqual([]);
  return batches;
}

interface Fault {
  readonly name: string;
  /** Of the table's line, as far as it is about this. */
  readonly line: string;
  /** What was done because of it, beside the line. */
  readonly besides: string;
  /** @returns whether the emulator does as AWS does */
  readonly isMended: () => Promise<boolean>;
}

const keys = "asks no key's policy behind S3, DynamoDB, SQS, SSM, Secrets Manager";
const audited = "the reason that tap/local/not-exercised.ts gives";
const conditions = "knows no `kms:EncryptionContext`, `cloudwatch:namespace`, `dynamodb:LeadingKeys`";
const kinesis = "has no retry limits, bisection or partial batches of Kinesis";
const missing = "has no weighted aliases, access logs, limits of memory and payload";
const scenario = "what the scenarios of the stream leave out because of it";

const faults: readonly Fault[] = [
  {
    name: "a key's policy behind S3",
    line: keys,
    besides: audited,
    isMended: async () => {
      const [Bucket, SSEKMSKeyId] = [newName(), await newKey()];
      await client(S3Client).send(new CreateBucketCommand({ Bucket }));
      const one = await someone({ Action: "s3:*" });
      const encryption = { ServerSideEncryption: "aws:kms", SSEKMSKeyId } as const;
      return isDenied(one(S3Client).send(new PutObjectCommand({ Bucket, Key: "k", Body: "x", ...encryption })));
    },
  },
  {
    name: "a key's policy behind DynamoDB",
    line: keys,
    besides: audited,
    isMended: async () => {
      const [TableName, KMSMasterKeyId] = [newName(), await newKey()];
      await client(DynamoDBClient).send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
          SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId },
        }),
      );
      const one = await someone({ Action: "dynamodb:*" });
      return isDenied(one(DynamoDBClient).send(new PutItemCommand({ TableName, Item: { id: { S: "a" } } })));
    },
  },
  {
    name: "a key's policy behind SQS",
    line: keys,
    besides: audited,
    isMended: async () => {
      const Attributes = { KmsMasterKeyId: await newKey() };
      const { QueueUrl } = await client(SQSClient).send(new CreateQueueCommand({ QueueName: newName(), Attributes }));
      const one = await someone({ Action: "sqs:*" });
      return isDenied(one(SQSClient).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })));
    },
  },
  {
    name: "a key's policy behind SSM",
    line: keys,
    besides: audited,
    isMended: async () => {
      const Name = `/${newName()}`;
      const parameter = { Name, Value: "x", Type: "SecureString", KeyId: await newKey() } as const;
      await client(SSMClient).send(new PutParameterCommand(parameter));
      const one = await someone({ Action: "ssm:*" });
      return isDenied(one(SSMClient).send(new GetParameterCommand({ Name, WithDecryption: true })));
    },
  },
  {
    name: "a key's policy behind Secrets Manager",
    line: keys,
    besides: audited,
    isMended: async () => {
      const [Name, KmsKeyId] = [newName(), await newKey()];
      await client(SecretsManagerClient).send(new CreateSecretCommand({ Name, SecretString: "x", KmsKeyId }));
      const one = await someone({ Action: "secretsmanager:*" });
      return isDenied(one(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: Name })));
    },
  },
  {
    name: "kms:EncryptionContext",
    line: conditions,
    besides: audited,
    isMended: async () => {
      const Condition = { StringEquals: { "kms:EncryptionContext:a": "b" } };
      const one = await someone({ Action: "kms:Encrypt", Condition });
      const Plaintext = Buffer.from("x");
      const wanted = { KeyId: await newKey(), Plaintext, EncryptionContext: { a: "b" } };
      return isAllowed(one(KMSClient).send(new EncryptCommand(wanted)));
    },
  },
  {
    name: "cloudwatch:namespace",
    line: conditions,
    besides: "nothing else: no function calls it",
    isMended: async () => {
      const Condition = { StringEquals: { "cloudwatch:namespace": "own" } };
      const one = await someone({ Action: "cloudwatch:PutMetricData", Condition });
      const MetricData = [{ MetricName: "m", Value: 1 }];
      return isAllowed(one(CloudWatchClient).send(new PutMetricDataCommand({ Namespace: "own", MetricData })));
    },
  },
  {
    name: "dynamodb:LeadingKeys",
    line: conditions,
    besides: "nothing else: no policy has it",
    isMended: async () => {
      const TableName = newName();
      await client(DynamoDBClient).send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
      const Condition = { "ForAnyValue:StringEquals": { "dynamodb:LeadingKeys": ["own"] } };
      const one = await someone({ Action: "dynamodb:GetItem", Condition });
      return isAllowed(one(DynamoDBClient).send(new GetItemCommand({ TableName, Key: { id: { S: "own" } } })));
    },
  },
  {
    name: "a function without permission to be called",
    line: "runs functions whose permission (`aws_lambda_permission`) is missing",
    besides: "nothing else",
    isMended: async () => (await statusOf(await newApi(await newFunction("async () => ({ statusCode: 200 })")))) >= 500,
  },
  {
    name: "batches of SQS",
    line: "denies SQS's `…Batch` calls wrongly",
    besides: "nothing else: no function makes any",
    isMended: async () => {
      const { QueueUrl } = await client(SQSClient).send(new CreateQueueCommand({ QueueName: newName() }));
      const one = (await someone({ Action: "sqs:SendMessage" }))(SQSClient);
      await one.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
      const Entries = [{ Id: "1", MessageBody: "x" }];
      return isAllowed(one.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
    },
  },
  {
    name: "mapping templates",
    line: "makes nothing of mapping templates",
    besides: "what the API's scenario of CORS leaves out because of it",
    isMended: async () => {
      const template = '#set($context.responseOverride.header.Origin = "made")$context.httpMethod';
      const answer = await mocked(template, "a");
      expect(answer.headers.get("fixed")).toBe("a");
      return answer.headers.get("origin") === "made" || (await answer.text()) === "GET";
    },
  },
  {
    name: "a header that ends with a quote",
    line: "takes the last quote from a preflight's header that ends with one",
    besides: "nothing else",
    isMended: async () => (await mocked("", "default-src 'none'")).headers.get("fixed") === "default-src 'none'",
  },
  {
    name: "X-Ray",
    line: "answers no call of X-Ray",
    besides: audited,
    isMended: async () => {
      const authorization = `AWS4-HMAC-SHA256 Credential=${accountId}/20260101/${region}/xray/aws4_request, SignedHeaders=host, Signature=none`;
      const body = JSON.stringify({ TraceSegmentDocuments: [] });
      // It may not answer at all.
      const signal = AbortSignal.timeout(3_000);
      const request = { method: "POST", headers: { authorization }, body, signal };
      const text = await fetch(`${emulator.endpoint}/TraceSegments`, request).then(
        (answer) => answer.text(),
        () => "",
      );
      return text.includes("UnprocessedTraceSegments");
    },
  },
  {
    name: "retry limits of Kinesis",
    line: kinesis,
    besides: scenario,
    isMended: async () => {
      const isGood = (batches: string[][]) => batches.flat().includes("good");
      const limits = { BatchSize: 1, MaximumRetryAttempts: 0 };
      return isGood(await consumed(limits, ["bad", "good"], (all) => isGood(all) || all.length > 2));
    },
  },
  {
    name: "bisection of Kinesis's batches",
    line: kinesis,
    besides: scenario,
    isMended: async () => {
      const isHalf = (batches: string[][]) => batches.some(({ length }) => length === 1);
      const limits = { BatchSize: 10, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 5 };
      return isHalf(await consumed(limits, ["good", "bad"], (all) => isHalf(all) || all.length > 2));
    },
  },
  {
    name: "partial batches of Kinesis",
    line: kinesis,
    besides: scenario,
    isMended: async () => {
      let seen = Number.POSITIVE_INFINITY;
      const batches = await consumed(
        { BatchSize: 10, FunctionResponseTypes: ["ReportBatchItemFailures"] },
        ["good", "bad"],
        (all) => {
          if (all.length > 0) seen = Math.min(seen, Date.now());
          return all.length > 1 || Date.now() > seen + 3_000;
        },
      );
      expect(batches[0]).toEqual(["good", "bad"]);
      return batches.length > 1;
    },
  },
  {
    name: "partial batches of a table's stream",
    line: "passes over what a function couldn't do of a table's stream",
    besides: "nothing else",
    isMended: async () => {
      const name = await newFunction(`async ({ Records: [{ dynamodb }] }) => {
        console.log("handed over");
        return { batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }] };
      }`);
      const [dynamo, TableName] = [client(DynamoDBClient), newName()];
      const { TableDescription } = await dynamo.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
          StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
        }),
      );
      await client(LambdaClient).send(
        new CreateEventSourceMappingCommand({
          FunctionName: name,
          EventSourceArn: TableDescription?.LatestStreamArn,
          StartingPosition: "TRIM_HORIZON",
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        }),
      );
      await dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: "a" } } }));
      const times = async () =>
        (await logged(`/aws/lambda/${name}`)).filter((line) => line.includes("handed over")).length;
      expect(await until(async () => (await times()) > 0)).toBe(true);
      return until(async () => (await times()) > 1, 3);
    },
  },
  {
    name: "weighted aliases",
    line: missing,
    besides: "nothing else",
    isMended: async () => {
      const FunctionName = await newFunction("async () => process.env.WHICH", { WHICH: "1" });
      const lambda = client(LambdaClient);
      const { Version: FunctionVersion } = await lambda.send(new PublishVersionCommand({ FunctionName }));
      const Environment = { Variables: { WHICH: "2" } };
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
      const { Version: second = "" } = await lambda.send(new PublishVersionCommand({ FunctionName }));
      const RoutingConfig = { AdditionalVersionWeights: { [second]: 1 } };
      await lambda.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion, RoutingConfig }));
      return (await answerOf(`${FunctionName}:live`)) === "2";
    },
  },
  {
    name: "access logs",
    line: missing,
    besides: "nothing else",
    isMended: async () => {
      const [logGroupName, restApiId] = [
        newName(),
        await newApi(await newFunction("async () => ({ statusCode: 200 })")),
      ];
      await client(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName }));
      const settings = {
        "/accessLogSettings/destinationArn": `arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}`,
        "/accessLogSettings/format": "$context.requestId",
      };
      const patchOperations = Object.entries(settings).map(
        ([path, value]) => ({ op: "replace", path, value }) as const,
      );
      await client(APIGatewayClient).send(new UpdateStageCommand({ restApiId, stageName: "live", patchOperations }));
      expect(await statusOf(restApiId)).toBe(200);
      return until(async () => (await logged(logGroupName)).length > 0, 2);
    },
  },
  {
    name: "a limit of memory",
    line: missing,
    besides: "nothing else",
    isMended: async () =>
      (await answerOf(await newFunction("async () => Buffer.alloc(400_000_000, 1).length"))) !== 400_000_000,
  },
  {
    name: "a limit of payloads",
    line: missing,
    besides: "nothing else",
    isMended: async () => {
      const name = await newFunction("async ({ text }) => text.length");
      const length = 6_500_000;
      return (await answerOf(name, { text: "x".repeat(length) }).catch(() => "refused")) !== length;
    },
  },
  {
    name: "rights to write logs",
    line: "writes functions' logs itself",
    besides: audited,
    isMended: async () => {
      const name = await newFunction('async () => console.log("written")');
      await answerOf(name);
      return !(await until(async () => (await logged(`/aws/lambda/${name}`)).join().includes("written"), 5));
    },
  },
];

/** Lines that nothing can be asked about. */
const notAsked = ["begins a stage's URL with", "is one process"];

describeWithEmulator("what the emulator does otherwise than AWS", () => {
  beforeAll(start);
  afterAll(async () => {
    for (const one of emulator.processes) await end(one);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(faults)("$name", async ({ name, line, besides, isMended }) => {
    if (await isMended())
      throw new Error(
        `The emulator does ${name} as AWS does. Take "${line}", as far as it says this, from docs/operations/local.md, and beside that ${besides}; then this test.`,
      );
  });

  test("each line of the table is asked about here, and each test has its line", () => {
    const [, table = ""] = document.split("## What isn't as in AWS");
    const lines = [...table.matchAll(/^\| (.*?) +\|/gm)].map(([, line = ""]) => line).slice(2);
    const asked = [...new Set(faults.map(({ line }) => line)), ...notAsked];
    expect(lines).toHaveLength(asked.length);
    for (const each of asked) expect(lines).toContainEqual(expect.stringContaining(each));
  });
});
