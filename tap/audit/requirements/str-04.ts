import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { coversAction, coversResource } from "../../graph/statement";
import { letsBucketAloneSend } from "../bucket-sender";
import { dataBucketProblems } from "../data-bucket";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { aliasOf } from "../functions";
import { keyUses } from "../key-policy";
import { redriveOf } from "../queues";
import { expectThat, type Finding, judgeEach, type Requirement } from "../requirement";
import { isRight, type Right, roleOf, rolesAllowed, statementsAbout } from "../rights";
import type { StackJson } from "../stack-json";
import { bucketOf, mappingsOf, streamFunctions, streamParts } from "../stream";

/** Where objects are landed. */
const landing = "incoming/";
/** Lambda developer guide, SQS event sources: fewer, and a message is received again while it is worked on. */
const timeoutsPerVisibility = 6;

/** What the importer does with its queue: Lambda receives for it, and it sends itself what is left of a large object. */
const queueActions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"];

export const str04: Requirement = {
  id: "STR-04",
  checks:
    "One bucket with versions, a customer key, a lifecycle, no public access and TLS only; the one notification of its name sends what is created under incoming/ to the queue that the importer is fed from, one object at a time, and leaves EventBridge to AWS Backup; that bucket and the importer alone may send to the queue, and S3 may use its key. After a failover, all of that is of the replica.",
  why: "Two notifications of a bucket overwrite each other; one to a queue or a key that doesn't let S3 in is refused, and one that is missing loses what is landed without a word.",
  judge: (subject) =>
    judgeEach(subject, "stream", (stack, environment) => judgeStack(subject.graph, stack, environment)),
};

type Place = NonNullable<ReturnType<typeof bucketOf>>;

function judgeStack(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const { bucket, functions } = streamParts(graph, stack);
  const importer = functions.get("import");
  const place = importer && bucketOf(graph, importer);
  const [mapping, ...others] = importer === undefined ? [] : mappingsOf(graph, importer);
  const queue = mapping && graph.resolve(mapping.attributes.event_source_arn, mapping.stack);
  if (importer === undefined || place === undefined || mapping === undefined || others.length > 0)
    return [{ stack: stack.id, message: "must have an importer that is told of one bucket, and fed by one mapping" }];
  if (queue?.type !== "aws_sqs_queue" || queue.stack !== importer.stack)
    return findingsOn(importer, ["must be fed from a queue of its stack"]);
  const { environmentSuffix, accountId, region, recovery } = environment;
  return [
    ...(recovery.failedOverFrom === undefined ? made(graph, stack, environment, bucket, place) : []),
    ...expectThat(
      place.name === `tap-stream-records-${environmentSuffix}-${region}-${accountId}`,
      stack,
      `works on ${place.name}, not on the bucket of ${region}`,
      importer.address,
    ),
    ...notification(graph, stack, place, queue),
    ...feeding(graph, environment, { importer, mapping, queue }),
    ...senders(graph, environment, place, importer, queue),
    ...streamFunctions.flatMap((name) => objects(graph, place, name, functions.get(name))),
  ];
}

function made(
  graph: Graph,
  stack: StackJson,
  { stream }: Environment,
  bucket: GraphNode | undefined,
  { name }: Place,
): Finding[] {
  if (bucket?.physicalName !== name) return expectThat(false, stack, `must have one bucket, ${name}`);
  return [
    ...findingsOn(
      bucket,
      // Whether it is kept is STR-09's.
      differences(graph, bucket, { ...kept(bucket, "force_destroy", "lifecycle"), bucket: name }),
    ),
    ...dataBucketProblems(graph, bucket, stream.bucket.expirationDays),
  ];
}

/** Of the name, whoever made the bucket, and in whatever stack. */
function notification(graph: Graph, stack: StackJson, { name }: Place, queue: GraphNode): Finding[] {
  const all = graph
    .ofType("aws_s3_bucket_notification")
    .filter((each) => graph.render(String(each.attributes.bucket), each.stack) === name);
  const [node, ...others] = all;
  if (node?.stack.id !== stack.id || others.length > 0)
    return expectThat(false, stack, `must have one notification of ${name} (there are ${all.length})`);
  const [filter] = [node.attributes.queue].flat() as [{ id?: unknown } | undefined];
  return findingsOn(
    node,
    differences(graph, node, {
      bucket: name,
      // AWS Backup follows changes by it.
      eventbridge: true,
      queue: {
        id: filter?.id,
        queue_arn: referenceTo(queue, "arn"),
        events: ["s3:ObjectCreated:*"],
        filter_prefix: landing,
      },
    }),
  );
}

