import { driftMetrics } from "../../../../config/delivery";
import { plat09 } from "../../../../tap/audit/requirements/plat-09";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf, subjectOf } from "../../../support/synthesized";
import { accountStatement, declared, delivery, deliveryResource, withoutAction } from "./delivery-mutations";
import { add, remove, security } from "./mutations";

const alarm = (which: "found" | "silent", mutate: (attributes: Attributes) => void): Mutation =>
  deliveryResource("aws_cloudwatch_metric_alarm", `DriftAlarms_${which}`, mutate);

prove(
  plat09,
  {
    "nobody hears of drift": delivery((stack) => remove(stack, "aws_cloudwatch_metric_alarm", "DriftAlarms_found")),
    "nobody hears of a detector that is silent": delivery((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "DriftAlarms_silent"),
    ),
    "there is no delivery stack": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "delivery")), 1);
    },
    "the alarm on drift waits for a second resource": alarm("found", (each) => {
      each.threshold = 1;
    }),
    "the alarm on drift is on another namespace than is measured": alarm("found", (each) => {
      each.namespace = "Tap/Other";
    }),
    "the alarm on drift is on another metric than is measured": alarm("found", (each) => {
      each.metric_name = "Drifted";
    }),
    "the alarm on drift is on all environments": alarm("found", (each) => {
      delete each.dimensions;
    }),
    "the alarm on drift is over before the next detection": alarm("found", (each) => {
      each.treat_missing_data = "notBreaching";
    }),
    "the alarm on drift waits for a day": alarm("found", (each) => {
      each.evaluation_periods = 4;
    }),
    "the alarm on drift writes to nobody": alarm("found", (each) => {
      each.alarm_actions = [];
    }),
    "the alarm on drift is switched off": alarm("found", (each) => {
      each.actions_enabled = false;
    }),
    "the alarm on silence takes silence for good": alarm("silent", (each) => {
      each.treat_missing_data = "notBreaching";
    }),
    "the alarm on silence waits for a week": alarm("silent", (each) => {
      each.evaluation_periods = 28;
    }),
    "the alarm on silence is on noise": alarm("silent", (each) => {
      each.comparison_operator = "GreaterThanThreshold";
    }),
    "the alarm on silence writes to another topic": alarm("silent", (each) => {
      each.alarm_actions = ["arn:aws:sns:us-east-1:111111111111:tap-security-other-dev-us-east-1"];
    }),
    "nobody reads the topic": security((stack) => {
      delete stack.json.resource?.aws_sns_topic_subscription;
    }),
    "the plan role may not measure": accountStatement("PlanRole_Policy-drift", "MeasureDrift", () => ({
      Action: ["cloudwatch:GetMetricData"],
    })),
    "the plan role may measure whatever it likes": accountStatement("PlanRole_Policy-drift", "MeasureDrift", () => ({
      Condition: {},
    })),
    "the plan role may measure under another name alone": accountStatement(
      "PlanRole_Policy-drift",
      "MeasureDrift",
      () => ({ Condition: { StringEquals: { "cloudwatch:namespace": "AWS/Lambda" } } }),
    ),
    "the plan role may not write to the topic": accountStatement("PlanRole_Policy-drift", "TellOfDrift", () => ({
      Resource: ["arn:aws:sns:us-east-1:111111111111:other"],
    })),
    "the plan role may not encrypt what it writes": withoutAction(
      "PlanRole_Policy-drift",
      "EncryptMessages",
      "kms:GenerateDataKey",
    ),
    "the deploy role may measure whatever it likes": accountStatement(
      "DeployRole_Policy-monitoring",
      "MeasureDrift",
      () => ({ Condition: {} }),
    ),
  },
  { environments: declared },
);

// Nobody looks for drift in what a pull request has for some days: an alarm on silence would never end.
prove(
  plat09,
  {
    "there is an alarm on what nobody looks at": delivery((stack) =>
      add(stack, "aws_cloudwatch_metric_alarm", {
        ...resource(stackOf(subjectOf("dev"), "dev", "delivery"), "aws_cloudwatch_metric_alarm", "DriftAlarms_silent"),
        alarm_name: "tap-delivery-drift-silent-pr12-us-east-1",
      }),
    ),
  },
  { environments: ["pr12"] },
);

test.each(declared)("PLAT-09 what alarms of %s are on is what `tap drift` measures", (environment) => {
  const stack = stackOf(subjectOf(environment), environment, "delivery");
  const [found, silent] = ["found", "silent"].map((which) =>
    resource(stack, "aws_cloudwatch_metric_alarm", `DriftAlarms_${which}`),
  ) as [Attributes, Attributes];
  expect([found.metric_name, silent.metric_name]).toEqual([
    driftMetrics.driftedResources,
    driftMetrics.detectionCompleted,
  ]);
  for (const { namespace, dimensions } of [found, silent])
    expect([namespace, dimensions]).toEqual([driftMetrics.namespace, { [driftMetrics.dimension]: environment }]);
});
