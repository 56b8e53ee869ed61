import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { adding, allowing, bootstrap, changing, policy } from "./mutations";

type Change = Parameters<typeof policy>[3];

const plan = (subject: string, change: Change): Mutation =>
  policy("aws_iam_policy", `PlanRole_Policy-${subject}`, "policy", change);

const deploy = (subject: string, change: Change): Mutation =>
  policy("aws_iam_policy", `DeployRole_Policy-${subject}`, "policy", change);

/** Each action allowed on all resources, as a mutation of its own. */
const eachAction = (role: string, mutate: (change: Change) => Mutation, actions: readonly string[]) =>
  Object.fromEntries(
    actions.map((action) => [`the ${role} role may ${action}`, mutate(allowing(action, ["*"]))] as const),
  );

const dataOnAnything = [
  "dynamodb:BatchGetItem",
  "dynamodb:GetItem",
  "dynamodb:GetRecords",
  "dynamodb:Query",
  "ec2:GetConsoleOutput",
  "ec2:GetPasswordData",
  "kinesis:GetRecords",
  "kms:Decrypt",
  "logs:FilterLogEvents",
  "logs:GetLogEvents",
  "logs:GetLogRecord",
  "logs:GetQueryResults",
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:getobject",
  "secretsmanager:BatchGetSecretValue",
  "sqs:ReceiveMessage",
  "ssm:GetParameter",
  "ssm:GetParametersByPath",
];

const changes = [
  "*",
  "*:*",
  "dynamodb:BatchWriteItem",
  "ec2:RunInstances",
  "iam:CreateRole",
  "iam:SetDefaultPolicyVersion",
  "kms:Encrypt",
  "lambda:InvokeFunction",
  "s3:*",
  "s3:RestoreObject",
  "sns:Publish",
  "ssm:SendCommand",
  "ssm:StartSession",
  "sts:AssumeRole",
];

const rightsToRights = [
  "*",
  "IAM:createrole",
  "ec2:*",
  "iam:*",
  "iam:AddUserToGroup",
  "iam:AttachRolePolicy",
  "iam:AttachUserPolicy",
  "iam:CreateAccessKey",
  "iam:CreatePolicyVersion",
  "iam:CreateUser",
  "iam:DeleteRolePermissionsBoundary",
  "iam:DeleteRolePolicy",
  "iam:DetachRolePolicy",
  "iam:PassRole",
  "iam:PutRolePermissionsBoundary",
  "iam:PutRolePolicy",
  "iam:UpdateAssumeRolePolicy",
  "s3:Get?bject",
  "sts:AssumeRole",
  "sts:GetFederationToken",
];

