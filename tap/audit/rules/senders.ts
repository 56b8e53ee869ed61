import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { jsonOf } from "../queues";
import { isSet } from "../rule";
import { isCustomerKey, keyOf, named } from "./attribute-values";
import { letsService } from "./service-access";

/** A service that sends to a queue or a topic, because a resource of the configuration has it do so. */
export interface Sender {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** For whom it works: the bucket, the alarm, the rule. */
  readonly source: GraphNode;
}

/** Who sends to what. */
export const sendersTo = rememberingObjects((graph: Graph): ReadonlyMap<GraphNode, readonly Sender[]> => {
  const senders = new Map<GraphNode, Sender[]>();
  const add = (service: string, source: GraphNode | undefined, value: unknown, from: GraphNode) => {
    const target = graph.resolve(value, from.stack);
    if (source === undefined || target?.mode !== "managed" || !/^aws_(sqs_queue|sns_topic)$/.test(target.type)) return;
    const known = senders.get(target);
    if (known === undefined) senders.set(target, [{ service, source }]);
    else known.push({ service, source });
  };
  for (const type of ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"])
    for (const alarm of graph.ofType(type))
      for (const action of new Set(alarmActions(alarm.attributes)))
        add("cloudwatch.amazonaws.com", alarm, action, alarm);
  for (const notification of graph.ofType("aws_s3_bucket_notification")) {
    const bucket = graph.resolve(notification.attributes.bucket, notification.stack, { types: ["aws_s3_bucket"] });
    for (const { queue_arn } of blocksOf(notification.attributes, "queue"))
      add("s3.amazonaws.com", bucket, queue_arn, notification);
    for (const { topic_arn } of blocksOf(notification.attributes, "topic"))
      add("s3.amazonaws.com", bucket, topic_arn, notification);
  }
  for (const target of graph.ofType("aws_cloudwatch_event_target")) {
    const rule = graph.resolve(target.attributes.rule, target.stack, { types: ["aws_cloudwatch_event_rule"] });
    add("events.amazonaws.com", rule, target.attributes.arn, target);
    for (const { arn } of blocksOf(target.attributes, "dead_letter_config"))
      add("events.amazonaws.com", rule, arn, target);
  }
  for (const subscription of graph.ofType("aws_sns_topic_subscription")) {
    const { topic_arn, endpoint, redrive_policy } = subscription.attributes;
    const topic = graph.resolve(topic_arn, subscription.stack, { types: ["aws_sns_topic"] });
    add("sns.amazonaws.com", topic, endpoint, subscription);
    add("sns.amazonaws.com", topic, jsonOf(redrive_policy).deadLetterTargetArn, subscription);
  }
  return senders;
});

function alarmActions({ alarm_actions, ok_actions, insufficient_data_actions }: Attributes): unknown[] {
  return [alarm_actions ?? [], ok_actions ?? [], insufficient_data_actions ?? []].flat(2);
}

/** Senders that the policies on a thing keep out: each service with one thing that it works for, in words. */
export function keptOut(
  graph: Graph,
  thing: GraphNode,
  senders: readonly Sender[],
  actions: readonly string[],
): string[] {
  const lacking = senders.filter(
    ({ service, source }) => !actions.every((action) => letsService(graph, thing, { service, action, source })),
  );
  const services = [...new Set(lacking.map(({ service }) => service))];
  return services.map((service) => {
    const sources = [...new Set(lacking.filter((each) => each.service === service).map(({ source }) => source))];
    const others = sources.length > 1 ? ` and ${sources.length - 1} more` : "";
    return `${service} for ${sources[0]?.address}${others}`;
  });
}

/** What a service needs of a key to send to an encrypted queue or topic. */
const keyActions = ["kms:Decrypt", "kms:GenerateDataKey"];

/** What keeps services from sending to an encrypted thing: findings are about the key, or about the thing that has none of its own. */
export function encryptionProblems(
  graph: Graph,
  thing: GraphNode,
  senders: readonly Sender[],
): { readonly node: GraphNode; readonly message: string }[] {
  const { kms_master_key_id } = thing.attributes;
  if (!isSet(kms_master_key_id) || senders.length === 0) return [];
  if (!isCustomerKey(graph, thing, kms_master_key_id)) {
    const services = [...new Set(senders.map(({ service }) => service))].join(", ");
    return [
      { node: thing, message: `must have a customer key: AWS's own one doesn't let ${services} encrypt what it sends` },
    ];
  }
  const key = keyOf(graph, thing, kms_master_key_id);
  if (key === undefined) return [];
  return keptOut(graph, key, senders, keyActions).map((sender) => ({
    node: key,
    message: `must let ${sender} use it (${keyActions.join(", ")}), which sends to ${named(thing, key)}`,
  }));
}
