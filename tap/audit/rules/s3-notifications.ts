import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { valuesOn } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, judgeResources, type Rule } from "../rule";
import { isOpenText, named, textOf, textsOf } from "./attribute-values";
import { bucketSettings, judgeBuckets } from "./bucket-settings";
import { functionAt } from "./invoked";
import { letsService } from "./service-access";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const bucket = { Files: { bucket: "example-files" } };
const ofFiles = { bucket: "${aws_s3_bucket.Files.id}" };
const lambda = { Resize: { function_name: "resize" } };
const images = { events: ["s3:ObjectCreated:*"], filter_suffix: ".png" };
const toFunction = { lambda_function: [{ ...images, lambda_function_arn: "${aws_lambda_function.Resize.arn}" }] };
const toQueue = (queue: Attributes, notification: Attributes = {}, policy?: Attributes) => ({
  provider,
  resource: {
    aws_s3_bucket: bucket,
    aws_sqs_queue: { Images: { name: "images", ...queue } },
    ...(policy && { aws_sqs_queue_policy: { Images: { queue_url: "${aws_sqs_queue.Images.id}", ...policy } } }),
    aws_s3_bucket_notification: {
      Files: { ...ofFiles, queue: [{ ...images, queue_arn: "${aws_sqs_queue.Images.arn}" }], ...notification },
    },
  },
});

/** One target of a notification, with what it is told of. */
interface Target {
  /** Attribute that names it: `queue_arn`. */
  readonly attribute: "queue_arn" | "topic_arn" | "lambda_function_arn";
  readonly block: Attributes;
}

function targetsOf({ attributes }: GraphNode): Target[] {
  return [
    ...blocksOf(attributes, "queue").map((block) => ({ attribute: "queue_arn" as const, block })),
    ...blocksOf(attributes, "topic").map((block) => ({ attribute: "topic_arn" as const, block })),
    ...blocksOf(attributes, "lambda_function").map((block) => ({ attribute: "lambda_function_arn" as const, block })),
  ];
}

/** S3's own limit for a bucket. */
const maximumTargets = 100;

/** Pairs of targets that S3 refuses: for some object and event it wouldn't know which of them to tell. */
function overlaps(node: GraphNode, graph: Graph): string[] {
  const targets = targetsOf(node);
  if (targets.length > maximumTargets)
    return [`must tell at most ${maximumTargets} targets (it has ${targets.length})`];
  const filters = targets.map(({ block }) => ({
    name: String(block.id ?? block.filter_suffix ?? block.filter_prefix ?? "all"),
    events: textsOf(graph, node, block.events),
    prefix: graph.render(String(block.filter_prefix ?? ""), node.stack),
    suffix: graph.render(String(block.filter_suffix ?? ""), node.stack),
  }));
  return filters.flatMap((one, index) =>
    filters
      .slice(index + 1)
      .filter((other) => one.events.some((event) => other.events.some((each) => sharesEvents(event, each))))
      .filter((other) => begins(one.prefix, other.prefix) && ends(one.suffix, other.suffix))
      .map((other) => `must not tell two targets of the same objects: ${one.name} and ${other.name} overlap`),
  );
}

/** `s3:ObjectCreated:*` and `s3:ObjectCreated:Put`. */
function sharesEvents(one: string, other: string): boolean {
  const [shorter = "", longer = ""] = [one, other].sort((a, b) => a.length - b.length);
  return one === other || (shorter.endsWith(":*") && longer.startsWith(shorter.slice(0, -1)));
}

function begins(one: string, other: string): boolean {
  if (isOpenText(one) || isOpenText(other)) return one === other;
  return one.startsWith(other) || other.startsWith(one);
}

function ends(one: string, other: string): boolean {
  if (isOpenText(one) || isOpenText(other)) return one === other;
  return one.endsWith(other) || other.endsWith(one);
}

/** The function, queue or topic that a target names. */
function targetAt(graph: Graph, { stack }: GraphNode, value: unknown): GraphNode | undefined {
  return functionAt(graph, value, stack) ?? graph.resolve(value, stack, { types: ["aws_sqs_queue", "aws_sns_topic"] });
}

function bucketOf(graph: Graph, notification: GraphNode): GraphNode | undefined {
  const found = graph.resolve(notification.attributes.bucket, notification.stack, { types: ["aws_s3_bucket"] });
  return found?.type === "aws_s3_bucket" && found.mode === "managed" ? found : undefined;
}

