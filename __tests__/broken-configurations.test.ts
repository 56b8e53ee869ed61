import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject, tap } from "./support/project";

/*
 * PLAT-02: every way to get the configuration wrong goes through the real command, in a copy of the project:
 * one clear message, exit code 1, cdktf.out untouched.
 */

interface Broken {
  /** Requirements that the refusal is about. */
  ids: string;
  name: string;
  /** Replacements by file; each must find its text. */
  edits?: Record<string, readonly [string | RegExp, string]>;
  /** Files written, or removed where undefined. */
  files?: Record<string, string | undefined>;
  variables?: Record<string, string>;
  args?: readonly string[];
  /** What the message must say: path, value, what is valid. */
  says: readonly string[];
}

const dev = "config/dev.ts";
const staging = "config/staging.ts";
const hcl = "backend.hcl";

const cases: readonly Broken[] = [
  // Recovery
  {
    ids: "PLAT-14",
    name: "a failover to where the environment is",
    edits: { "config/prod.ts": ["recovery: {", 'recovery: { failedOverFrom: "us-east-1",'] },
    says: [
      "prod.recovery.failedOverFrom",
      '"us-east-1"',
      "must be the region that was primaryRegion before us-east-1: us-west-2",
    ],
  },
  {
    ids: "PLAT-14",
    name: "a failover without replicas",
    edits: { [dev]: ["recovery: {", 'recovery: { failedOverFrom: "us-west-2",'] },
    says: ["dev.recovery.failedOverFrom", "needs a secondRegion"],
  },
  // Shape
  {
    ids: "PLAT-02",
    name: "an unknown key",
    edits: { [dev]: ["deletionProtection:", 'colour: "red",\n  deletionProtection:'] },
    says: ["dev.colour", "is not a key here", "valid are environment, accountId"],
  },
  {
    ids: "PLAT-02",
    name: "a typo in a key",
    edits: { [dev]: ["lambda: { memorySizeMb", "lambda: { memorySizeMB"] },
    says: ["dev.jobs.lambda.memorySizeMB", 'did you mean "memorySizeMb"'],
  },
  {
    ids: "PLAT-02",
    name: "a missing key",
    edits: { [dev]: ["deletionProtection: false,", ""] },
    says: ["dev.deletionProtection: is missing", "true or false"],
  },
  {
    ids: "PLAT-02",
    name: "a missing section",
    edits: { [staging]: [/ {2}jobs: \{[\s\S]*?\n {2}\},\n/, ""] },
    says: [
      "staging.jobs: is missing",
      "an object with submit, follow, allowedOrigins, clients, lambda, api, bucket, queue, table",
    ],
  },
  {
    ids: "PLAT-02",
    name: "a section that is a number",
    edits: { [dev]: [/logs: \{[^}]*\}/, "logs: 14 as never"] },
    says: ["dev.logs: 14", "an object with retentionDays"],
  },
  {
    ids: "PLAT-02",
    name: "a number in quotes",
    edits: { [dev]: ["memorySizeMb: 512", 'memorySizeMb: "512" as never'] },
    says: ['dev.jobs.lambda.memorySizeMb: "512"', "from 128 to 10240"],
  },
  {
    ids: "PLAT-02",
    name: "a fraction",
    edits: { [dev]: ["memorySizeMb: 512", "memorySizeMb: 512.5"] },
    says: ["dev.jobs.lambda.memorySizeMb: 512.5", "whole number"],
  },
  // Values
  {
    ids: "PLAT-02",
    name: "memory of 100 MB",
    edits: { [dev]: ["memorySizeMb: 512", "memorySizeMb: 100"] },
    says: ["dev.jobs.lambda.memorySizeMb: 100", "from 128 to 10240"],
  },
  {
    ids: "PLAT-02",
    name: "memory of 20 GB",
    edits: { [dev]: ["memorySizeMb: 512", "memorySizeMb: 20480"] },
    says: ["dev.jobs.lambda.memorySizeMb: 20480", "from 128 to 10240"],
  },
  {
    ids: "PLAT-02",
    name: "no reserved concurrency",
    edits: {
      [dev]: [
        "lambda: { memorySizeMb: 512, reservedConcurrency: 10 }",
        "lambda: { memorySizeMb: 512, reservedConcurrency: 0 }",
      ],
    },
    says: ["dev.jobs.lambda.reservedConcurrency: 0", "from 2"],
  },
  {
    ids: "PLAT-02",
    name: "throttling above API Gateway's quota",
    edits: { [dev]: ["api: { throttlingRateLimit: 100,", "api: { throttlingRateLimit: 20000,"] },
    says: ["dev.jobs.api.throttlingRateLimit: 20000", "10000"],
  },
  {
    ids: "PLAT-02",
    name: "messages kept for 15 days",
    edits: { [dev]: ["messageRetentionDays: 4", "messageRetentionDays: 15"] },
    says: ["dev.jobs.queue.messageRetentionDays: 15", "from 1 to 14"],
  },
  {
    ids: "PLAT-02",
    name: "no receive at all",
    edits: { [dev]: ["maxReceiveCount: 3", "maxReceiveCount: 0"] },
    says: ["dev.jobs.queue.maxReceiveCount: 0", "from 1 to 1000"],
  },
  {
    ids: "PLAT-02",
    name: "objects that expire after a word",
    edits: { [dev]: ["expirationDays: 30", 'expirationDays: "soon" as never'] },
    says: ['dev.jobs.bucket.expirationDays: "soon"', '"never"'],
  },
  {
    ids: "PLAT-02",
    name: "a log retention that CloudWatch doesn't take",
    edits: { [staging]: ["retentionDays: 30", "retentionDays: 31 as never"] },
    says: ["staging.logs.retentionDays: 31", "1, 3, 5, 7, 14, 30, 60"],
  },
  {
    ids: "PLAT-02",
    name: "a key deleted within 3 days",
    edits: { [dev]: ["deletionWindowDays: 7", "deletionWindowDays: 3"] },
    says: ["dev.kms.deletionWindowDays: 3", "from 7 to 30"],
  },
  {
    ids: "PLAT-02",
    name: "an alarm address that is none",
    edits: { [dev]: ["tap-dev@example.com", "tap-dev"] },
    says: ['dev.alarms.emails.0: "tap-dev"', "e-mail address"],
  },
  {
    ids: "PLAT-02",
    name: "an error rate above 100 %",
    edits: { [dev]: ["errorRatePercent: 5", "errorRatePercent: 101"] },
    says: ["dev.alarms.errorRatePercent: 101", "from 1 to 100"],
  },
  {
    ids: "PLAT-02",
    name: "an endpoint that is not known",
    edits: { "config/common.ts": ['"sqs"', '"sqz"'] },
    says: ["network.interfaceEndpoints", '"sqz"', "one of"],
  },
  {
    ids: "PLAT-02",
    name: "an endpoint twice",
    edits: { "config/common.ts": ['"sqs"', '"sns"'] },
    says: ["network.interfaceEndpoints", "twice"],
  },
  {
    ids: "PLAT-02, PLAT-15",
    name: "a tag with a forbidden character",
    edits: { "config/common.ts": ['owner: "platform-team"', 'owner: "platform<team>"'] },
    says: ["tags.owner", '"platform<team>"', "256"],
  },
  {
    ids: "PLAT-02, PLAT-15",
    name: "a tag that is too long",
    edits: { "config/common.ts": ['costCenter: "cc-1000"', `costCenter: "${"c".repeat(257)}"`] },
    says: ["tags.costCenter", "1 to 256"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "a repository without an owner",
    edits: { "config/common.ts": ["example-org/tap", "tap"] },
    says: ["repository", '"tap"', "owner/name"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "an operator by wildcard",
    edits: { "config/common.ts": ["operatorRoleArns: []", 'operatorRoleArns: ["arn:aws:iam::111111111111:role/*"]'] },
    says: ["operatorRoleArns.0", "without wildcards"],
  },
  // Domains
  {
    ids: "PLAT-02, PLAT-14",
    name: "a domain that is an address",
    edits: {
      [dev]: [/^ {2}api: \{$/m, '$&\n    domain: { name: "https://api.example.com", hostedZoneId: "Z0123456789" },'],
    },
    says: ['dev.api.domain.name: "https://api.example.com"', "a DNS name in lower case", "e.g. api.example.com"],
  },
  {
    ids: "PLAT-02, PLAT-14",
    name: "a domain without a hosted zone",
    edits: { [dev]: [/^ {2}api: \{$/m, '$&\n    domain: { name: "api.example.com" } as never,'] },
    says: ["dev.api.domain.hostedZoneId: is missing", "the id of a Route 53 hosted zone"],
  },
  {
    ids: "PLAT-02, PLAT-14",
    name: "two environments of one domain",
    edits: {
      [dev]: [/^ {2}api: \{$/m, '$&\n    domain: { name: "api.example.com", hostedZoneId: "Z0123456789" },'],
      [staging]: [/^ {2}api: \{$/m, '$&\n    domain: { name: "api.example.com", hostedZoneId: "Z0123456789" },'],
    },
    says: ['staging.api.domain.name: "api.example.com"', "the domain of dev too"],
  },
  {
    ids: "PLAT-02, PLAT-14",
    name: "a domain for all short-lived environments",
    edits: {
      [dev]: [/^ {6}api: \{$/m, '$&\n        domain: { name: "api.example.com", hostedZoneId: "Z0123456789" },'],
    },
    says: ['dev.shortLived.settings.api.domain: "api.example.com"', "every short-lived environment"],
  },
  // Accounts
  {
    ids: "PLAT-02, PLAT-13",
    name: "an account id of 11 digits",
    edits: { [dev]: ["111111111111", "11111111111"] },
    says: ['dev.accountId: "11111111111"', "12 digits"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "an account id as a number",
    edits: { [dev]: ['"111111111111"', "111111111111 as never"] },
    says: ["dev.accountId: 111111111111", "in quotes"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "two environments in one account",
    edits: { [staging]: ["222222222222", "111111111111"] },
    says: ["staging.accountId", "the account of dev too", "sharedAccount: true in both"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "a shared account that one of two doesn't share",
    edits: { [staging]: ['accountId: "222222222222"', 'accountId: "111111111111",\n  sharedAccount: true'] },
    says: ["staging.accountId", "the account of dev too"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "an account override that is none",
    variables: { TAP_DEV_ACCOUNT_ID: "prod" },
    says: ['dev.accountId: "prod"', "12 digits"],
  },
  {
    ids: "PLAT-02, PLAT-13",
    name: "an account override of no environment",
    variables: { TAP_STAGIN_ACCOUNT_ID: "444444444444" },
    says: ["TAP_STAGIN_ACCOUNT_ID", 'did you mean "TAP_STAGING_ACCOUNT_ID"'],
  },
  // Regions and addresses
  {
    ids: "PLAT-02, STR-08",
    name: "a primary region that is not among the regions",
    edits: { [dev]: ['primaryRegion: "us-east-1"', 'primaryRegion: "us-east-2"'] },
    says: ['dev.primaryRegion: "us-east-2"', "us-east-1, us-west-2"],
  },
  {
    ids: "PLAT-02, STR-08",
    name: "a region from AWS_REGION that is not among the regions",
    edits: { [dev]: ['primaryRegion: "us-east-1",', ""] },
    variables: { AWS_REGION: "eu-west-1" },
    says: ["dev.primaryRegion (from AWS_REGION)", '"eu-west-1"', "us-east-1, us-west-2"],
  },
  {
    ids: "PLAT-02",
    name: "a region that is none",
    edits: { [dev]: ['"us-west-2": {', '"us-west": {'] },
    says: ["dev.regions.us-west", "commercial AWS region"],
  },
  {
    ids: "PLAT-02",
    name: "a region of another partition",
    edits: { [dev]: ['"us-west-2": {', '"cn-north-1": {'] },
    says: ["dev.regions.cn-north-1", "commercial AWS region"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "two zones",
    edits: { [dev]: ['"use1-az1", ', ""] },
    says: ["dev.regions.us-east-1.zoneIds", "three different zone ids"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "one zone twice",
    edits: { [dev]: ['"use1-az2"', '"use1-az1"'] },
    says: ["dev.regions.us-east-1.zoneIds", "three different zone ids"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a zone of another region",
    edits: { [dev]: ['"use1-az2"', '"usw2-az2"'] },
    says: ["dev.regions.us-east-1.zoneIds", '"usw2-az2"', "use1-az"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a zone by its name",
    edits: { [dev]: ['"use1-az2"', '"us-east-1b"'] },
    says: ["dev.regions.us-east-1.zoneIds.1", '"us-east-1b"', "use1-az1"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "ranges that overlap between environments",
    edits: { [staging]: ["10.16.0.0/16", "10.0.128.0/17"] },
    says: ["staging.regions.us-east-2.cidrBlock", "overlaps dev.regions.us-east-1.cidrBlock (10.0.0.0/16)"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a range that another environment has",
    edits: { [staging]: ["10.16.0.0/16", "10.0.0.0/16"] },
    says: ["staging.regions.us-east-2.cidrBlock", "overlaps dev.regions.us-east-1.cidrBlock"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a range in the pool of the short-lived",
    edits: { [staging]: ["10.16.0.0/16", "10.200.0.0/16"] },
    says: ["staging.regions.us-east-2.cidrBlock", "overlaps dev.shortLived.cidrPool"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a range that is too small",
    edits: { [dev]: ["10.0.0.0/16", "10.0.0.0/25"] },
    says: ["dev.regions.us-east-1.cidrBlock", "/16 to /24"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a public range",
    edits: { [dev]: ["10.0.0.0/16", "8.8.0.0/16"] },
    says: ["dev.regions.us-east-1.cidrBlock", "private IPv4 range"],
  },
  {
    ids: "PLAT-02, PLAT-12",
    name: "a range off its boundary",
    edits: { [dev]: ["10.0.0.0/16", "10.0.1.0/16"] },
    says: ["dev.regions.us-east-1.cidrBlock", "starts on its own boundary"],
  },
  // Quotas
  {
    ids: "PLAT-23",
    name: "concurrency over the quota",
    edits: { "config/prod.ts": ["reservedConcurrency: 200", "reservedConcurrency: 901"] },
    says: [
      "prod.accountQuotas.concurrentExecutions",
      "account 333333333333 in us-east-1 would hold 1534",
      "900 can be reserved",
    ],
  },
  {
    ids: "PLAT-23",
    name: "concurrency over the quota with the declared suffixes",
    edits: {
      [dev]: [/suffixes: \[\]/, 'suffixes: ["alice", "bob"]'],
      "config/common.ts": ["concurrentExecutions: 1_000", "concurrentExecutions: 353"],
    },
    says: ["dev.accountQuotas.concurrentExecutions", "dev 194, alice 30, bob 30"],
  },
  {
    ids: "PLAT-23",
    name: "more VPCs than a region takes",
    edits: { [dev]: [/suffixes: \[\]/, 'suffixes: ["a1", "b2", "c3", "d4"]'] },
    says: ["dev.accountQuotas.vpcsPerRegion", "5 VPCs", "4 are allowed (5 less 1 that are not this project's)"],
  },
  {
    ids: "PLAT-23",
    name: "a suffix that is one VPC too many",
    edits: { [dev]: [/suffixes: \[\]/, 'suffixes: ["a1", "b2", "c3"]'] },
    args: ["--env", "pr12"],
    says: ["dev.accountQuotas.vpcsPerRegion", "pr12 1"],
  },
  // Names, suffixes
  {
    ids: "PLAT-02",
    name: "an environment name that is too long",
    edits: { [dev]: ['environment: "dev"', 'environment: "development42"'] },
    says: ['development42.environment: "development42"', "1 to 12"],
  },
  {
    ids: "PLAT-02",
    name: "two environments of one name",
    edits: { [staging]: ['environment: "staging"', 'environment: "dev"'] },
    says: ['environment: "dev"', "declared twice"],
  },
  {
    ids: "FIL-10, PLAT-16",
    name: "a suffix that is too long",
    args: ["--env", "a-very-long-branch-name"],
    says: ['environment: "a-very-long-branch-name"', "1 to 12 lower-case letters and digits", 'try "averylon'],
  },
  {
    ids: "FIL-10",
    name: "a suffix with capitals and slashes",
    variables: { ENVIRONMENT_SUFFIX: "Feature/A1" },
    says: ['ENVIRONMENT_SUFFIX: "Feature/A1"', 'try "featurea1"'],
  },
  {
    ids: "FIL-10",
    name: "a suffix that is nearly an environment",
    variables: { ENVIRONMENT: "stagin" },
    says: ['ENVIRONMENT: "stagin"', 'the environment "staging"'],
  },
  {
    ids: "STR-08",
    name: "environment and environmentSuffix that differ",
    variables: { ENVIRONMENT: "dev", ENVIRONMENT_SUFFIX: "pr12" },
    says: ['ENVIRONMENT: "dev"', 'ENVIRONMENT_SUFFIX by another name, which is "pr12"'],
  },
  {
    ids: "FIL-10",
    name: "a declared suffix that is none",
    edits: { [dev]: [/suffixes: \[\]/, 'suffixes: ["my_env"]'] },
    says: ['dev.shortLived.suffixes.0: "my_env"', "lower-case letters and digits"],
  },
  {
    ids: "FIL-10",
    name: "a suffix without a profile to make it from",
    edits: { [dev]: [/ {2}shortLived: \{[\s\S]*?\n {2}\},\n/, ""] },
    args: ["--env", "pr12"],
    says: ['"pr12"', "no environment has a shortLived profile"],
  },
  {
    ids: "PLAT-02",
    name: "a typo in the short-lived settings",
    edits: {
      [dev]: ["lambda: { reservedConcurrency: 2 },", "lambda: { reservedConcurency: 2 } as never,"],
    },
    says: ["dev.shortLived.settings.jobs.lambda.reservedConcurency", 'did you mean "reservedConcurrency"'],
  },
  {
    ids: "PLAT-02",
    name: "a stack that there isn't",
    args: ["--stack", "netwrk"],
    says: ['--stack: "netwrk"', 'did you mean "network"'],
  },
  // Files
  {
    ids: "PLAT-02",
    name: "a missing configuration file",
    files: { [staging]: undefined },
    says: ["config/load.ts", "./staging"],
  },
  {
    ids: "PLAT-02",
    name: "a configuration file with a syntax error",
    edits: { [dev]: ["accountId:", "accountId"] },
    says: ["config/dev.ts:"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with a bucket",
    files: {
      [hcl]:
        'bucket = "mine"\ndynamodb_table = "tap-state-lock"\nkms_key_id = "alias/tap-state"\nencrypt = true\nuse_lockfile = true\n',
    },
    says: ['backend.hcl.bucket: "mine"', "one state"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with a key",
    edits: { [hcl]: ["encrypt ", 'key = "terraform.tfstate"\nencrypt '] },
    says: ['backend.hcl.key: "terraform.tfstate"', "one state"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with a region",
    edits: { [hcl]: ["encrypt ", 'region = "us-east-1"\nencrypt '] },
    says: ['backend.hcl.region: "us-east-1"', "one state"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with a typo",
    edits: { [hcl]: ["dynamodb_table", "dynamo_table"] },
    says: ["backend.hcl.dynamo_table", 'did you mean "dynamodb_table"', "backend.hcl.dynamodb_table: is missing"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl without encryption",
    edits: { [hcl]: [/encrypt .*/, "encrypt = false"] },
    says: ["backend.hcl.encrypt: false", "always encrypted"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl without the lock file",
    edits: { [hcl]: [/use_lockfile .*/, ""] },
    says: ["backend.hcl.use_lockfile: is missing", "always locked"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with S3's own key",
    edits: { [hcl]: ["alias/tap-state", "alias/aws/s3"] },
    says: ['backend.hcl.kms_key_id: "alias/aws/s3"', "customer key"],
  },
  {
    ids: "PLAT-20",
    name: "backend.hcl with a syntax error",
    files: { [hcl]: 'dynamodb_table = "tap-state-lock\n' },
    says: ["backend.hcl", "no valid HCL"],
  },
  { ids: "PLAT-20", name: "no backend.hcl", files: { [hcl]: undefined }, says: ["backend.hcl: is missing"] },
  {
    ids: "PLAT-02",
    name: "several things at once",
    edits: {
      [dev]: ["memorySizeMb: 512", "memorySizeMb: 100"],
      [staging]: ["222222222222", "2"],
      [hcl]: ["encrypt ", 'bucket = "mine"\nencrypt '],
    },
    says: ["3 things are wrong", "dev.jobs.lambda.memorySizeMb", "staging.accountId", "backend.hcl.bucket"],
  },
  // Records, tracing, audit
  {
    ids: "PLAT-02",
    name: "capacity whose end is below its start",
    edits: { [dev]: ["readCapacity: { minimum: 1, maximum: 10 }", "readCapacity: { minimum: 11, maximum: 10 }"] },
    says: ["dev.records.table.readCapacity", "must have a maximum that is not below its minimum"],
  },
  {
    ids: "PLAT-02",
    name: "capacity beyond DynamoDB's quota",
    edits: { [dev]: ["writeCapacity: { minimum: 1, maximum: 10 }", "writeCapacity: { minimum: 1, maximum: 50_000 }"] },
    says: ["dev.records.table.writeCapacity.maximum", "50000", "1 to 40000", "DynamoDB's quota per table"],
  },
  {
    ids: "PLAT-02",
    name: "a utilization that auto scaling doesn't take",
    edits: { [dev]: ["targetUtilizationPercent: 70", "targetUtilizationPercent: 95"] },
    says: ["dev.records.table.targetUtilizationPercent", "95", "20 to 90"],
  },
  {
    ids: "PLAT-02",
    name: "an audit trail that is neither on nor off",
    edits: { "config/prod.ts": ["trail: true", 'trail: "yes"'] },
    says: ["prod.audit.trail", "true or false"],
  },
  // API
  {
    ids: "API-09",
    name: "every origin",
    edits: { [dev]: ['allowedOrigins: ["https://dev.example.com"]', 'allowedOrigins: ["*"]'] },
    says: ['dev.api.allowedOrigins.0: "*"', "an origin: https://"],
  },
  {
    ids: "API-08",
    name: "an API without clients",
    edits: { [dev]: ['clients: ["web"]', "clients: []"] },
    says: ["dev.api.clients", "must name a client at least"],
  },
  // Code of functions
  {
    ids: "API-15",
    name: "a function that esbuild can't parse",
    edits: { "functions/records/read/handler.ts": [/$/, "\nexport const = 1;\n"] },
    says: ["functions/records/read/handler.ts:", "Expected identifier", "Nothing was written."],
  },
  {
    ids: "API-15",
    name: "a function that imports what isn't there",
    edits: { "functions/records/read/handler.ts": ['"../record-table"', '"../record-tabel"'] },
    says: ["functions/records/read/handler.ts:", "../record-tabel", "Nothing was written."],
  },
  {
    ids: "API-15",
    name: "a stack whose function has no code",
    edits: { "stacks/records.ts": ['entry: "records/read"', 'entry: "records/raed"'] },
    says: ["There is no functions/records/raed/handler.ts", "records/read, records/write"],
  },
];

const project = copyProject();
afterAll(() => project.remove());

/** Everything in cdktf.out, as one hash. */
function fingerprint(): string {
  const hash = createHash("sha256");
  const folder = join(project.root, "cdktf.out");
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort((a, b) =>
    a.parentPath + a.name < b.parentPath + b.name ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    // Of a function's binaries, 20 MB for each environment, when they were written says enough.
    const isBinary = path.includes("/node_modules/");
    hash
      .update(path)
      .update(isBinary ? String(statSync(path).mtimeMs) : entry.isFile() ? readFileSync(path) : "folder");
  }
  return hash.digest("hex");
}

let before: string;
beforeAll(() => {
  expect(tap(["synth"], { root: project.root }).exitCode).toBe(0);
  before = fingerprint();
});

/** Breaks the project, calls, and mends it again. */
function refusalOf({ edits = {}, files = {}, variables = {}, args = [] }: Broken) {
  const touched = [...Object.keys(edits), ...Object.keys(files)];
  const originals = new Map(touched.map((file) => [file, readFileSync(join(project.root, file), "utf8")]));
  try {
    for (const [file, [from, to]] of Object.entries(edits)) project.replace(file, from, to);
    for (const [file, text] of Object.entries(files)) {
      if (text === undefined) rmSync(join(project.root, file));
      else writeFileSync(join(project.root, file), text);
    }
    return tap(["synth", ...args], { root: project.root, variables });
  } finally {
    for (const [file, text] of originals) writeFileSync(join(project.root, file), text);
  }
}

test.each(cases.map((broken) => [broken.ids, broken.name, broken] as const))("%s refuses %s", (_ids, _name, broken) => {
  const { exitCode, stdout, stderr } = refusalOf(broken);
  for (const words of broken.says) expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
  expect(fingerprint()).toBe(before);
});

test("PLAT-02 there are at least 40 ways to be wrong, and the project is right again after them", () => {
  expect(cases.length).toBeGreaterThanOrEqual(40);
  const { exitCode, stdout } = tap(["synth"], { root: project.root });
  expect(stdout).toContain("nothing changed");
  expect(exitCode).toBe(0);
});
