import { z } from "zod";
import { isPrivateCidr, prefixLength } from "./cidr";

/*
 * Every value that differs between environments (PLAT-02). Each leaf carries, as its zod error, the
 * text that finishes "must be …", with the AWS limit that it comes from; validate.ts turns what zod finds
 * into one message per problem.
 */

/** Days that CloudWatch Logs takes: PutRetentionPolicy, API reference, `retentionInDays`. */
const logRetentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** Interface endpoints that the isolated VPC can hold; the names end `com.amazonaws.{region}.…`. */
export const interfaceEndpoints = [
  "bedrock-runtime",
  "events",
  "kinesis-streams",
  "kms",
  "lambda",
  "logs",
  "monitoring",
  "secretsmanager",
  "sns",
  "sqs",
  "ssm",
  "states",
  "sts",
  "xray",
] as const;

/** An environment's segment in every name (PLAT-16). */
export const suffixPattern = /^[a-z0-9]{1,12}$/;
/** Commercial regions: ARNs are computed with the partition `aws`. */
export const regionPattern = /^(?!us-gov-|cn-)[a-z]{2}-[a-z]+-\d$/;

const suffix = text(suffixPattern, "1 to 12 lower-case letters and digits, e.g. dev or pr12");
const accountId = text(/^\d{12}$/, "an AWS account id: 12 digits, in quotes");
const region = text(regionPattern, "a commercial AWS region, e.g. us-east-1");
const flag = z.boolean({ error: "must be true or false" });
const retentionDays = oneOf(logRetentionDays, "days, the values that CloudWatch Logs takes");

const regionSettings = z.strictObject({
  /** Address range of the VPC there: private IPv4, /16 to /24 (a VPC takes /16 to /28; its three subnets take a quarter each). Overlaps no other range of the project. */
  cidrBlock: z
    .string({ error: "must be an IPv4 range such as 10.0.0.0/16" })
    .refine((value) => isPrivateCidr(value) && prefixLength(value) >= 16 && prefixLength(value) <= 24, {
      error:
        "must be a private IPv4 range (RFC 1918) that starts on its own boundary, from /16 to /24, e.g. 10.0.0.0/16",
    }),
  /** Exactly three availability zone ids (not names: a name means another zone in each account). Some zones lack endpoints or Lambda, so they are chosen and not counted. */
  zoneIds: z
    .array(text(/^[a-z]{3,5}\d-az\d+$/, "a zone id such as use1-az1"), { error: "must be a list of three zone ids" })
    .refine((ids) => ids.length === 3 && new Set(ids).size === 3, {
      error: 'must be three different zone ids, e.g. ["use1-az1", "use1-az2", "use1-az4"]',
    }),
});

const tagText = text(
  /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u,
  "1 to 256 letters, digits, spaces or _.:/=+-@ (what AWS allows in a tag)",
);

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

