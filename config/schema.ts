import { z } from "zod";
import { isPrivateCidr, prefixLength } from "./cidr";
import { flag, oneOf, region, text, wholeNumber } from "./fields";
import { api, delivery, files, jobs, records, stream } from "./systems";

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

const suffix = text(suffixPattern, "1 to 12 lower-case letters and digits, e.g. dev or pr12");
const accountId = text(/^\d{12}$/, "an AWS account id: 12 digits, in quotes");
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
    /** Whether a CloudTrail trail of all regions records the use of keys and who touched which object, item and function (SEC-05). */
    trail: flag,
    /** Days that its files are kept: 1 to 36,500; its log group keeps `logs.retentionDays`. */
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
  /** Releases, their way through the environments, and drift. */
  delivery,
  /** The `api` system, in each region. */
  api,
  /** The `records` system. */
  records,
  /** The `jobs` system, the workload of the platform. */
  jobs,
  /** The `stream` system. */
  stream,
  /** The `files` system. */
  files,
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
