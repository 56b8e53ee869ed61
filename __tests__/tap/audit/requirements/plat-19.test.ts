import { toSubject } from "../../../../tap/audit/requirement";
import { plat19 } from "../../../../tap/audit/requirements/plat-19";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { provider, resource, subjectOf } from "../../../support/synthesized";
import { deliveryResource } from "./delivery-mutations";
import { add, adding, changing, nameOf, network, records, recordsResource, rewrite, security } from "./mutations";

const running = (change: Parameters<typeof rewrite>[2]) =>
  recordsResource("aws_iam_role_policy", "Write_Role_basic-execution", (policy) => rewrite(policy, "policy", change));

const arnOf = (stack: StackJson, name: string): string => {
  const [accountId] = provider(stack).allowed_account_ids as string[];
  return `arn:aws:lambda:${stack.region}:${accountId}:function:${name}`;
};

/** What the construct is to write for a function in a VPC, less one part of it. */
const inVpc = (deny: object | undefined) =>
  records((stack) => {
    const lambda = resource(stack, "aws_lambda_function", "Write");
    lambda.vpc_config = { subnet_ids: ["subnet-1"], security_group_ids: ["sg-1"] };
    if (deny === undefined) return;
    const statement = {
      Effect: "Deny",
      Action: ["ec2:*"],
      Resource: ["*"],
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": arnOf(stack, String(lambda.function_name)) } },
      ...deny,
    };
    rewrite(resource(stack, "aws_iam_role_policy", "Write_Role_basic-execution"), "policy", adding(statement));
  });

test.each(["dev", "prod"])(
  "PLAT-19 holds where a function in a VPC denies its code what its role needs, in %s",
  (environment) => {
    const subject = subjectOf(environment) as Parameters<Mutation>[0];
    inVpc({})(subject, environment);
    expect(plat19.judge(toSubject(subject))).toEqual([]);
  },
);

/** A role of the records may do this on that. */
const reaching = (action: string, resource: string) => running(adding({ Action: [action], Resource: [resource] }));