const api = z.strictObject({
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

const jobs = z.strictObject({
  /** Takes jobs in. */
  submit: functionSettings,
  /** Says how far a job is. */
  follow: functionSettings,
  allowedOrigins,
  clients,
  /** The worker. */
  lambda: consumerSettings,
  api: z.strictObject({
    /** Steady rate of the stage, requests per second: 1 to 10,000 (API Gateway's account quota). */
    throttlingRateLimit: wholeNumber(1, 10_000, "requests per second, API Gateway's account quota"),
    /** Burst of the stage, requests: 1 to 5,000 (API Gateway's account quota). */
    throttlingBurstLimit: wholeNumber(1, 5_000, "requests, API Gateway's account quota"),
  }),
  bucket: z.strictObject({
    /** Days after which an object expires, or `"never"`. Intelligent-Tiering starts at 30 days, where the expiry is later. */
    expirationDays: z.union([z.int().min(1).max(36_500), z.literal("never")], {
      error: 'must be a whole number from 1 to 36500 (days) or "never"',
    }),
  }),
  queue: z.strictObject({
    /** Days that a message is kept: 1 to 14 (SQS keeps 60 s to 14 days). */
    messageRetentionDays: wholeNumber(1, 14, "days, SQS keeps no message longer"),
    /** Receives before a message moves to the dead-letter queue: 1 to 1,000 (SQS redrive policy). */
    maxReceiveCount: wholeNumber(1, 1_000, "receives, SQS's range"),
  }),
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

const records = z.strictObject({
  write: functionSettings,
  read: functionSettings,
  table: z.strictObject({
    readCapacity: capacityRange,
    writeCapacity: capacityRange,
    /** Share of the capacity that auto scaling aims to have in use, percent: 20 to 90 (DynamoDB, auto scaling). */
    targetUtilizationPercent: wholeNumber(20, 90, "percent, DynamoDB's range"),
  }),
});

/** What a short-lived environment may set otherwise than the environment it is made from. */
const settings = {
  /** Deletion protection on what holds data, and on the VPC; an environment that has it is not destroyable in one command. */
  deletionProtection: flag,
  logs: z.strictObject({
    /** Days that log groups keep events, one of CloudWatch's values. A system with a fixed retention says so itself (FIL-09, REC-05). */
    retentionDays,
  }),
  kms: z.strictObject({
    /** Days between the deletion of a customer key and its end: 7 to 30 (KMS ScheduleKeyDeletion). */
    deletionWindowDays: wholeNumber(7, 30, "days, KMS's range"),
  }),
  network: z.strictObject({
    /** Interface endpoints of the VPC. Each costs per zone and hour: list what the functions call, nothing else. */
    interfaceEndpoints: z
      .array(oneOf(interfaceEndpoints, "the endpoints this project knows"), {
        error: "must be a list of endpoint names",
      })
      .refine((names) => new Set(names).size === names.length, { error: "must not name an endpoint twice" }),
  }),
  alarms: z.strictObject({
    /** Team mailboxes that the alarm topic writes to; they stand in the encrypted state (SEC-04). */
    emails: z.array(z.email({ error: "must be an e-mail address of a team" }), {
      error: "must be a list of e-mail addresses",
    }),
    /** Periods in a row before an alarm fires: 1 to 10. */
    evaluationPeriods: wholeNumber(1, 10, "periods"),
    /** Share of failed invocations that raises an alarm, percent: 1 to 100. */
    errorRatePercent: wholeNumber(1, 100, "percent"),
  }),
  /** Whether functions send traces to X-Ray (STR-07). */
  tracing: flag,
  audit: z.strictObject({
    /** Whether a CloudTrail trail per region records the use of keys and who touched which object, item and function (SEC-05). */
    trail: flag,
    /** Days that what it recorded is kept: 1 to 36,500. */
    retentionDays: wholeNumber(1, 36_500, "days"),
  }),
  recovery: z.strictObject({
    /** Region of the environment that what exists once (jobs, records, states) is replicated to, and backups are copied to (PLAT-14, PLAT-22), or `"none"`. Changed later, Terraform wants to remove the replicas. */
    secondRegion: z.union([region, z.literal("none")], { error: 'must be a region, e.g. us-west-2, or "none"' }),
    /** Days that backups are kept: 1 to 36,500 (AWS Backup, lifecycle). */
    backupRetentionDays: wholeNumber(1, 36_500, "days, AWS Backup's range"),
    /** The primary region of before, while the environment works on the replicas that are in `primaryRegion` (docs/operations/recovery.md). @default none: the data are where they were made */
    failedOverFrom: region.optional(),
  }),
  /** The `api` system, in each region. */
  api,
  /** The `records` system. */
  records,
  /** The `jobs` system, the workload of the platform. */
  jobs,
};

export const environmentSchema = z.strictObject({
  /** Name of the environment and, in all its names, its suffix. */
  environment: suffix,
  /** The AWS account that it lives in. `TAP_{ENVIRONMENT}_ACCOUNT_ID` overrides it. */
  accountId,
  /** Whether other environments may live in the same account. @default false */
  sharedAccount: flag.default(false),
  /** Region of what exists once. @default AWS_REGION, else AWS_DEFAULT_REGION, else us-east-1 */
  primaryRegion: region.optional(),
  /** All regions of the environment. A further line here is all that a further region takes. */
  regions: z
    .record(z.string(), regionSettings, { error: "must map regions to their cidrBlock and zoneIds" })
    .refine((value) => Object.keys(value).length > 0, { error: "must name one region at least" }),
  /** Values of the tags that every taggable resource carries (PLAT-15); teams, never persons. */
  tags: z.strictObject({
    project: tagText,
    author: tagText,
    owner: tagText,
    costCenter: tagText,
  }),
  /** GitHub repository whose workflows may enter, `owner/name`; also the tag Repository. */
  repository: text(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, "a GitHub repository: owner/name"),
  /** Roles of people who may run Terraform by hand: exact ARNs that may assume the deploy and plan roles. */
  operatorRoleArns: z.array(
    text(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, "the ARN of an IAM role, without wildcards"),
    {
      error: "must be a list of IAM role ARNs",
    },
  ),
  /** What the account allows, per region (PLAT-23); raise it here when AWS has raised it there. */
  accountQuotas: z.strictObject({
    /** Lambda concurrent executions; AWS's default is 1,000, of which 100 stay unreserved. */
    concurrentExecutions: wholeNumber(101, 1_000_000, "executions at once; AWS's default is 1000"),
    /** Concurrency per region that is reserved for functions that are not this project's. */
    otherReservedConcurrency: wholeNumber(0, 1_000_000, "executions at once"),
    /** VPCs per region; AWS's default is 5. */
    vpcsPerRegion: wholeNumber(1, 1_000, "VPCs; AWS's default is 5"),
    /** VPCs per region that are not this project's; a new account has one default VPC in each region. */
    otherVpcsPerRegion: wholeNumber(0, 1_000, "VPCs; a new account has one in each region"),
  }),
  ...settings,
  /** How environments made from this one on the fly (a pull request, a developer) differ from it. */
  shortLived: z
    .strictObject({
      /** Pool that their address ranges come from, a /22 per region; overlaps no other range. */
      cidrPool: z
        .string({ error: "must be an IPv4 range such as 10.128.0.0/9" })
        .refine((value) => isPrivateCidr(value) && prefixLength(value) <= 16, {
          error: "must be a private IPv4 range (RFC 1918) of /16 or larger, e.g. 10.128.0.0/9",
        }),
      /** Suffixes that are known to exist side by side; they count against the quotas, and no two share addresses. */
      suffixes: z.array(suffix, { error: "must be a list of suffixes" }),
      /** What differs, in the shape of the environment itself; the rest is taken from it. */
      settings: z.record(z.string(), z.unknown(), { error: "must be an object in the shape of the environment" }),
    })
    .optional(),
});

const settingsSchema = z.strictObject(settings);

type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;
type Input = z.input<typeof environmentSchema>;

/** One environment as its file in config/ writes it. */
export type EnvironmentConfig = Omit<Input, "shortLived"> & {
  shortLived?: Omit<NonNullable<Input["shortLived"]>, "settings"> & {
    settings: DeepPartial<z.input<typeof settingsSchema>>;
  };
};

/** One environment, checked and with its defaults. */
export type CheckedEnvironment = z.output<typeof environmentSchema>;

function text(pattern: RegExp, valid: string) {
  const error = `must be ${valid}`;
  return z.string({ error }).regex(pattern, { error });
}

function wholeNumber(minimum: number, maximum: number, unit: string) {
  const error = `must be a whole number from ${minimum} to ${maximum} (${unit})`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

function oneOf<const T extends readonly [string | number, ...(string | number)[]]>(values: T, what: string) {
  return z.literal(values, { error: `must be one of ${values.join(", ")} (${what})` });
}
