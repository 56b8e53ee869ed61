import { BucketNotifications, type ObjectFilter, sentByBucket } from "../../constructs/bucket-notifications";
import { CustomerKey } from "../../constructs/customer-key";
import { EncryptedBucket, type EncryptedBucketProps } from "../../constructs/encrypted-bucket";
import { NodeFunction } from "../../constructs/node-function";
import { Queue } from "../../constructs/queue";
import { built, EmptyStack, statements } from "../support/constructed";

const bucketName = "tap-records-uploads-dev-us-east-1-111111111111";

function newBucket(options: Partial<EncryptedBucketProps> = {}) {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const bucket = new EncryptedBucket(stack, "Bucket", {
    resource: "uploads",
    key,
    noncurrentVersionExpirationDays: 30,
    ...options,
  });
  return { stack, key, bucket };
}

function notify(filters: Record<string, ObjectFilter>) {
  const { stack, key, bucket } = newBucket();
  const queues = Object.fromEntries(
    Object.entries(filters).map(([name, filter]) => {
      const queue = new Queue(stack, name, {
        resource: name,
        key,
        visibilityTimeoutSeconds: 180,
        messageRetentionDays: 4,
        maxReceiveCount: 3,
        statements: sentByBucket(stack, bucket.arn, key),
      });
      return [name, { queue, ...filter }];
    }),
  );
  new BucketNotifications(stack, "Notifications", { bucket, queues });
  return stack;
}

describe("what a bucket tells of", () => {
  test("FIL-01 stands in one resource, which waits for the queues' policies and leaves EventBridge to AWS Backup", () => {
    const stack = notify({
      pictures: { prefix: "uploads/", suffixes: [".png", ".PNG"] },
      others: { prefix: "incoming/" },
    });
    expect(built(stack, "aws_s3_bucket_notification")).toEqual(
      expect.objectContaining({
        bucket: expect.stringMatching(/^\$\{aws_s3_bucket\.Bucket_\w+\.id\}$/),
        eventbridge: true,
        queue: [
          [".png", "pictures.png"],
          [".PNG", "pictures.PNG"],
        ]
          .map(([filter_suffix, id]) => ({ filter_prefix: "uploads/", filter_suffix, id, name: "pictures" }))
          .concat([{ filter_prefix: "incoming/", id: "others", name: "others" } as never])
          .map(({ name, ...filter }) => ({
            ...filter,
            events: ["s3:ObjectCreated:*"],
            queue_arn: expect.stringMatching(new RegExp(`^\\$\\{aws_sqs_queue\\.${name}_Queue_\\w+\\.arn\\}$`)),
          })),
        depends_on: [
          expect.stringMatching(/^aws_sqs_queue_policy\.pictures_/),
          expect.stringMatching(/^aws_sqs_queue_policy\.others_/),
        ],
      }),
    );
  });

  test("SEC-03 nobody else may send, and S3 may use the key for that bucket", () => {
    const stack = notify({ others: { prefix: "incoming/" } });
    const from = { "aws:SourceArn": `arn:aws:s3:::${bucketName}` };
    expect(statements(stack, "aws_sqs_queue_policy", "others_Queue_Policy").BucketSends).toEqual({
      Sid: "BucketSends",
      Effect: "Allow",
      Principal: { Service: ["s3.amazonaws.com"] },
      Action: ["sqs:SendMessage"],
      Resource: ["arn:aws:sqs:us-east-1:111111111111:tap-records-others-dev-us-east-1"],
      Condition: { StringEquals: { "aws:SourceAccount": "111111111111" }, ArnEquals: from },
    });
    expect(statements(stack, "aws_kms_key").Publishs3amazonawscom).toMatchObject({
      Principal: { Service: ["s3.amazonaws.com"] },
      Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
      Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
    });
  });

  test.each([
    ["anything under one prefix", { prefix: "a/" }, { prefix: "a/", suffixes: [".csv"] }, "given a/* and a/*.csv"],
    ["one suffix in another", { prefix: "a/", suffixes: [".gz"] }, { prefix: "a/b/", suffixes: [".tar.gz"] }, "*.gz"],
    ["the same suffix twice", { prefix: "a/", suffixes: [".csv", ".csv"] }, { prefix: "b/" }, "a/*.csv and a/*.csv"],
  ])("FIL-01 two filters that fit one key are refused: %s", (_, one, other, message) => {
    expect(() => notify({ one, other })).toThrow(message);
  });

  test.each([
    ["other prefixes", { prefix: "a/" }, { prefix: "b/" }],
    ["upper and lower case", { prefix: "a/", suffixes: [".csv"] }, { prefix: "a/", suffixes: [".CSV"] }],
  ])("two filters that fit no one key are taken: %s", (_, one, other) => {
    expect(() => notify({ one, other })).not.toThrow();
  });
});

describe("a bucket that browsers come to", () => {
  test("FIL-01 lets in those of its origins, with what a presigned upload is bound to", () => {
    const { stack } = newBucket({ allowedOrigins: ["https://app.example.com"] });
    expect(built(stack, "aws_s3_bucket_cors_configuration").cors_rule).toEqual([
      {
        allowed_origins: ["https://app.example.com"],
        allowed_methods: ["GET", "PUT"],
        allowed_headers: ["content-type", "x-amz-checksum-sha256"],
        expose_headers: ["etag", "x-amz-version-id"],
        max_age_seconds: 3_600,
      },
    ]);
  });

  test("FIL-01 lets none in where there are none", () => {
    expect(Object.keys(newBucket().stack.toTerraform().resource)).not.toContain("aws_s3_bucket_cors_configuration");
  });
});

test("PLAT-19 a function gets each kind of object with its own calls, and the key once", () => {
  const { stack, key, bucket } = newBucket();
  const lambda = new NodeFunction(stack, "Write", {
    entry: "records/write",
    description: "Writes",
    key,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 1,
  });
  bucket.grantObjects(lambda, { "uploads/*": ["s3:GetObjectVersion"], "results/*": ["s3:PutObject"] });
  const arn = `arn:aws:s3:::${bucketName}`;
  expect(statements(stack, "aws_iam_role_policy", "data-access")).toMatchObject({
    BucketObjects: { Action: ["s3:GetObjectVersion"], Resource: [`${arn}/uploads/*`] },
    BucketObjects2: { Action: ["s3:PutObject"], Resource: [`${arn}/results/*`] },
    BucketObjectsKey: { Action: ["kms:Decrypt", "kms:GenerateDataKey"] },
  });
});