prove(
  plat13,
  {
    "the plan role may read objects": plan("state", allowing("s3:GetObject", ["arn:aws:s3:::tap-files-*"])),
    "the plan role may read items": plan(
      "state",
      allowing("dynamodb:Scan", ["arn:aws:dynamodb:*:111111111111:table/tap-jobs-*"]),
    ),
    "the plan role may read secrets": plan("metadata", allowing("secretsmanager:GetSecretValue", ["*"])),
    "the plan role may write": plan("metadata", allowing("s3:PutObject", ["*"])),
    "the plan role may do all that a service offers": plan("metadata", allowing("ec2:*", ["*"])),
    ...eachAction("plan", (change) => plan("metadata", change), [...dataOnAnything, ...changes]),
    "the plan role may read all but some": plan(
      "metadata",
      adding({ Action: ["s3:GetObject"], NotResource: ["arn:aws:s3:::other/*"] }),
    ),
    "the plan role may do all but some": plan("metadata", adding({ NotAction: ["iam:CreateUser"], Resource: ["*"] })),
    "the plan role's rights are in a form without lists": plan("metadata", adding({ Action: "s3:*", Resource: "*" })),
    "the plan role's rights are no literal JSON": bootstrap((stack) => {
      resource(stack, "aws_iam_policy", "PlanRole_Policy-metadata").policy =
        "${data.aws_iam_policy_document.Other.json}";
    }),
    "the plan role may read the whole lock table": plan(
      "state",
      changing("ReadDigests", () => ({ Condition: undefined })),
    ),
    "the plan role may read any item of the lock table": plan(
      "state",
      changing("ReadDigests", () => ({
        Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["*"] } },
      })),
    ),
    "the plan role may decrypt with every key": plan(
      "state",
      changing("UseStateKey", () => ({ Resource: ["arn:aws:kms:*:111111111111:key/*"] })),
    ),
    "the plan role may read another bucket that starts like the states'": plan(
      "state",
      changing("ReadStates", ({ Resource }) => ({
        Resource: Resource?.map((arn) => arn.replace("/tap-", "-copy/tap-")),
      })),
    ),
    "the plan role may decrypt with every key for functions of another account": plan(
      "service-metadata",
      changing("ReadFunctionSettings", ({ Condition }) => ({ Condition: { StringLike: Condition?.StringLike ?? {} } })),
    ),
    "the plan role may decrypt with every key through any service": plan(
      "service-metadata",
      changing("ReadFunctionSettings", ({ Condition }) => ({
        Condition: { StringEquals: Condition?.StringEquals ?? {} },
      })),
    ),
    "the plan role may read every setting of API Gateway": plan(
      "api-metadata",
      allowing("apigateway:GET", ["arn:aws:apigateway:*::/*"]),
    ),
    "the plan role may change APIs": plan(
      "api-metadata",
      allowing("apigateway:PATCH", ["arn:aws:apigateway:*::/restapis/*"]),
    ),
    "the plan role may become the deploy role": plan(
      "itself",
      changing("AssumeItself", ({ Resource }) => ({
        Resource: Resource?.map((arn) => arn.replace("-plan-", "-deploy-")),
      })),
    ),
    "the plan role may write to any topic": plan(
      "drift",
      changing("TellOfDrift", () => ({ Resource: ["arn:aws:sns:*:111111111111:tap-*"] })),
    ),
    "the plan role may measure what it likes": plan(
      "drift",
      changing("MeasureDrift", () => ({ Condition: { StringLike: { "cloudwatch:namespace": "Tap/*" } } })),
    ),
    "the plan role may decrypt what any topic was sent": plan(
      "drift",
      changing("EncryptMessages", ({ Condition }) => ({ Condition: { StringEquals: Condition?.StringEquals ?? {} } })),
    ),
    "the deploy role may read releases of any account": deploy(
      "monitoring",
      changing("TakeReleases", () => ({ Resource: ["arn:aws:iam::*:role/tap-delivery-release-reader-*"] })),
    ),
    "the deploy role may make locked buckets of another account": deploy(
      "data",
      changing("CreateLockedBuckets", () => ({ Condition: undefined })),
    ),
    "the deploy role may encrypt releases of another account": deploy(
      "monitoring",
      changing("EncryptReleases", () => ({ Condition: undefined })),
    ),
    "the deploy role may make roles without a boundary": deploy("roles", allowing("iam:CreateRole", ["*"])),
    ...eachAction("deploy", (change) => deploy("roles", change), rightsToRights),
    "the deploy role may make roles under another boundary": deploy(
      "roles",
      changing("CreateRolesUnderTheBoundary", () => ({
        Condition: { StringLike: { "iam:PermissionsBoundary": "arn:aws:iam::*:policy/*" } },
      })),
    ),
    "the deploy role may make roles under the boundary if there is one": deploy(
      "roles",
      changing("CreateRolesUnderTheBoundary", ({ Condition }) => ({
        Condition: { StringEqualsIfExists: Condition?.StringEquals ?? {} },
      })),
    ),
    "the deploy role may make roles of any name": deploy(
      "roles",
      changing("CreateRolesUnderTheBoundary", () => ({ Resource: ["*"] })),
    ),
    "the deploy role may pass roles to any service": deploy(
      "roles",
      changing("PassRoles", () => ({ Condition: undefined })),
    ),
    "the deploy role may pass roles to services by a pattern": deploy(
      "roles",
      changing("PassRoles", () => ({ Condition: { StringEquals: { "iam:PassedToService": ["*"] } } })),
    ),
    "the deploy role may make any service's role": deploy(
      "data",
      changing("FirstScaledTable", () => ({ Resource: ["arn:aws:iam::*:role/aws-service-role/*"] })),
    ),
    "the deploy role may make a role for any service": deploy(
      "data",
      changing("FirstScaledTable", () => ({ Condition: undefined })),
    ),
    "the deploy role may delete states": deploy("data", allowing("s3:DeleteObject", ["arn:aws:s3:::tap-*/*"])),
    "the deploy role may delete any bucket": deploy("data", allowing("s3:DeleteBucket", ["*"])),
    ...Object.fromEntries(
      ["Create", "Manage"].map((verb) => [
        `the deploy role may have anybody's function read a queue: ${verb}`,
        deploy(
          "functions",
          changing(`${verb}EventSources`, () => ({ Condition: undefined })),
        ),
      ]),
    ),
    "the deploy role may have functions of another account read a queue": deploy(
      "functions",
      changing("CreateEventSources", () => ({
        Condition: { ArnLike: { "lambda:FunctionArn": "arn:aws:lambda:*:*:function:tap-*" } },
      })),
    ),
    "the deploy role may have any function read a queue, in other letters": deploy(
      "functions",
      allowing("lambda:createeventsourcemapping", ["*"]),
    ),
    "the deploy role may become any role": deploy(
      "roles",
      changing("AssumeItself", () => ({ Resource: ["*"] })),
    ),
    "the deploy role may do all but some": deploy("network", adding({ NotAction: ["iam:*"], Resource: ["*"] })),
    "the deploy role may change all but some": deploy(
      "network",
      adding({ Action: ["ec2:DeleteVpc"], NotResource: ["arn:aws:ec2:*:*:vpc/vpc-1"] }),
    ),
  },
  { environments: ["dev", "staging", "prod"] },
);
