import { rec01 } from "../../../../tap/audit/requirements/rec-01";
import { prove } from "../../../support/prove";
import { add, adding, changing, records, recordsResource, rewrite, without } from "./mutations";

const keyPolicy = (change: Parameters<typeof rewrite>[2]) =>
  recordsResource("aws_kms_key", "Key", (attributes) => rewrite(attributes, "policy", change));

/** The statement of each service, and the operator that its encryption context is compared by. */
const services = {
  DynamoDb: "StringLike",
  LambdaSettings: "ArnLike",
  LambdaCode: "ArnLike",
  Logs: "ArnEquals",
  Sqs: "ArnEquals",
};

const byService = Object.entries(services).flatMap(([sid, operator]) => [
  [`${sid} is left out of the key's policy`, keyPolicy(without(sid))] as const,
  [
    `${sid} may use the key for anything`,
    keyPolicy(changing(sid, ({ Condition }) => ({ Condition: { ...Condition, [operator]: undefined } }))),
  ] as const,
  [
    `${sid} may use the key for one thing less`,
    keyPolicy(
      changing(sid, ({ Condition }) => {
        const [[key, values]] = Object.entries(Condition?.[operator] ?? {}) as [[string, string[]]];
        return { Condition: { ...Condition, [operator]: { [key]: values.slice(1) } } };
      }),
    ),
  ] as const,
  [
    `${sid} may use the key for another system's things`,
    keyPolicy(
      changing(sid, ({ Condition }) => {
        const [[key, values]] = Object.entries(Condition?.[operator] ?? {}) as [[string, string[]]];
        return { Condition: { ...Condition, [operator]: { [key]: [...values, "tap-jobs-dev-us-east-1"] } } };
      }),
    ),
  ] as const,
]);

prove(
  rec01,
  {
    ...Object.fromEntries(byService),
    ...Object.fromEntries(
      Object.entries({
        DynamoDb: "StringNotLike",
        LambdaSettings: "ArnNotLike",
        Logs: "ArnNotEquals",
        Sqs: "ArnEqualsIfExists",
      }).map(([sid, operator]) => [
        `${sid} may use the key for all but its things`,
        keyPolicy(
          changing(sid, ({ Condition }) => {
            const { [services[sid as keyof typeof services]]: context, ...rest } = Condition ?? {};
            return { Condition: { ...rest, [operator]: context } };
          }),
        ),
      ]),
    ),
    "SQS may do everything with the key": keyPolicy(changing("Sqs", () => ({ Action: ["kms:*"] }))),
    "CloudWatch Logs may make grants": keyPolicy(
      changing("Logs", ({ Action = [] }) => ({ Action: [...Action, "kms:CreateGrant"] })),
    ),
    "another service may change the key": keyPolicy(
      adding({ Principal: { Service: ["ec2.amazonaws.com"] }, Action: ["kms:PutKeyPolicy"], Resource: ["*"] }),
    ),
    "the key is locked for ever": keyPolicy(
      adding({ Effect: "Deny", Principal: "*", Action: ["kms:PutKeyPolicy"], Resource: ["*"] }),
    ),
    "DynamoDB makes no grants": keyPolicy(without("ServicesKeepUsing")),
    "other services make grants": keyPolicy(
      changing("ServicesKeepUsing", ({ Condition }) => ({
        Condition: {
          StringEquals: {
            ...Condition?.StringEquals,
            "kms:ViaService": ["ec2.us-east-1.amazonaws.com", "rds.us-east-1.amazonaws.com"],
          },
        },
      })),
    ),
    "DynamoDB of another region may use the key": keyPolicy(
      changing("DynamoDb", ({ Condition }) => ({
        Condition: {
          ...Condition,
          StringEquals: { ...Condition?.StringEquals, "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com" },
        },
      })),
    ),
    "CloudWatch Logs of another region may use the key": keyPolicy(
      changing("Logs", () => ({ Principal: { Service: ["logs.eu-west-1.amazonaws.com"] } })),
    ),
    "the key is off": recordsResource("aws_kms_key", "Key", (key) => {
      key.is_enabled = false;
    }),
    "the key is not rotated": recordsResource("aws_kms_key", "Key", (key) => {
      delete key.enable_key_rotation;
    }),
    "there is a second key": records((stack) => add(stack, "aws_kms_key", { enable_key_rotation: true })),
    "the account may do all with the key": keyPolicy(changing("AccountAdministers", () => ({ Action: ["kms:*"] }))),
    "the account may decrypt with the key": keyPolicy(
      changing("AccountAdministers", ({ Action = [] }) => ({ Action: [...Action, "kms:Decrypt"] })),
    ),
    "the account may hand the key on by grants": keyPolicy(
      changing("AccountAdministers", ({ Action = [] }) => ({ Action: [...Action, "kms:Create*", "kms:CreateGrant"] })),
    ),
    "the account can't administer the key": keyPolicy(without("AccountAdministers")),
    "another service may use the key": keyPolicy(
      adding({
        Principal: { Service: ["ec2.amazonaws.com"] },
        Action: ["kms:Decrypt"],
        Resource: ["*"],
        Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
      }),
    ),
    "another account may use the key": keyPolicy(
      adding({ Principal: { AWS: ["arn:aws:iam::999999999999:root"] }, Action: ["kms:Decrypt"], Resource: ["*"] }),
    ),
    "everyone may use the key": keyPolicy(adding({ Principal: "*", Action: ["kms:Decrypt"], Resource: ["*"] })),
    "everything but some may be done with the key": keyPolicy(
      adding({ Principal: { AWS: ["arn:aws:iam::111111111111:root"] }, NotAction: ["kms:CreateKey"], Resource: ["*"] }),
    ),
    "a principal of another account may use it through DynamoDB": keyPolicy(
      changing("DynamoDb", ({ Condition }) => ({
        Condition: { ...Condition, StringEquals: { "kms:ViaService": Condition?.StringEquals?.["kms:ViaService"] } },
      })),
    ),
    "a principal may use it without DynamoDB": keyPolicy(
      changing("DynamoDb", ({ Condition }) => ({
        Condition: {
          ...Condition,
          StringEquals: { "kms:CallerAccount": Condition?.StringEquals?.["kms:CallerAccount"] },
        },
      })),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
