import { z } from "zod";
import { flag, oneOf, region, text, wholeNumber } from "./fields";

/* What differs between environments of the five systems. @see schema.ts */

const functionSettings = z.strictObject({
  /** Memory, MB: 128 to 10,240 (Lambda quotas). */
  memorySizeMb: wholeNumber(128, 10_240, "MB, Lambda's range"),
  /** Concurrency kept for the function and denied to it beyond: at least 1; counted against `accountQuotas` (PLAT-23). */
  reservedConcurrency: wholeNumber(1, 100_000, "executions at once"),
});

/** Where browsers may call from; never a wildcard (API-09). */
const allowedOrigins = z
  .array(
    text(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, "an origin: https://, a host in lower case, and a port if it isn't 443"),
    {
      error: "must be a list of origins",
    },
  )
  .refine((origins) => new Set(origins).size === origins.length, { error: "must not name an origin twice" });

/** Who calls: each has an API key of its own, and a share of its own of the usage plan. */
const clients = z
  .array(text(/^[a-z0-9]{1,20}$/, "a client's name: 1 to 20 lower-case letters and digits"), {
    error: "must be a list of clients' names",
  })
  .refine((names) => names.length > 0 && new Set(names).size === names.length, {
    error: "must name a client at least, and none twice",
  });

