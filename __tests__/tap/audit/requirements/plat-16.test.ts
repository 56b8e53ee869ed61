import { plat16 } from "../../../../tap/audit/requirements/plat-16";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";

const naming =
  (
    component: string,
    type: string,
    name: string | undefined,
    attribute: string,
    value: (old: string, environment: string) => string,
  ): Mutation =>
  (subject, environment) => {
    const attributes = resource(
      stackOf(subject, environment, component, component === "network" ? "us-west-2" : undefined),
      type,
      name,
    );
    attributes[attribute] = value(String(attributes[attribute]), environment);
  };

prove(plat16, {
  "a role's name lacks the suffix": naming("network", "aws_iam_role", undefined, "name", (old, environment) =>
    old.replace(`-${environment}-`, "-"),
  ),
  "a role's name lacks the region": naming("network", "aws_iam_role", undefined, "name", (old) =>
    old.replace("-us-west-2", ""),
  ),
  "a group's name lacks the project": naming("network", "aws_security_group", undefined, "name", (old) =>
    old.replace("tap-", ""),
  ),
  "a log group has another component's name": naming("network", "aws_cloudwatch_log_group", undefined, "name", (old) =>
    old.replace("network", "records"),
  ),
  "an alias is of no pattern": naming("network", "aws_kms_alias", undefined, "name", () => "alias/key"),
  "a name has capitals": naming("network", "aws_iam_role", undefined, "name", (old) => old.replace("flow", "Flow")),
  "a role's name is longer than IAM takes": naming("network", "aws_iam_role", undefined, "name", (old) =>
    old.replace("flow-logs", "flow-logs-that-are-written-by-the-vpc-in-this-region"),
  ),
  "a Name tag is of no pattern": (subject, environment) => {
    resource(stackOf(subject, environment, "network", "us-west-2"), "aws_vpc").tags = { Name: "vpc" };
  },
  "a parameter is of another environment": naming(
    "network",
    "aws_ssm_parameter",
    "output_vpc_id",
    "name",
    (old, environment) => old.replace(environment, "other"),
  ),
  "two stacks of an account want the same name": (subject, environment) => {
    const stack = stackOf(subject, environment, "network", "us-west-2");
    subject.stacks.push(stack);
  },
});

prove(
  plat16,
  {
    "a bucket's name lacks the account": naming("bootstrap", "aws_s3_bucket", "AccessLog", "bucket", (old) =>
      old.replace(/-\d{12}$/, ""),
    ),
    "the state bucket has another name": naming(
      "bootstrap",
      "aws_s3_bucket",
      "StateBucket",
      "bucket",
      () => "tap-state",
    ),
    "the lock table has another name": naming("bootstrap", "aws_dynamodb_table", undefined, "name", () => "locks"),
  },
  { environments: ["dev", "staging", "prod"] },
);
