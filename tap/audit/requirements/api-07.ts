import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversAction } from "../../graph/statement";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { aliasOf, functionsOf } from "../functions";
import { ownKey } from "../own-key";
import { sameInPolicy } from "../policies";
import { type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";

/** SQS event sources: what a function is still at must not be seen again (Lambda developer guide). */
const visibilityPerTimeout = 6;
/** Below five, a function that is throttled for a while loses good messages to the dead letters (same page). */
const leastReceives = 5;
const daySeconds = 86_400;

export const api07: Requirement = {
  id: "API-07",
  checks:
    "Each region's topic delivers, raw, to the queue of every other region of its environment and to nothing else, and replicate alone publishes to it; queue and key let in exactly those topics; the queue goes to the messages function with partial failures, no more at once than it may, and a visibility of six timeouts.",
  why: "A topic that reaches its own region's queue echoes for ever; a key that doesn't know the topic loses every message silently.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => {
      const region = regionOf(subject.graph, stack, environment);
      return region === undefined
        ? [{ stack: stack.id, message: "must have one topic of changes and one queue of messages, under a key for it" }]
        : [...publishes(subject.graph, region), ...receives(subject.graph, region), ...besides(subject.graph, region)];
    }),
};

/** One region's part of the exchange, and where the others' parts are. */
interface Region {
  readonly stack: StackJson;
  readonly accountId: string;
  readonly topic: GraphNode;
  readonly queue: GraphNode;
  readonly key: GraphNode;
  /** ARNs of the other regions' topics and queues, by the name pattern. */
  readonly peerTopics: readonly string[];
  readonly peerQueues: readonly string[];
  readonly lambdas: ReadonlyMap<string, GraphNode>;
}

function regionOf(graph: Graph, stack: StackJson, environment: Environment): Region | undefined {
  const { accountId, environmentSuffix, regionNames } = environment;
  const peers = regionNames.filter((name) => name !== stack.region);
  const arn = (service: string, name: string, region: string) =>
    `arn:aws:${service}:${region}:${accountId}:tap-api-${name}-${environmentSuffix}-${region}`;
  const topics = nodesIn(graph, stack, "aws_sns_topic");
  const topic = topics.find((each) => each.arn === arn("sns", "changes", stack.region));
  const queue = nodesIn(graph, stack, "aws_sqs_queue").find(
    (each) => each.arn === arn("sqs", "peer-messages", stack.region),
  );
  const key =
    queue &&
    ownKey(graph, queue, queue.attributes.kms_master_key_id, {
      service: "sqs",
      by: "caller",
      context: "aws:sqs:arn",
      value: String(queue.arn),
    });
  if (topic === undefined || topics.length > 1 || queue === undefined || key === undefined) return undefined;
  return {
    stack,
    accountId,
    topic,
    queue,
    key,
    peerTopics: peers.map((region) => arn("sns", "changes", region)),
    peerQueues: peers.map((region) => arn("sqs", "peer-messages", region)),
    lambdas: functionsOf(graph, stack),
  };
}

/** Settings of topics and queues that are resources of their own would stand in for what is judged here. */
const known =
  /^aws_(sns_topic|sns_topic_policy|sns_topic_subscription|sqs_queue|sqs_queue_policy|sqs_queue_redrive_allow_policy)$/;

/** The queue is polled: nobody calls the messages function. */
function besides(graph: Graph, { stack, lambdas }: Region): Finding[] {
  const others = nodesIn(graph, stack).filter(({ type }) => /^aws_s[nq]s_/.test(type) && !known.test(type));
  const callers = nodesIn(graph, stack, "aws_lambda_permission").filter(
    ({ attributes, stack: own }) =>
      graph.resolve(attributes.function_name, own, { types: ["aws_lambda_function"] }) === lambdas.get("messages"),
  );
  return [
    ...others.flatMap((node) => findingsOn(node, ["changes a topic or a queue, beside its own settings"])),
    ...callers.flatMap((node) => findingsOn(node, ["lets somebody call the function that takes messages in"])),
  ];
}

