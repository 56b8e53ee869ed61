import { join } from "node:path";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { InvokeCommand, LambdaClient, PublishVersionCommand } from "@aws-sdk/client-lambda";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { rightsOf } from "../../../tap/audit/privilege/role-rights";
import { roleOf } from "../../../tap/audit/rights";
import { readGraph } from "../../../tap/graph/read";
import {
  actionsAskedFor,
  coverageOf,
  grantsOf,
  type RecordedCall,
  sessionKey,
  sessionKeys,
} from "../../../tap/local/coverage";
import { coverageText } from "../../../tap/local/coverage-text";
import { notExercised, reasonFor } from "../../../tap/local/not-exercised";
import { restOperation } from "../../../tap/local/rest-operations";
import type { LocalState, MadeResource } from "../../../tap/local/state";
import { projectRoot } from "../../support/project";

describe("operations of REST calls", () => {
  const sent: { method: string; path: string; query: Record<string, string | null | string[]> }[] = [];
  const settings = {
    region: "us-east-1",
    endpoint: "http://localhost:1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: (typeof sent)[number]) => {
        sent.push(request);
        throw new Error("This is as far as it goes");
      },
    },
  };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const lambda = new LambdaClient(settings);
  const bedrock = new BedrockRuntimeClient(settings);
  const Bucket = "b";
  const object = { Bucket, Key: "uploads/a b/c.txt" };
  const upload = { ...object, UploadId: "u" };

  const calls: [service: string, operation: string, call: () => Promise<unknown>][] = [
    ["s3", "PutObject", () => s3.send(new PutObjectCommand({ ...object, Body: "x" }))],
    ["s3", "GetObject", () => s3.send(new GetObjectCommand({ ...object, VersionId: "v" }))],
    ["s3", "HeadObject", () => s3.send(new HeadObjectCommand(object))],
    ["s3", "GetObjectTagging", () => s3.send(new GetObjectTaggingCommand(object))],
    ["s3", "DeleteObject", () => s3.send(new DeleteObjectCommand(object))],
    ["s3", "DeleteObjects", () => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "a" }] } }))],
    ["s3", "CopyObject", () => s3.send(new CopyObjectCommand({ ...object, CopySource: "b/a" }))],
    ["s3", "CreateMultipartUpload", () => s3.send(new CreateMultipartUploadCommand(object))],
    ["s3", "UploadPart", () => s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }))],
    ["s3", "CompleteMultipartUpload", () => s3.send(new CompleteMultipartUploadCommand(upload))],
    ["s3", "ListParts", () => s3.send(new ListPartsCommand(upload))],
    ["s3", "ListBuckets", () => s3.send(new ListBucketsCommand({}))],
    ["s3", "HeadBucket", () => s3.send(new HeadBucketCommand({ Bucket }))],
    ["s3", "GetBucketTagging", () => s3.send(new GetBucketTaggingCommand({ Bucket }))],
    ["s3", "ListObjects", () => s3.send(new ListObjectsCommand({ Bucket, Prefix: "a/" }))],
    ["s3", "ListObjectsV2", () => s3.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" }))],
    ["s3", "ListObjectVersions", () => s3.send(new ListObjectVersionsCommand({ Bucket }))],
    ["lambda", "Invoke", () => lambda.send(new InvokeCommand({ FunctionName: "f", Qualifier: "live" }))],
    ["lambda", "PublishVersion", () => lambda.send(new PublishVersionCommand({ FunctionName: "f" }))],
    ["bedrock", "Converse", () => bedrock.send(new ConverseCommand({ modelId: "a.b:0", messages: [] }))],
  ];

  test.each(calls)("of %s: %s, as its client sends it", async (service, operation, call) => {
    sent.length = 0;
    await expect(call()).rejects.toThrow("as far as it goes");
    const [{ method, path, query } = { method: "", path: "", query: {} }] = sent;
    const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value ?? ""))}`);
    expect(restOperation(service, method, `${path}?${text.join("&")}`)).toBe(operation);
  });

  test("of a URL that was signed for somebody else; nothing where no model has it, or it can't be told", async () => {
    const { pathname, search } = new URL(await getSignedUrl(s3, new PutObjectCommand(object)));
    expect(restOperation("s3", "PUT", pathname + search)).toBe("PutObject");
    expect(restOperation("s3", "PATCH", "/b/k")).toBeUndefined();
    expect(restOperation("s3", "PUT", "/b/k")).toBeUndefined();
    expect(restOperation("elsewhere", "GET", "/")).toBeUndefined();
  });
});

const graph = readGraph(join(projectRoot, ".cache", "test-synth", "declared"));

/** As `tap local up` writes it down, of dev's functions and their roles. */
const state: Pick<LocalState, "accountId" | "resources"> = (() => {
  const isDev = ({ stack }: { stack: { environmentSuffix?: string } }) => stack.environmentSuffix === "dev";
  const made = (id: string, type: string, rest: Partial<MadeResource>): [string, MadeResource] => [
    id,
    {
      type,
      stack: "",
      accountId: "111111111111",
      region: "",
      hash: "",
      dependencies: [],
      values: {},
      computed: {},
      ...rest,
    } as MadeResource,
  ];
  const functions = graph.ofType("aws_lambda_function").filter(isDev);
  return {
    accountId: "111111111111",
    resources: Object.fromEntries([
      ...functions.flatMap((lambda) => {
        const { arn = "", region = "", physicalName = "", id } = lambda;
        const role = roleOf(graph, lambda)?.arn ?? "";
        return [
          made(id, "aws_lambda_function", {
            region,
            values: { function_name: physicalName, role },
            computed: { arn, qualified_arn: `${arn}:7` },
          }),
          made(`${id}.alias`, "aws_lambda_alias", { region, values: { function_name: physicalName, name: "live" } }),
        ];
      }),
      ...graph
        .ofType("aws_iam_role")
        .filter(isDev)
        .map(({ id }) => made(id, "aws_iam_role", {})),
    ]),
  };
})();

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:111111111111:function:${name}`;
const roleArn = (name: string) => `arn:aws:iam::111111111111:role/${name}`;
const write = "tap-records-write-dev-us-east-1";
const keyOf = (name: string, suffix = ":live") => sessionKey(arnOf(name) + suffix, roleArn(name));