interface Feeding {
  readonly importer: GraphNode;
  readonly mapping: GraphNode;
  readonly queue: GraphNode;
}

function feeding(graph: Graph, { stream }: Environment, { importer, mapping, queue }: Feeding): Finding[] {
  const alias = aliasOf(graph, importer);
  const { messageRetentionDays, maxReceiveCount } = stream.queue;
  return [
    ...(alias === undefined ? findingsOn(importer, ["must have one alias"]) : []),
    ...findingsOn(
      mapping,
      differences(graph, mapping, {
        event_source_arn: referenceTo(queue, "arn"),
        function_name: alias && referenceTo(alias, "arn"),
        batch_size: 1,
        function_response_types: ["ReportBatchItemFailures"],
        scaling_config: { maximum_concurrency: stream.import.reservedConcurrency },
      }),
    ),
    ...findingsOn(queue, [
      ...differences(graph, queue, {
        // SEC-03 judges these.
        ...kept(queue, "name", "kms_master_key_id", "max_message_size", "redrive_policy"),
        message_retention_seconds: messageRetentionDays * 86_400,
        visibility_timeout_seconds: timeoutsPerVisibility * Number(importer.attributes.timeout),
      }),
      ...(redriveOf(graph, queue)?.maxReceiveCount === maxReceiveCount
        ? []
        : [`must give up after ${maxReceiveCount} receives`]),
    ]),
  ];
}

function senders(
  graph: Graph,
  { accountId }: Environment,
  place: Place,
  importer: GraphNode,
  queue: GraphNode,
): Finding[] {
  const role = roleOf(graph, importer);
  const about = (role === undefined ? [] : statementsAbout(graph, role, "sqs")).filter((statement) =>
    coversResource(statement, String(queue.arn)),
  );
  const lacking = queueActions.filter((action) => !about.some((statement) => coversAction(statement, action)));
  const surplus = about.flatMap(({ actions, notActions }) => [
    ...actions.filter((action) => !queueActions.includes(action)),
    ...notActions,
  ]);
  const denied = about.some(({ effect }) => effect === "Deny");
  const key = graph.resolve(queue.attributes.kms_master_key_id, queue.stack);
  const mayUseKey = (key === undefined ? [] : keyUses(graph, key)).some(
    ({ service, by, context, values }) =>
      service === "s3" && by === "service" && context === "aws:SourceArn" && values.includes(place.arn),
  );
  return [
    ...findingsOn(queue, [
      ...(letsBucketAloneSend(graph, queue, accountId, place.arn)
        ? []
        : [`must let ${place.name} send to it, and nobody else`]),
      ...(mayUseKey ? [] : [`must have a key that S3 may use for ${place.name}`]),
    ]),
    ...findingsOn(importer, [
      ...lacking.map((action) => `must be allowed ${action} on its queue`),
      ...surplus.map((action) => `has ${action} on its queue, which it doesn't need`),
      ...(denied ? ["is denied its queue"] : []),
    ]),
    ...rolesAllowed(graph, queue, "sqs", [role]).flatMap((each) =>
      findingsOn(each, [`may do something with ${queue.physicalName}, and is no importer's`]),
    ),
  ];
}

/** What each function does with objects: the importer reads what it was told of, the consumer keeps what it took in. */
function objects(graph: Graph, { arn }: Place, name: string, lambda: GraphNode | undefined): Finding[] {
  const role = lambda && roleOf(graph, lambda);
  if (lambda === undefined || role === undefined) return [];
  const rights: Readonly<Record<string, Right>> = {
    import: { actions: ["s3:GetObjectVersion"], resources: [`${arn}/${landing}*`], conditions: {} },
    consume: { actions: ["s3:PutObject"], resources: [`${arn}/records/*`], conditions: {} },
  };
  const right = rights[name];
  const statements = statementsAbout(graph, role, "s3");
  const isExact = statements.length === (right ? 1 : 0) && statements.every((each) => right && isRight(each, right));
  return findingsOn(
    lambda,
    isExact ? [] : [right ? `must be allowed ${JSON.stringify(right)}, and no more` : "must not work on objects"],
  );
}