function publishes(graph: Graph, region: Region): Finding[] {
  const { topic, key, peerQueues, lambdas } = region;
  const subscriptions = nodesNaming(graph, "aws_sns_topic_subscription", "topic_arn", topic);
  const endpoints = subscriptions.map((each) => graph.resolve(each.attributes.endpoint, each.stack)?.arn);
  const publishers = [...lambdas].filter(([, lambda]) => mayPublish(graph, lambda)).map(([name]) => name);
  return [
    ...findingsOn(topic, [
      ...differences(graph, topic, { ...kept(topic, "name"), kms_master_key_id: referenceTo(key, "arn") }),
      ...wanted(
        ownKey(graph, topic, topic.attributes.kms_master_key_id, {
          service: "sns",
          by: "caller",
          context: "aws:sns:topicArn",
          value: String(topic.arn),
        }) !== undefined,
        "must have a key that may be used for it",
      ),
      ...wanted(
        sameInPolicy(endpoints, peerQueues) && endpoints.length === peerQueues.length,
        `must deliver to ${peerQueues.join(", ")} (it delivers to ${endpoints.join(", ") || "nothing"})`,
      ),
      ...wanted(
        statementsOf(graph, topic).every((statement) => isPlainHttpDenial(statement, "sns:Publish", topic)),
        "must have a policy that denies plain HTTP and says nothing more",
      ),
      ...wanted(
        publishers.join() === "replicate",
        `must be published to by replicate alone (there are ${publishers.join(", ") || "none"})`,
      ),
    ]),
    ...subscriptions.flatMap((each) =>
      findingsOn(each, [
        ...differences(graph, each, {
          ...kept(each, "endpoint"),
          topic_arn: referenceTo(topic, "arn"),
          protocol: "sqs",
          raw_message_delivery: true,
        }),
        ...wanted(each.stack.id === topic.stack.id, "must be made with its topic"),
      ]),
    ),
  ];
}

/** Whether a function may publish to any topic: what one region publishes and another's function published again would echo. */
function mayPublish(graph: Graph, lambda: GraphNode): boolean {
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  return (role === undefined ? [] : graph.policiesOf(role))
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ statements }) => statements)
    .some((statement) => statement.effect === "Allow" && coversAction(statement, "sns:Publish"));
}

function receives(graph: Graph, region: Region): Finding[] {
  const { queue, key, lambdas, stack } = region;
  const lambda = lambdas.get("messages");
  const alias = aliasOf(graph, lambda);
  if (lambda === undefined || alias === undefined)
    return [{ stack: stack.id, message: "must have the function messages, with one alias" }];
  return [
    ...findingsOn(queue, [...queueSettings(graph, region, lambda), ...queuePolicy(graph, region)]),
    ...findingsOn(key, keyPolicy(graph, region)),
    ...eventSource(graph, region, lambda, alias),
  ];
}

function queueSettings(graph: Graph, { queue, key }: Region, lambda: GraphNode): string[] {
  const { visibility_timeout_seconds, message_retention_seconds, max_message_size = 262_144 } = queue.attributes;
  const visibility = Number(visibility_timeout_seconds);
  const retention = Number(message_retention_seconds);
  const redrive = parsed(queue.attributes.redrive_policy);
  const letters = nodesIn(graph, queue.stack, "aws_sqs_queue").find(
    (each) => each !== queue && redrive.deadLetterTargetArn === referenceTo(each, "arn"),
  );
  const receiveCount = Number(redrive.maxReceiveCount);
  return [
    ...differences(graph, queue, {
      ...kept(queue, "name", "visibility_timeout_seconds", "message_retention_seconds", "max_message_size"),
      ...kept(queue, "redrive_policy"),
      kms_master_key_id: referenceTo(key, "arn"),
    }),
    ...wanted(
      visibility >= visibilityPerTimeout * Number(lambda.attributes.timeout) && visibility < retention,
      `must have a visibility of ${visibilityPerTimeout} timeouts of its function (it has ${visibility} s)`,
    ),
    ...wanted(
      retention >= daySeconds && retention <= 14 * daySeconds,
      `must keep messages at least a day (it keeps them ${retention} s)`,
    ),
    ...wanted(Number(max_message_size) >= 262_144, "must take messages as large as SNS's"),
    ...wanted(
      letters !== undefined && receiveCount >= leastReceives && receiveCount <= 1_000,
      `must move what failed ${leastReceives} times or more to dead letters of its stack`,
    ),
  ];
}

/** Exactly the other regions' topics may send, and nobody over plain HTTP. */
function queuePolicy(graph: Graph, { queue, peerTopics }: Region): string[] {
  const statements = statementsOf(graph, queue);
  const allows = statements.filter((statement) => !isPlainHttpDenial(statement, "sqs:*", queue));
  const [allow, ...others] = allows;
  if (peerTopics.length === 0) return wanted(allow === undefined, "must let nobody send: there is no other region");
  const [condition, ...conditions] = allow?.conditions ?? [];
  return wanted(
    allow?.effect === "Allow" &&
      others.length === 0 &&
      isForSns(allow) &&
      sameInPolicy(allow.actions, ["sqs:SendMessage"]) &&
      sameInPolicy(allow.resources, [queue.arn]) &&
      conditions.length === 0 &&
      isSource(condition, peerTopics),
    `must let SNS send for ${peerTopics.join(", ")}, and nobody else`,
  );
}