const call = (given: Partial<RecordedCall>): RecordedCall => ({
  accessKeyId: keyOf(write),
  region: "us-east-1",
  service: "dynamodb",
  method: "POST",
  path: "/",
  status: 200,
  ...given,
});
const coverage = (...calls: Partial<RecordedCall>[]) =>
  coverageOf(
    graph,
    state,
    calls.map((each) => JSON.stringify(call(each))),
  );
const roleIn = ({ roles }: ReturnType<typeof coverage>, name: string) => roles.find(({ role }) => role === name);

describe("who called", () => {
  test("is told by the key that the emulator gave it: seen in a real call", () => {
    expect(keyOf(write)).toBe("ASIA509999BCD0F7801B");
  });

  test.each(["", ":live", ":7"])("whichever of its ARNs it ran by: %j", (suffix) => {
    expect(sessionKeys(state)[keyOf(write, suffix)]).toBe(roleArn(write));
  });

  test("and where nobody knows the key, or what the call is, it is listed", () => {
    const found = coverageOf(graph, state, [
      JSON.stringify(call({ accessKeyId: "ASIANOBODY", operation: "GetItem" })),
      JSON.stringify(call({ accessKeyId: "222222222222", service: "s3", method: "PUT", path: "/b/k?x-id=PutObject" })),
      JSON.stringify(call({ accessKeyId: "111111111111", operation: "GetItem" })),
      JSON.stringify(call({ operation: "NotYetInvented" })),
      "",
      '{"at":"2026-01-0',
    ]);
    expect(found.unknownKeys).toEqual([
      { what: "222222222222 s3:PutObject", calls: 1 },
      { what: "ASIANOBODY dynamodb:GetItem", calls: 1 },
    ]);
    expect(found.unknownCalls).toEqual([{ what: "dynamodb:NotYetInvented", calls: 1 }]);
    expect(found).toMatchObject({ used: 0, ownCalls: 1, unreadable: 1 });
    expect(coverageText("dev", found)).toContain("ASIANOBODY dynamodb:GetItem  1");
  });
});