const apiDomain = z.strictObject({
  /** Name that callers use, `api.example.com`; in lower case, without a dot at its end, 64 characters at most (ACM, RequestCertificate: the common name); no other environment has it. */
  name: text(
    /^(?=.{1,64}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
    "a DNS name in lower case, of 64 characters at most (ACM's limit), e.g. api.example.com",
  ),
  /** Id of the public hosted zone that the name is in; in the environment's account. */
  hostedZoneId: text(/^Z[A-Z0-9]{1,31}$/, "the id of a Route 53 hosted zone: Z and up to 31 capitals and digits"),
});

/** A name of an API, and where it is looked up. */
export type ApiDomain = z.output<typeof apiDomain>;

const consumerSettings = z.strictObject({
  ...functionSettings.shape,
  /** As for any function, and at least 2: SQS asks for no fewer invocations at once (Lambda developer guide, maximum concurrency). */
  reservedConcurrency: wholeNumber(2, 100_000, "executions at once"),
});

export const delivery = z.strictObject({
  /** Who may remove a release before its time: with a right of its own, which the deploy role has where nothing is protected, or nobody, not even the account's root (S3 user guide, Object Lock). */
  releaseLockMode: oneOf(["GOVERNANCE", "COMPLIANCE"], "S3's modes of Object Lock"),
  /** Days that a release can't be changed or removed: 1 to 36,500 (S3, PutObjectLockConfiguration). */
  releaseRetentionDays: wholeNumber(1, 36_500, "days, Object Lock's range"),
  /** Whether somebody hears of drift, and of a day without a detection; for what `.github/workflows/drift.yml` looks at. */
  driftAlarms: flag,
});

export const api = z.strictObject({
  /** Creates, reads, lists, changes and deletes items (API-05: 100 of concurrency). */
  items: functionSettings,
  /** Says whether the API works. */
  health: functionSettings,
  /** Publishes changes of items to the other regions. */
  replicate: functionSettings,
  /** Takes in what other regions publish. */
  messages: consumerSettings,
  allowedOrigins,
  clients,
  /** Name of the API, which leads to the nearest region that works (PLAT-14). A short-lived environment has none. @default none: each region by AWS's own name */
  domain: apiDomain.optional(),
  /** Steady rate of the stage and of each client, requests per second: 1 to 10,000 (API Gateway's account quota). */
  throttlingRateLimit: wholeNumber(1, 10_000, "requests per second, API Gateway's account quota"),
  /** Burst of the stage and of each client, requests: 1 to 5,000 (API Gateway's account quota). */
  throttlingBurstLimit: wholeNumber(1, 5_000, "requests, API Gateway's account quota"),
  /** Requests that a client has each day: from 1. */
  requestsPerDay: wholeNumber(1, 1_000_000_000, "requests"),
});

/** A stage's limits: for all its callers together, and for those of one address. */
const stageLimits = z.strictObject({
  /** Steady rate of the stage, requests per second: 1 to 10,000 (API Gateway's account quota). */
  throttlingRateLimit: wholeNumber(1, 10_000, "requests per second, API Gateway's account quota"),
  /** Burst of the stage, requests: 1 to 5,000 (API Gateway's account quota). */
  throttlingBurstLimit: wholeNumber(1, 5_000, "requests, API Gateway's account quota"),
  /** Requests of one address in five minutes, beyond which the web ACL keeps it out: 10 to 2,000,000,000 (WAF, RateBasedStatement). Below 300 × throttlingRateLimit, or an address can use up the stage. */
  requestsPerAddress: wholeNumber(10, 2_000_000_000, "requests in five minutes, WAF's range"),
});

const bucketSettings = z.strictObject({
  /** Days after which an object expires, or `"never"`. Intelligent-Tiering starts at 30 days, where the expiry is later. */
  expirationDays: z.union([z.int().min(1).max(36_500), z.literal("never")], {
    error: 'must be a whole number from 1 to 36500 (days) or "never"',
  }),
});

const queueSettings = z.strictObject({
  /** Days that a message is kept: 1 to 14 (SQS keeps 60 s to 14 days). */
  messageRetentionDays: wholeNumber(1, 14, "days, SQS keeps no message longer"),
  /** Receives before a message moves to the dead-letter queue: 1 to 1,000 (SQS redrive policy). */
  maxReceiveCount: wholeNumber(1, 1_000, "receives, SQS's range"),
});

export const jobs = z.strictObject({
  /** Takes jobs in. */
  submit: functionSettings,
  /** Says how far a job is. */
  follow: functionSettings,
  allowedOrigins,
  clients,
  /** The worker. */
  lambda: consumerSettings,
  api: stageLimits,
  bucket: bucketSettings,
  queue: queueSettings,
  table: z.strictObject({
    /** Point-in-time recovery of the jobs table (PLAT-04: prod only). */
    pointInTimeRecovery: flag,
  }),
});

const capacityRange = z
  .strictObject({
    /** Capacity units that are always there: from 1. */
    minimum: wholeNumber(1, 40_000, "capacity units, DynamoDB's quota per table"),
    /** Capacity units that auto scaling goes up to; from the minimum to 40,000 (DynamoDB's quota per table). */
    maximum: wholeNumber(1, 40_000, "capacity units, DynamoDB's quota per table"),
  })
  .refine(({ minimum, maximum }) => maximum >= minimum, { error: "must have a maximum that is not below its minimum" });

export const records = z.strictObject({
  write: functionSettings,
  read: functionSettings,
  table: z.strictObject({
    readCapacity: capacityRange,
    writeCapacity: capacityRange,
    /** Share of the capacity that auto scaling aims to have in use, percent: 20 to 90 (DynamoDB, auto scaling). */
    targetUtilizationPercent: wholeNumber(20, 90, "percent, DynamoDB's range"),
  }),
});

export const stream = z.strictObject({
  /** Says whether the stream takes records. */
  health: functionSettings,
  /** Takes records in, and puts them on the stream. */
  ingest: functionSettings,
  /** Aggregates what is on the stream; a shard is read by one invocation at a time, so that as many as there are shards are of use. */
  consume: functionSettings,
  /** Puts the records of an object that was landed on the stream. */
  import: consumerSettings,
  /** Makes a new signing key, when the secret is rotated. */
  rotate: functionSettings,
  allowedOrigins,
  clients,
  api: stageLimits,
  kinesis: z.strictObject({
    /** Shards: 1 to 200 (Kinesis's lowest account quota, us-east-1 has more); each takes 1 MB or 1,000 records a second. */
    shardCount: wholeNumber(1, 200, "shards, Kinesis's lowest account quota"),
    /** Hours that a record can be read again: 24 to 8,760 (Kinesis, IncreaseStreamRetentionPeriod). */
    retentionHours: wholeNumber(24, 8_760, "hours, Kinesis's range"),
  }),
  consumer: z.strictObject({
    /** Records that one invocation gets at most: 1 to 10,000 (Lambda, CreateEventSourceMapping). */
    batchSize: wholeNumber(1, 10_000, "records, Lambda's range"),
    /** Seconds that Lambda gathers records before it invokes: 0 to 300 (same page). */
    maximumBatchingWindowSeconds: wholeNumber(0, 300, "seconds, Lambda's range"),
    /** Attempts after the first before a record goes to the dead letters: 0 to 10,000 (same page). */
    maximumRetryAttempts: wholeNumber(0, 10_000, "attempts, Lambda's range"),
    /** Hours after which a record that isn't done goes to the dead letters: 1 to 168 (same page, in seconds); less than it stays on the stream. */
    maximumRecordAgeHours: wholeNumber(1, 168, "hours, Lambda's range"),
  }),
  /** Landed objects, and the records that were aggregated. */
  bucket: bucketSettings,
  queue: queueSettings,
  secret: z.strictObject({
    /** Days between rotations: 1 to 30; what was signed before is accepted for one rotation more (Secrets Manager takes up to 1,000). */
    rotationDays: wholeNumber(1, 30, "days"),
  }),
});

/** `us.anthropic.claude-…`: an inference profile, by its id, with the model behind it and the regions that it spans. */
const model = z.strictObject({
  /** Id of the inference profile, which the setting `model` selects in Parameter Store. */
  profileId: text(
    /^[a-z]{2,6}(-[a-z]+)?\.[a-z0-9-]+\.[a-z0-9.:-]{1,64}$/,
    "the id of an inference profile, e.g. us.amazon.nova-lite-v1:0",
  ),
  /** Regions that the profile routes to (Bedrock user guide, supported regions for inference profiles); each is in the policy by name. */
  regions: z
    .array(region, { error: "must be a list of regions" })
    .refine((names) => names.length > 0 && new Set(names).size === names.length, {
      error: "must name a region at least, and none twice",
    }),
});

export const files = z.strictObject({
  /** Takes uploads in, lists, shows and deletes files. */
  catalog: functionSettings,
  /** Images: at least 256 and at most 2,048 MB, as for all three (FIL-02). */
  image: consumerSettings.extend({ memorySizeMb: wholeNumber(256, 2_048, "MB, FIL-02") }),
  document: consumerSettings.extend({ memorySizeMb: wholeNumber(256, 2_048, "MB, FIL-02") }),
  data: consumerSettings.extend({ memorySizeMb: wholeNumber(256, 2_048, "MB, FIL-02") }),
  allowedOrigins,
  clients,
  /** Cognito user pools of the account whose users call the API, with an API key as well (FIL-07). @default none: an API key alone */
  userPoolArns: z
    .array(
      text(/^arn:aws:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/[\w-]+_[0-9A-Za-z]+$/, "the ARN of a Cognito user pool"),
      { error: "must be a list of ARNs of user pools" },
    )
    .default([]),
  api: stageLimits,
  bucket: bucketSettings,
  queue: queueSettings.extend({
    /** As for any queue, and at least 2: the last receive is for saying why a file failed. */
    maxReceiveCount: wholeNumber(2, 1_000, "receives, SQS's range from 2"),
  }),
  bedrock: z.strictObject({
    /** Models that may be called; none: no function calls Bedrock. The endpoint `bedrock-runtime` must be among network.interfaceEndpoints then. */
    models: z.array(model, { error: "must be a list of models" }),
    /** Tokens a day, of all files together, after which the step is skipped: from 1. */
    dailyTokens: wholeNumber(1, 1_000_000_000, "tokens"),
  }),
});
