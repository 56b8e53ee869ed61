import type { GraphNode } from "../../graph/model";
import { push } from "../../graph/sorted";
import { blocksOf } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { leadsOutside, reachedFrom } from "./relations";

const group = (attributes: Record<string, unknown> = {}) => ({
  aws_cloudwatch_log_group: {
    App: { name: "app", retention_in_days: 30, kms_key_id: "${aws_kms_key.Logs.arn}", ...attributes },
  },
  aws_kms_key: { Logs: {} },
});
const filter = (alarmMetric: string) => ({
  ...group(),
  aws_cloudwatch_log_metric_filter: {
    Denied: {
      name: "denied",
      log_group_name: "${aws_cloudwatch_log_group.App.name}",
      pattern: "AccessDenied",
      metric_transformation: { name: "Denied", namespace: "app", value: "1" },
    },
  },
  aws_cloudwatch_metric_alarm: { Denied: { alarm_name: "denied", namespace: "app", metric_name: alarmMetric } },
});
const policies = (count: number) => ({
  aws_cloudwatch_log_resource_policy: Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`P${index}`, { policy_name: `p${index}`, policy_document: "{}" }]),
  ),
});

/** Log groups: what is kept, for how long, and who hears of it. */
export const logsRules: readonly Rule[] = [
  {
    id: "logs-retention",
    title: "Log groups keep what they get for a stated time",
    severity: "medium",
    why: "Logs are kept and paid for for ever, personal data in them as well.",
    fix: "Set retention_in_days of the log group.",
    references: ["CKV_AWS_66"],
    examples: {
      failing: { resource: group({ retention_in_days: 0 }) },
      passing: { resource: group() },
    },
    judge: judgeResources("aws_cloudwatch_log_group", (node, graph) => {
      const days = knownValue(graph, node, node.attributes.retention_in_days);
      // The class DELIVERY keeps everything for two days, whatever is set.
      return days === unknown || Number(days) > 0 || node.attributes.log_group_class === "DELIVERY"
        ? []
        : ["must have retention_in_days (it keeps everything for ever)"];
    }),
  },
  {
    id: "logs-encryption",
    title: "Log groups are encrypted with a customer key",
    severity: "low",
    why: "Nobody can take access to the logs away by the key, or see in its trail who read them.",
    fix: "Set kms_key_id to the ARN of a key whose policy lets logs.{region}.amazonaws.com use it for the group.",
    references: ["CKV_AWS_158"],
    examples: {
      failing: { resource: group({ kms_key_id: "" }) },
      passing: { resource: group() },
    },
    judge: judgeResources("aws_cloudwatch_log_group", ({ attributes }) =>
      isSet(attributes.kms_key_id) ? [] : ["must have a kms_key_id"],
    ),
  },
  {
    id: "logs-metric-filter-alarm",
    title: "What metric filters count is looked at by an alarm",
    severity: "medium",
    why: "What was worth counting goes on unheard.",
    fix: "Add an aws_cloudwatch_metric_alarm with the filter's namespace and metric name, or show it on a dashboard.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html"],
    examples: {
      failing: { resource: filter("Refused") },
      passing: { resource: filter("Denied") },
    },
    judge: (graph) => {
      const seen = new Set<string>();
      let seesAll = false;
      for (const alarm of graph.ofType("aws_cloudwatch_metric_alarm"))
        for (const metric of [
          alarm.attributes,
          ...blocksOf(alarm.attributes, "metric_query").flatMap((query) => blocksOf(query, "metric")),
        ]) {
          const [namespace, name] = [metric.namespace, metric.metric_name].map((value) =>
            knownValue(graph, alarm, value),
          );
          if (namespace === unknown || name === unknown) seesAll = true;
          else seen.add(`${String(namespace)} ${String(name)}`);
        }
      const shown = graph.ofType("aws_cloudwatch_dashboard").map(({ attributes }) => String(attributes.dashboard_body));
      return graph.ofType("aws_cloudwatch_log_metric_filter").flatMap((node) =>
        blocksOf(node.attributes, "metric_transformation").flatMap(({ name, namespace }) => {
          const metric = [namespace, name].map((value) => knownValue(graph, node, value));
          if (seesAll || metric.includes(unknown) || seen.has(metric.map(String).join(" "))) return [];
          return shown.some((body) => body.includes(JSON.stringify(metric[1])))
            ? []
            : findings(node, [`must have an alarm on the metric ${String(metric[1])} that it counts`]);
        }),
      );
    },
  },
  {
    id: "logs-filter-source",
    title: "Metric and subscription filters are on a log group that is there",
    severity: "medium",
    why: "Terraform can't make the filter, or it reads a group that nobody writes to.",
    fix: "Set log_group_name to the name of an aws_cloudwatch_log_group.",
    references: [],
    examples: {
      failing: {
        resource: {
          ...group(),
          aws_cloudwatch_log_subscription_filter: {
            All: { name: "all", log_group_name: "ap", filter_pattern: "", destination_arn: "d" },
          },
        },
      },
      passing: {
        resource: {
          ...group(),
          aws_cloudwatch_log_subscription_filter: {
            All: { name: "all", log_group_name: "app", filter_pattern: "", destination_arn: "d" },
          },
        },
      },
    },
    judge: judgeResources(
      ["aws_cloudwatch_log_subscription_filter", "aws_cloudwatch_log_metric_filter"],
      (node, graph) => {
        const name = knownValue(graph, node, node.attributes.log_group_name);
        const groups = reachedFrom(graph, node, "log_group_name", "aws_cloudwatch_log_group");
        // AWS makes the groups of its own services, and other projects have theirs.
        const isOwn = typeof name === "string" && !/^(\/aws\/|API-Gateway|RDSOSMetrics)/.test(name);
        const hasGroups = graph.ofType("aws_cloudwatch_log_group").some(({ stack }) => stack === node.stack);
        return groups.length === 0 &&
          isOwn &&
          hasGroups &&
          leadsOutside(graph, node, "log_group_name", "aws_cloudwatch_log_group")
          ? [`must be on a log group that is there (there is no ${name})`]
          : [];
      },
    ),
  },
  {
    id: "logs-resource-policies",
    title: "No region of an account has more than ten log resource policies",
    severity: "high",
    why: "CloudWatch Logs refuses the eleventh: what it was for can't write logs.",
    fix: "Put several services into one aws_cloudwatch_log_resource_policy.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"],
    examples: {
      failing: { resource: policies(11) },
      passing: { resource: policies(10) },
    },
    judge: (graph) => {
      const byPlace = new Map<string, GraphNode[]>();
      for (const node of graph.ofType("aws_cloudwatch_log_resource_policy"))
        push(byPlace, `${node.accountId ?? node.stack.id} ${node.region ?? node.stack.id}`, node);
      return [...byPlace.values()].flatMap((nodes) =>
        nodes
          .slice(mostPolicies)
          .flatMap((node) =>
            findings(node, [
              `must not be one of ${nodes.length} in its account and region: ${mostPolicies} are allowed`,
            ]),
          ),
      );
    },
  },
  {
    id: "logs-destination",
    title: "Flow logs and query logs go to something that is there",
    severity: "medium",
    why: "Nothing is recorded, and nobody notices until it is needed.",
    fix: "Set log_destination to the ARN of a log group, bucket or stream, and iam_role_arn where it is a log group.",
    references: ["https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"],
    examples: {
      failing: {
        resource: {
          ...group(),
          aws_flow_log: {
            All: { vpc_id: "vpc-1", traffic_type: "ALL", log_destination: "${aws_cloudwatch_log_group.App.arn}" },
          },
        },
      },
      passing: {
        resource: {
          ...group(),
          aws_flow_log: {
            All: {
              vpc_id: "vpc-1",
              traffic_type: "ALL",
              log_destination: "${aws_cloudwatch_log_group.App.arn}",
              iam_role_arn: "arn:aws:iam::111111111111:role/flow-logs",
            },
          },
        },
      },
    },
    judge: judgeResources("aws_flow_log", ({ attributes }) => {
      const { log_destination, log_group_name, log_destination_type, iam_role_arn } = attributes;
      if (!isSet(log_destination) && !isSet(log_group_name)) return ["must have a log_destination"];
      const isGroup = [undefined, null, "cloud-watch-logs"].includes(log_destination_type as string);
      return isGroup && !isSet(iam_role_arn)
        ? ["must have an iam_role_arn, by which it may write to the log group"]
        : [];
    }),
  },
];

/** Of CloudWatch Logs, for each account and region; AWS doesn't raise it. */
const mostPolicies = 10;