describe("what a call asks for", () => {
  test.each<[string, Partial<RecordedCall>, string[][]]>([
    ["an action of its name", { operation: "UpdateItem" }, [["dynamodb:UpdateItem"]]],
    [
      "a client of another name",
      { service: "secretsmanager", operation: "GetSecretValue" },
      [["secretsmanager:GetSecretValue"]],
    ],
    ["CloudWatch", { service: "monitoring", operation: "PutMetricData" }, [["cloudwatch:PutMetricData"]]],
    [
      "a transaction",
      { operation: "TransactWriteItems", parts: ["Put", "ConditionCheck"] },
      [["dynamodb:PutItem"], ["dynamodb:ConditionCheckItem"]],
    ],
    ["an object", { service: "s3", method: "GET", path: "/b/k?x-id=GetObject" }, [["s3:GetObject"]]],
    [
      "an object's version",
      { service: "s3", method: "GET", path: "/b/k?x-id=GetObject&versionId=v" },
      [["s3:GetObjectVersion"]],
    ],
    ["what no model has", { service: "s3", method: "PATCH", path: "/b/k" }, []],
  ])("%s", (_, given, expected) => {
    expect(actionsAskedFor(call(given))).toEqual(expected);
  });
});

describe("coverage", () => {
  test("an action is used by a call that was let through, and not by one that was denied", () => {
    const found = coverage(
      { operation: "UpdateItem", status: 400 },
      { operation: "UpdateItem" },
      { operation: "GetItem", status: 403 },
    );
    expect(roleIn(found, write)).toMatchObject({
      functions: [write],
      used: [{ what: "dynamodb:UpdateItem", calls: 2 }],
      unused: ["dynamodb:GetItem"],
      denied: [{ what: "dynamodb:GetItem", calls: 1 }],
    });
    expect(found.used).toBe(1);
    expect(found.enforced).toBeGreaterThan(60);
    expect(found.percent).toBeCloseTo((1 / found.enforced) * 100);
  });

  test("SSM denies with 400", () => {
    const name = "tap-jobs-work-dev-us-east-1";
    const given = { accessKeyId: keyOf(name, ""), service: "ssm", operation: "GetParameters" };
    expect(roleIn(coverage({ ...given, status: 400 }), name)?.unused).toContain("ssm:GetParameters");
    expect(roleIn(coverage(given), name)?.unused).not.toContain("ssm:GetParameters");
  });

  test("what Lambda does itself isn't held against anybody; the same action is, where code calls it", () => {
    const found = coverage();
    expect(roleIn(found, "tap-stream-consume-dev-us-east-1")?.unused).toEqual([
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "s3:PutObject",
      "secretsmanager:GetSecretValue",
    ]);
    // The stream's health asks for what Lambda asks for to read it; a worker sends to its queue, and has dead letters.
    expect(roleIn(found, "tap-stream-health-dev-us-east-1")?.unused).toEqual(["kinesis:DescribeStreamSummary"]);
    expect(roleIn(found, "tap-jobs-work-dev-us-east-1")?.unused).toContain("sqs:SendMessage");
    expect(roleIn(found, "tap-records-read-dev-us-east-1")?.unused).toEqual(["dynamodb:GetItem"]);
    expect(found.otherRoles).toContain("tap-network-flow-logs-dev-us-east-1");
  });

  const granted = graph
    .ofType("aws_lambda_function")
    .filter(({ stack }) => stack.environmentSuffix === "dev")
    .flatMap((lambda) => {
      const role = roleOf(graph, lambda);
      if (role === undefined) return [];
      return [...grantsOf(rightsOf(graph, role).granted).values()].flat().map((grant) => ({ lambda, grant }));
    });

  test.each(notExercised)("there is something of which is said: $reason", ({ reason }) => {
    expect(granted.some(({ lambda, grant }) => reasonFor(graph, [lambda], grant) === reason)).toBe(true);
  });

  test("a key that a function calls itself is enforced", () => {
    const own = granted.filter(({ grant }) => grant.action === "kms:GenerateMac");
    expect(own).toHaveLength(2);
    for (const { lambda, grant } of own) expect(reasonFor(graph, [lambda], grant)).toBeUndefined();
  });
});
