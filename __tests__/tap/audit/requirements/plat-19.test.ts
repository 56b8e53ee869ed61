import { plat19 } from "../../../../tap/audit/requirements/plat-19";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, adding, changing, nameOf, network, records, recordsResource, rewrite } from "./mutations";

const running = (change: Parameters<typeof rewrite>[2]) =>
  recordsResource("aws_iam_role_policy", "Write_Role_basic-execution", (policy) => rewrite(policy, "policy", change));

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
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": String(lambda.function_name) } },
      ...deny,
    };
    rewrite(resource(stack, "aws_iam_role_policy", "Write_Role_basic-execution"), "policy", adding(statement));
  });

prove(
  plat19,
  {
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
  },
  { alone: true },
);