/** Functions that S3 may not call for the bucket. */
function uncallable(notification: GraphNode, graph: Graph): Finding[] {
  const source = bucketOf(graph, notification);
  if (source === undefined) return [];
  return targetsOf(notification).flatMap(({ attribute, block }) => {
    if (attribute !== "lambda_function_arn") return [];
    const target = functionAt(graph, block[attribute], notification.stack);
    if (target === undefined) return [];
    const isLetIn = letsService(graph, target, {
      service: "s3.amazonaws.com",
      action: "lambda:InvokeFunction",
      source,
    });
    return findings(target, isLetIn ? [] : [`must let s3.amazonaws.com invoke it for ${named(source, target)}`]);
  });
}

/** What lets S3 send to a target: S3 checks that when the notification is made. */
const permissions = /^aws_(sqs_queue_policy|sns_topic_policy|lambda_permission)$/;

function permissionsOf(graph: Graph, target: GraphNode): GraphNode[] {
  return graph.policiesOf(target).flatMap(({ node }) => (permissions.test(node.type) ? [node] : []));
}

function earlyTargets(notification: GraphNode, graph: Graph): string[] {
  const awaited = new Set(
    graph.referencesFrom(notification).flatMap((reference) => ("to" in reference ? [reference.to] : [])),
  );
  const targets = targetsOf(notification).map(({ attribute, block }) =>
    targetAt(graph, notification, block[attribute]),
  );
  return [...new Set(targets)].flatMap((target) => {
    const here =
      target === undefined ? [] : permissionsOf(graph, target).filter(({ stack }) => stack === notification.stack);
    if (here.length === 0 || here.some((permission) => awaited.has(permission))) return [];
    return [`must depend on ${here[0]?.address}, which lets S3 send to ${target?.address}`];
  });
}

function orderedTargets(notification: GraphNode, graph: Graph): string[] {
  return targetsOf(notification)
    .filter(({ attribute }) => attribute !== "lambda_function_arn")
    .flatMap(({ attribute, block }) => {
      const target = graph.resolve(block[attribute], notification.stack, { types: ["aws_sqs_queue", "aws_sns_topic"] });
      const arn = target?.arn ?? textOf(graph, notification, block[attribute]) ?? "";
      const isFifo =
        arn.endsWith(".fifo") || target?.attributes.fifo_queue === true || target?.attributes.fifo_topic === true;
      return isFifo ? [`must not send to ${target?.address ?? arn}: S3 sends to no FIFO queue or topic`] : [];
    });
}

/** Whom a bucket tells, by bucket. */
const toldBy = rememberingObjects((graph: Graph): ReadonlyMap<GraphNode, ReadonlySet<GraphNode>> => {
  const told = new Map<GraphNode, Set<GraphNode>>();
  for (const notification of graph.ofType("aws_s3_bucket_notification")) {
    const source = bucketOf(graph, notification);
    const targets = source && (told.get(source) ?? new Set());
    if (source === undefined || targets === undefined) continue;
    told.set(source, targets);
    for (const { attribute, block } of targetsOf(notification)) {
      const found = targetAt(graph, notification, block[attribute]);
      if (found !== undefined) targets.add(found);
    }
  }
  return told;
});

/** Things that a bucket may send to, and that it doesn't tell anything. */
function untold(graph: Graph): Finding[] {
  return graph.policies.flatMap(({ node, subjects, statements }) => {
    const targets = [...new Set(subjects)].filter(({ type }) =>
      /^aws_(sqs_queue|sns_topic|lambda_function)$/.test(type),
    );
    if (targets.length === 0) return [];
    const sources = statements
      .filter(
        ({ effect, principals }) => effect === "Allow" && principals.some(({ value }) => value === "s3.amazonaws.com"),
      )
      .flatMap((statement) => valuesOn(statement, "aws:SourceArn"))
      .flatMap((value) => graph.resolve(value, node.stack) ?? [])
      .filter(({ type, mode }) => type === "aws_s3_bucket" && mode === "managed");
    return sources.flatMap((source) =>
      findings(
        node,
        targets.some((target) => toldBy(graph).get(source)?.has(target))
          ? []
          : [`must not let ${named(source, node)} send to ${targets[0]?.address}: no notification of it does`],
      ),
    );
  });
}