/** SNS encrypts with the queue's key, for exactly the other regions' topics and this account. */
function keyPolicy(graph: Graph, { key, accountId, peerTopics }: Region): string[] {
  const statements = statementsOf(graph, key).filter(({ principals }) =>
    principals.some(({ value }) => /^sns\.|^\*$/.test(value)),
  );
  const [use, ...others] = statements;
  if (peerTopics.length === 0) return wanted(use === undefined, "must not be used by SNS: there is no other region");
  const source = use?.conditions.filter(({ key: name }) => name === "aws:SourceArn") ?? [];
  const account = use?.conditions.filter(({ key: name }) => name === "aws:SourceAccount") ?? [];
  return wanted(
    use?.effect === "Allow" &&
      others.length === 0 &&
      isForSns(use) &&
      sameInPolicy(use.actions, ["kms:Decrypt", "kms:GenerateDataKey*"]) &&
      sameInPolicy(use.resources, ["*"]) &&
      use.conditions.length === 2 &&
      isSource(source[0], peerTopics) &&
      account[0]?.operator === "StringEquals" &&
      sameInPolicy(account[0].values, [accountId]),
    `must let SNS encrypt for ${peerTopics.join(", ")}, and for nothing else`,
  );
}

function eventSource(graph: Graph, { stack, queue }: Region, lambda: GraphNode, alias: GraphNode): Finding[] {
  const mappings = nodesIn(graph, stack, "aws_lambda_event_source_mapping").filter(
    (each) =>
      graph.resolve(each.attributes.event_source_arn, each.stack) === queue ||
      [lambda, alias].includes(
        graph.resolve(each.attributes.function_name, each.stack, { types: [lambda.type] }) as never,
      ),
  );
  const [mapping, ...others] = mappings;
  if (mapping === undefined || others.length > 0) return findingsOn(queue, ["must be the one source of messages"]);
  const { scaling_config, batch_size = 10 } = mapping.attributes;
  const atOnce = Number((([scaling_config].flat()[0] ?? {}) as Record<string, unknown>).maximum_concurrency);
  const reserved = Number(lambda.attributes.reserved_concurrent_executions);
  return findingsOn(mapping, [
    ...differences(graph, mapping, {
      ...kept(mapping, "batch_size"),
      event_source_arn: referenceTo(queue, "arn"),
      function_name: referenceTo(alias, "arn"),
      function_response_types: ["ReportBatchItemFailures"],
      scaling_config: { maximum_concurrency: atOnce },
    }),
    ...wanted(
      atOnce >= 2 && atOnce <= reserved,
      `must ask for 2 to ${reserved} invocations at once, its function's concurrency (it asks for ${atOnce})`,
    ),
    ...wanted(Number(batch_size) >= 1 && Number(batch_size) <= 10, "must have batches of 1 to 10 messages"),
  ]);
}

function isForSns({ principals, notPrincipals }: Statement): boolean {
  return (
    notPrincipals.length === 0 &&
    principals.length === 1 &&
    principals[0]?.type === "Service" &&
    principals[0].value === "sns.amazonaws.com"
  );
}

function isSource(condition: Statement["conditions"][number] | undefined, arns: readonly string[]): boolean {
  return (
    condition?.key === "aws:SourceArn" &&
    /^(Arn(Equals|Like)|StringEquals)$/.test(condition.operator) &&
    sameInPolicy(condition.values, arns)
  );
}

function isPlainHttpDenial(statement: Statement, action: string, { arn }: GraphNode): boolean {
  const { effect, principals, notPrincipals, actions, notActions, resources, notResources, conditions } = statement;
  const [condition, ...others] = conditions;
  return (
    effect === "Deny" &&
    principals.every(({ value }) => value === "*") &&
    [...notPrincipals, ...notActions, ...notResources, ...others].length === 0 &&
    sameInPolicy(actions, [action]) &&
    sameInPolicy(resources, [arn]) &&
    condition?.operator === "Bool" &&
    condition.key === "aws:SecureTransport" &&
    sameInPolicy(condition.values, ["false"])
  );
}

function statementsOf(graph: Graph, node: GraphNode): Statement[] {
  return graph.policiesOf(node).flatMap(({ statements }) => statements);
}

function parsed(text: unknown): Record<string, unknown> {
  try {
    return JSON.parse(String(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
