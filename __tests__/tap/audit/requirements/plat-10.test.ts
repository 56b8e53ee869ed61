import { plat10 } from "../../../../tap/audit/requirements/plat-10";
import { prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { accountStatement, declared, withoutAction } from "./delivery-mutations";
import { add, jobs, jobsResource, nameOf, records, recordsResource, remove } from "./mutations";

prove(plat10, {
  "there is no delivery stack": (subject, environment) => {
    subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "delivery")), 1);
  },
  "a function publishes no versions": recordsResource("aws_lambda_function", "Write", (lambda) => {
    lambda.publish = false;
  }),
  "a function has no alias": records((stack) => remove(stack, "aws_lambda_alias", "Write")),
  "a function has a second alias": records((stack) =>
    add(stack, "aws_lambda_alias", { ...resource(stack, "aws_lambda_alias", "Write"), name: "other" }),
  ),
  "an alias is of what isn't published": recordsResource("aws_lambda_alias", "Write", (alias) => {
    alias.function_version = "$LATEST";
  }),
  "an alias is of an old version": recordsResource("aws_lambda_alias", "Read", (alias) => {
    alias.function_version = "1";
  }),
  "nobody hears of a function's errors": records((stack) => {
    const name = nameOf(stack, "aws_cloudwatch_metric_alarm", "Write_Alarms_errors");
    delete stack.json.resource?.aws_cloudwatch_metric_alarm?.[name];
  }),
  "an alarm on errors is switched off": jobs((stack) => {
    const alarms = stack.json.resource?.aws_cloudwatch_metric_alarm ?? {};
    for (const [name, alarm] of Object.entries(alarms)) if (/errors/i.test(name)) alarm.actions_enabled = false;
  }),
  "a function of another system publishes no versions": jobsResource("aws_lambda_function", "submit", (lambda) => {
    delete lambda.publish;
  }),
});

// What deploys belongs to the account.
prove(
  plat10,
  {
    "the deploy role may not move an alias": withoutAction(
      "DeployRole_Policy-functions",
      "ManageFunctions",
      "lambda:UpdateAlias",
    ),
    "the deploy role may not ask which versions there are": withoutAction(
      "DeployRole_Policy-service-metadata",
      "DescribeFunctions",
      "lambda:ListVersionsByFunction",
    ),
    "the deploy role may not look at alarms": withoutAction(
      "DeployRole_Policy-service-metadata",
      "DescribeAlarmsAndDashboards",
      "cloudwatch:DescribeAlarms",
    ),
    "the deploy role may not read outputs": withoutAction(
      "DeployRole_Policy-metadata",
      "ReadOutputs",
      "ssm:GetParameter",
    ),
    "the deploy role may not write down what it did": accountStatement(
      "DeployRole_Policy-monitoring",
      "KeepLedger",
      () => ({ Action: ["dynamodb:GetItem"] }),
    ),
  },
  { environments: declared },
);