/** What buckets tell others of. */
export const s3NotificationRules: readonly Rule[] = [
  {
    id: "s3-notification-once",
    title: "Each bucket has one notification resource",
    severity: "high",
    why: "A second one overwrites the first without a word: what it told of isn't told any more.",
    fix: "Put all targets of the bucket into one aws_s3_bucket_notification.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html"],
    examples: {
      failing: {
        resource: {
          aws_s3_bucket: bucket,
          aws_s3_bucket_notification: {
            Bus: { ...ofFiles, eventbridge: true },
            Images: { ...ofFiles, ...toFunction },
          },
        },
      },
      passing: {
        resource: {
          aws_s3_bucket: bucket,
          aws_s3_bucket_notification: { Files: { ...ofFiles, eventbridge: true, ...toFunction } },
        },
      },
    },
    judge: judgeBuckets((node, graph) => {
      const all = bucketSettings(graph, node, "aws_s3_bucket_notification");
      return all.length < 2
        ? []
        : all.flatMap((each) => findings(each, [`must be the only one of ${named(node, each)}: it has ${all.length}`]));
    }),
  },
  {
    id: "s3-notification-filters",
    title: "Targets of a notification share no object",
    severity: "high",
    why: "S3 refuses overlapping filters, and the bucket goes on telling nobody, or those of before.",
    fix: "Choose prefixes and suffixes of which none begins or ends with another, or tell EventBridge.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"],
    examples: {
      failing: toQueue({}, toFunction),
      passing: toQueue({}, { lambda_function: [{ ...toFunction.lambda_function[0], filter_suffix: ".jpg" }] }),
    },
    judge: judgeResources("aws_s3_bucket_notification", overlaps),
  },
  {
    id: "s3-notification-standard-target",
    title: "Buckets send to standard queues and topics",
    severity: "high",
    why: "S3 refuses a FIFO queue or topic as a target, and the deployment stops half-way.",
    fix: "Send to a standard queue or topic, or by EventBridge.",
    references: [
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
    ],
    examples: { failing: toQueue({ name: "images.fifo", fifo_queue: true }), passing: toQueue({}) },
    judge: judgeResources("aws_s3_bucket_notification", orderedTargets),
  },
  {
    id: "s3-notification-function-permission",
    title: "Functions that a bucket tells let S3 invoke them",
    severity: "high",
    why: "S3 refuses the notification, or the function is never called.",
    fix: "Add an aws_lambda_permission with principal s3.amazonaws.com, source_arn and source_account of the bucket.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"],
    examples: {
      failing: withPermission("arn:aws:s3:::example-other"),
      passing: withPermission("${aws_s3_bucket.Files.arn}"),
    },
    judge: (graph) => graph.ofType("aws_s3_bucket_notification").flatMap((node) => uncallable(node, graph)),
  },
  {
    id: "s3-notification-there",
    title: "Buckets tell whom they may tell",
    severity: "medium",
    why: "The notification was forgotten, or went with a change: nobody hears of new objects, and no alarm says so.",
    fix: "Add the target to the bucket's aws_s3_bucket_notification, or take the statement out of its policy.",
    references: [],
    examples: {
      failing: withPermission("${aws_s3_bucket.Files.arn}", { lambda_function: [], eventbridge: true }),
      passing: withPermission("${aws_s3_bucket.Files.arn}"),
    },
    judge: untold,
  },
  {
    id: "s3-notification-after-permission",
    title: "Notifications are made after what lets S3 send",
    severity: "medium",
    why: "S3 tries each target when the notification is made: deployed in the other order, it is refused, by chance.",
    fix: "Name the queue's or topic's policy, or the function's permission, in depends_on.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"],
    examples: {
      failing: toQueue({}, {}, { policy: '{"Statement":[]}' }),
      passing: toQueue({}, { depends_on: ["aws_sqs_queue_policy.Images"] }, { policy: '{"Statement":[]}' }),
    },
    judge: judgeResources("aws_s3_bucket_notification", earlyTargets),
  },
];

function withPermission(sourceArn: string, notification: Attributes = {}) {
  const permission = {
    function_name: "resize",
    action: "lambda:InvokeFunction",
    principal: "s3.amazonaws.com",
    source_arn: sourceArn,
    source_account: "111111111111",
  };
  return {
    provider,
    resource: {
      aws_s3_bucket: bucket,
      aws_lambda_function: lambda,
      aws_lambda_permission: { Resize: permission },
      aws_s3_bucket_notification: {
        Files: { ...ofFiles, ...toFunction, depends_on: ["aws_lambda_permission.Resize"], ...notification },
      },
    },
  };
}
