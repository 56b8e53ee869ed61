import type { Environment } from "../../../config/environment";
import { fileTypes } from "../../../routes/files";
import type { Graph, GraphNode } from "../../graph/model";
import { coversAction } from "../../graph/statement";
import { blocksOf } from "../../graph/terraform-json";
import { bucketService, isForBucket, letsBucketAloneSend } from "../bucket-sender";
import { findingsOn, referenceTo, sameInTerraform } from "../exact";
import { type FilesData, filesData, kinds, type Processor } from "../files";
import { dependenciesOf, type Finding, nodesIn, wanted } from "../requirement";
import type { StackJson } from "../stack-json";

/** Where files are uploaded to; what comes of them lies elsewhere, or each result would be worked on again. */
const prefix = "uploads/";

/** The bucket tells each queue of the files of its kind, and may do so; nobody else may. */
export function notifications(
  graph: Graph,
  stack: StackJson,
  environment: Environment,
  processors: readonly Processor[],
): Finding[] {
  const data = filesData(graph, stack, environment);
  return [
    ...uploadable(stack),
    ...filters(graph, stack, data, processors),
    ...processors.flatMap(({ queue }) => (queue === undefined ? [] : sender(graph, environment, data, queue))),
    ...ofTheKey(graph, stack, environment, data),
  ];
}

/** Whatever routes/files.ts takes in ends like the files of one kind. */
function uploadable({ id }: StackJson): Finding[] {
  const suffixes: readonly string[] = Object.values(kinds).flatMap((kind) => kind.suffixes);
  return Object.values(fileTypes)
    .filter(({ extension }) => suffixes.filter((suffix) => suffix === `.${extension}`).length !== 1)
    .map(({ extension }) => ({ stack: id, message: `takes uploads that end in .${extension}, and no queue hears of` }));
}

interface Filter {
  readonly queue_arn: unknown;
  readonly events: readonly string[];
  readonly filter_prefix: string;
  readonly filter_suffix: string;
}

/** In lower case as the API names them, in upper case as cameras do. */
function filtersOf({ kind, queue }: Processor): Filter[] {
  return kinds[kind].suffixes
    .flatMap((suffix) => [suffix, suffix.toUpperCase()])
    .map((suffix) => ({
      queue_arn: queue && referenceTo(queue, "arn"),
      events: ["s3:ObjectCreated:*"],
      filter_prefix: prefix,
      filter_suffix: suffix,
    }));
}

function filters(graph: Graph, stack: StackJson, data: FilesData, processors: readonly Processor[]): Finding[] {
  const [notification, ...others] = nodesIn(graph, stack, "aws_s3_bucket_notification").filter(
    ({ attributes, stack: own }) => graph.render(String(attributes.bucket), own) === data.bucketName,
  );
  if (notification === undefined || others.length > 0)
    return [{ stack: stack.id, message: "must have one notification resource of the bucket" }];
  const all = blocksOf(notification.attributes, "queue");
  const ids = all.map(({ id }) => id);
  const actual = all.map(({ id: _, ...filter }) => filter);
  const expected = processors.flatMap(filtersOf);
  const waited = dependenciesOf(graph, notification).flatMap((policy) =>
    policy.type === "aws_sqs_queue_policy" ? [graph.resolve(policy.attributes.queue_url, policy.stack)] : [],
  );
  return findingsOn(notification, [
    ...expected
      .filter((filter) => actual.filter((each) => sameInTerraform(each, filter)).length !== 1)
      .map(({ filter_suffix, queue_arn }) => `must tell ${queue_arn}, once, of ${prefix}*${filter_suffix}`),
    // Of what is expected, no two fit one key: S3 refuses filters that do.
    ...wanted(actual.length === expected.length, `has ${actual.length} filters, not ${expected.length}`),
    ...wanted(new Set(ids).size === ids.length && !ids.includes(undefined), "must have an id of its own per filter"),
    ...wanted(
      processors.every(({ queue }) => waited.includes(queue)),
      "must wait for the queues' policies: S3 tries each queue when it is told of it",
    ),
  ]);
}

/** S3, for this bucket and account; roles of the account send by IAM, and are FIL-02's rights. */
function sender(graph: Graph, { accountId }: Environment, { bucketArn }: FilesData, queue: GraphNode): Finding[] {
  return findingsOn(
    queue,
    wanted(
      letsBucketAloneSend(graph, queue, accountId, bucketArn),
      "must take messages from S3 for this bucket and account, and nobody else",
    ),
  );
}

/** The stack's key: S3 encrypts what it sends (S3 user guide, event notifications: permissions). */
function ofTheKey(
  graph: Graph,
  stack: StackJson,
  { accountId }: Environment,
  { key, bucketArn }: FilesData,
): Finding[] {
  if (key === undefined) return [{ stack: stack.id, message: "must have one key" }];
  const [use, ...others] = graph
    .policiesOf(key)
    .flatMap(({ statements }) => statements)
    .filter(({ principals }) => principals.some(({ value }) => value === bucketService));
  const lets =
    use?.effect === "Allow" &&
    others.length === 0 &&
    isForBucket(use, accountId, bucketArn, /^Arn(Equals|Like)$|^StringEquals$/) &&
    ["kms:Decrypt", "kms:GenerateDataKey"].every((action) => coversAction(use, action)) &&
    use.actions.every((action) => /^kms:(Decrypt|GenerateDataKey\*?)$/.test(action));
  return findingsOn(key, wanted(lets, "must let S3 use it for what this bucket sends, and for nothing else"));
}
