import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { conditionsOn, coversAction } from "../../graph/statement";
import type { Attributes } from "../../graph/terraform-json";
import { reachesSubscriber } from "../alarms";
import { accountRole, judgeDeliveries, lackingRights } from "../delivery";
import { differences, findingsOn, kept } from "../exact";
import { type Finding, nodesIn, type Requirement, sameJson } from "../requirement";
import { allowedBy } from "../roles";
import type { StackJson } from "../stack-json";
import { alarmTopic } from "../watched";

export const plat09: Requirement = {
  id: "PLAT-09",
  checks:
    "Where the configuration asks for it, one alarm tells of resources that have drifted, and one of a day without a detection, both by the environment's topic, which somebody reads. Who plans and who deploys may measure drift, under this one namespace, and write to the topic.",
  why: "What was changed by hand is found when the next deployment undoes it; and a detector that has stopped looks just like an environment without drift.",
  judge: (subject) =>
    judgeDeliveries(subject, (stack, environment) => [
      ...alarms(subject.graph, stack, environment),
      ...(["deploy", "plan"] as const).flatMap((which) => reporter(subject.graph, environment, which)),
    ]),
};

/** As `tap drift` puts them (config/delivery.ts), written out here a second time. */
const namespace = "Tap/Drift";

/** Four detections a day, and one of them at least. */
const periodSeconds = 21_600;
const periods = 4;

function alarms(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const { environmentSuffix, delivery } = environment;
  const found = nodesIn(graph, stack, "aws_cloudwatch_metric_alarm").filter(
    ({ attributes }) => attributes.namespace === namespace,
  );
  const expected = delivery.driftAlarms ? [drifted, silent] : [];
  const topic = alarmTopic(graph, stack);
  const of = (alarm: GraphNode, { metric_name }: Attributes) => alarm.attributes.metric_name === metric_name;
  return [
    ...expected.flatMap((attributes) => {
      const [alarm, ...others] = found.filter((each) => of(each, attributes));
      if (alarm === undefined || others.length > 0)
        return [{ stack: stack.id, message: `must have one alarm on ${attributes.metric_name}` }];
      return findingsOn(alarm, [
        ...differences(graph, alarm, {
          ...kept(alarm, "alarm_name", "alarm_description"),
          ...attributes,
          namespace,
          period: periodSeconds,
          dimensions: { Environment: environmentSuffix },
          alarm_actions: [topic?.arn],
          ok_actions: [topic?.arn],
        }),
        ...(reachesSubscriber(graph, alarm) ? [] : ["must write to a topic that somebody reads"]),
      ]);
    }),
    ...found
      .filter((alarm) => !expected.some((attributes) => of(alarm, attributes)))
      .flatMap((alarm) => findingsOn(alarm, ["is on a metric of drift that nobody has asked for"])),
  ];
}

/** Until the next detection the last one holds. */
const drifted: Attributes = {
  metric_name: "DriftedResources",
  statistic: "Maximum",
  comparison_operator: "GreaterThanThreshold",
  threshold: 0,
  evaluation_periods: 1,
  treat_missing_data: "ignore",
};

/** No news is the news. */
const silent: Attributes = {
  metric_name: "DriftDetectionCompleted",
  statistic: "Sum",
  comparison_operator: "LessThanThreshold",
  threshold: 1,
  evaluation_periods: periods,
  treat_missing_data: "breaching",
};

function reporter(graph: Graph, environment: Environment, which: "deploy" | "plan"): Finding[] {
  const role = accountRole(graph, environment, which);
  if (role === undefined) return [];
  const { accountId, environmentSuffix, region } = environment;
  const topic = `arn:aws:sns:${region}:${accountId}:tap-security-alarms-${environmentSuffix}-${region}`;
  const allowed = allowedBy(graph, role);
  const measuring = allowed.filter((statement) => coversAction(statement, "cloudwatch:PutMetricData"));
  const isLimited = measuring.every((statement) =>
    conditionsOn(statement, "cloudwatch:namespace").some(
      ({ operator, values }) => operator === "StringEquals" && sameJson(values, [namespace]),
    ),
  );
  // A topic under a customer key takes messages of those alone who may use that.
  const encrypts = ["kms:Decrypt", "kms:GenerateDataKey"].every((action) =>
    allowed.some(
      (statement) =>
        coversAction(statement, action) &&
        conditionsOn(statement, "kms:ViaService").some(({ values }) => values.includes("sns.*.amazonaws.com")),
    ),
  );
  return findingsOn(role, [
    ...(measuring.length > 0 && isLimited ? [] : [`must be allowed to put metrics of ${namespace}, and no others`]),
    ...lackingRights(graph, role, ["sns:Publish"], topic),
    ...(encrypts ? [] : ["must be allowed to encrypt what it writes to the topic of alarms"]),
  ]);
}