prove(
  plat19,
  {
    ...Object.fromEntries(
      [
        ["s3:DeleteObject", "arn:aws:s3:::*"],
        ["s3:GetObject", "arn:aws:s3:::*/*"],
        ["sqs:ReceiveMessage", "arn:aws:sqs:*:333333333333:*"],
        ["secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*"],
        ["iam:PassRole", "arn:aws:iam::*:role/*"],
        ["sqs:SendMessage", "arn:aws:sqs:us-east-1:999999999999:tap-jobs-dev-us-east-1"],
        ["kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/*"],
      ].map(([action, resource]) => [
        `a role may ${action} on ${resource}`,
        reaching(String(action), String(resource)),
      ]),
    ),
    "there is a user with a policy of AWS's": records((stack) => {
      add(stack, "aws_iam_user", { name: "somebody" });
    }),
    "a policy is attached from its own side": records((stack) =>
      add(stack, "aws_iam_policy_attachment", {
        name: "tap-records-admin",
        policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess",
      }),
    ),
    "a role's attachments are made exclusive": records((stack) =>
      add(stack, "aws_iam_role_policy_attachments_exclusive", {
        role_name: "x",
        policy_arns: ["arn:aws:iam::aws:policy/AdministratorAccess"],
      }),
    ),
    "a role trusts everyone": recordsResource("aws_iam_role", "Write", (role) => {
      rewrite(
        role,
        "assume_role_policy",
        changing("AssumeByService", () => ({ Principal: { AWS: "*" } })),
      );
    }),
    "a role trusts its service for any account": recordsResource("aws_iam_role", "Write", (role) => {
      rewrite(
        role,
        "assume_role_policy",
        changing("AssumeByService", () => ({ Condition: undefined })),
      );
    }),
    "a role trusts its service for any account where nobody says for which": recordsResource(
      "aws_iam_role",
      "Write",
      (role) => {
        rewrite(
          role,
          "assume_role_policy",
          changing("AssumeByService", ({ Condition }) => ({
            Condition: { StringEqualsIfExists: Condition?.StringEquals },
          })),
        );
      },
    ),
    "a role trusts CloudTrail for any account": recordsResource("aws_iam_role", "Write", (role) => {
      rewrite(
        role,
        "assume_role_policy",
        changing("AssumeByService", () => ({
          Principal: { Service: ["cloudtrail.amazonaws.com"] },
          Condition: undefined,
        })),
      );
    }),
    "a role trusts CloudTrail for another account": recordsResource("aws_iam_role", "Write", (role) => {
      rewrite(
        role,
        "assume_role_policy",
        changing("AssumeByService", () => ({
          Principal: { Service: ["cloudtrail.amazonaws.com"] },
          Condition: { StringEqualsIfExists: { "aws:SourceAccount": "999999999999" } },
        })),
      );
    }),
    "everyone may invoke a function": records((stack) =>
      add(stack, "aws_lambda_permission", {
        function_name: resource(stack, "aws_lambda_function", "Write").function_name,
        action: "lambda:InvokeFunction",
        principal: "*",
      }),
    ),
    "everyone may use a queue": recordsResource("aws_sqs_queue_policy", "Write", (policy) =>
      rewrite(policy, "policy", adding({ Principal: "*", Action: ["sqs:*"], Resource: ["*"] })),
    ),
    "another account may read dead letters": recordsResource("aws_sqs_queue_policy", "Write", (policy) =>
      rewrite(
        policy,
        "policy",
        adding({
          Principal: { AWS: ["arn:aws:iam::999999999999:root"] },
          Action: ["sqs:ReceiveMessage"],
          Resource: ["*"],
        }),
      ),
    ),
    "a service may publish alarms for any account": security((stack) =>
      rewrite(
        resource(stack, "aws_sns_topic_policy"),
        "policy",
        changing("Publishcloudwatchamazonawscom", () => ({ Condition: undefined })),
      ),
    ),
    ...Object.fromEntries(
      ["*", "*:*", "s3:*", "s3:Get*", "dynamodb:Get?tem"].map((action) => [
        `a role may ${action}`,
        running(adding({ Action: [action], Resource: ["arn:aws:s3:::tap-records/*"] })),
      ]),
    ),
    "a role may do all but some": running(adding({ NotAction: ["iam:*"], Resource: ["*"] })),
    "a role may do something everywhere but somewhere": running(
      adding({ Action: ["s3:GetObject"], NotResource: ["arn:aws:s3:::other/*"] }),
    ),
    "a role may write every log group": running(changing("WriteLogs", () => ({ Resource: ["*"] }))),
    "a role may send to every queue": running(changing("SendDeadLetters", () => ({ Resource: ["arn:aws:sqs:*:*:*"] }))),
    "a role may use every key": running(changing("DecryptSettings", () => ({ Resource: "*" }))),
    "a role may trace and delete": running(
      changing("WriteTraces", ({ Action = [] }) => ({ Action: [...Action, "xray:DeleteGroup"] })),
    ),
    "a role is under no boundary": recordsResource("aws_iam_role", "Write", (role) => {
      delete role.permissions_boundary;
    }),
    "a role is under a boundary of its own": recordsResource("aws_iam_role", "Write", (role) => {
      role.permissions_boundary = "arn:aws:iam::111111111111:policy/tap-records-boundary";
    }),
    "a role of the network is under no boundary": network((stack) => {
      delete resource(stack, "aws_iam_role", "FlowLogRole").permissions_boundary;
    }),
    "a role has a policy of AWS's": records((stack) =>
      add(stack, "aws_iam_role_policy_attachment", {
        role: `\${aws_iam_role.${nameOf(stack, "aws_iam_role", "Write")}.name}`,
        policy_arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
      }),
    ),
    "a role has a policy among its attributes": recordsResource("aws_iam_role", "Write", (role) => {
      role.managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"];
    }),
    "a policy can't be read": recordsResource("aws_iam_role_policy", "Write_Role_data-access", (policy) => {
      policy.policy = '${file("policy.json")}';
    }),
    "a function in a VPC may make network interfaces": inVpc(undefined),
    "a function in a VPC is denied some of it": inVpc({ Action: ["ec2:CreateNetworkInterface"] }),
    "a function in a VPC is allowed it": inVpc({ Effect: "Allow" }),
    "another function than the one in the VPC is denied": inVpc({
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:other" } },
    }),
    "all that the role does in a VPC is denied, Lambda's own part too": inVpc({ Condition: {} }),
    ...Object.fromEntries(
      Object.entries({
        "all of a foreign account": { Condition: {} },
        "a role of a foreign account": {
          Condition: { ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::444444444444:role/other"] } },
        },
        "a foreign account, under the name of the right role": {
          Principal: { AWS: ["arn:aws:iam::444444444444:root"] },
        },
        everyone: { Principal: "*", Condition: {} },
      }).map(([who, changes]) => [
        `the reader of releases lets ${who} in`,
        deliveryResource("aws_iam_role", "ReleaseReader", (role) =>
          rewrite(
            role,
            "assume_role_policy",
            changing("NamedRoles", () => ({ Principal: { AWS: ["arn:aws:iam::444444444444:root"] }, ...changes })),
          ),
        ),
      ]),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
