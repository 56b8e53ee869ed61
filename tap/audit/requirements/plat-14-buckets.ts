import type { Environment } from "../../../config/environment";
import { nodesOfStack } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversAction, coversResource, valuesOn } from "../../graph/statement";
import { blocksOf } from "../../graph/terraform-json";
import { reachesSubscriber } from "../alarms";
import { settingsOf } from "../buckets";
import { differences, findingsOn, referenceTo } from "../exact";
import { keyUses } from "../key-policy";
import { dependenciesOf, type Finding, sameJson } from "../requirement";
import { allowedBy, trustedBy } from "../roles";

const configurationType = "aws_s3_bucket_replication_configuration";

interface To {
  readonly region: string;
  /** Whether what is written to the replica comes back. */
  readonly back: boolean;
}

/** A bucket's replica: all of it, within 15 minutes, under a key of there, by a role that can do just that. */
export function bucketReplication(graph: Graph, environment: Environment, bucket: GraphNode, to: To): Finding[] {
  const { region, back } = to;
  const there = nodesOfStack(graph, bucket.stack.id, "aws_s3_bucket").filter(
    (node) => node.region === region && isNamedAs(node, bucket, region),
  );
  const [replica, ...others] = there;
  if (replica === undefined || others.length > 0) return findingsOn(bucket, [`must have one replica, in ${region}`]);
  return [
    ...oneWay(graph, bucket, replica),
    ...(back ? oneWay(graph, replica, bucket) : []),
    ...(back
      ? []
      : findingsOn(
          replica,
          settingsOf(graph, replica, configurationType).length === 0 ? [] : ["must not send states back"],
        )),
    ...findingsOn(replica, [
      ...(sameJson(lifecycleOf(graph, replica), lifecycleOf(graph, bucket))
        ? []
        : ["must keep what it has as long as the bucket does: S3 replicates no expiry"]),
      ...(isProtected(replica) === environment.deletionProtection || bucket.stack.component === "bootstrap"
        ? []
        : ["must be protected as the environment is"]),
    ]),
    // States have no environment's alarm topic to write to.
    ...(back ? findingsOn(bucket, [...alarms(graph, bucket, replica), ...alarms(graph, replica, bucket)]) : []),
  ];
}

function isNamedAs(node: GraphNode, bucket: GraphNode, region: string): boolean {
  return node.physicalName === bucket.physicalName?.replace(String(bucket.region), region);
}

function isProtected({ attributes }: GraphNode): boolean {
  return sameJson(attributes.lifecycle, { prevent_destroy: true }) && attributes.force_destroy !== true;
}

function oneWay(graph: Graph, from: GraphNode, to: GraphNode): Finding[] {
  const [configuration, ...others] = settingsOf(graph, from, configurationType);
  if (configuration === undefined || others.length > 0)
    return findingsOn(from, [`must have its replication set once, to ${to.physicalName}`]);
  const key = keyOf(graph, to);
  const role = graph.resolve(configuration.attributes.role, configuration.stack);
  if (key === undefined || role?.type !== "aws_iam_role")
    return findingsOn(configuration, ["must encrypt with the customer key of its destination, under a role"]);
  const elsewhere = from.region === from.stack.region ? {} : { region: from.region };
  const on = { status: "Enabled" };
  return [
    ...findingsOn(
      configuration,
      differences(graph, configuration, {
        ...elsewhere,
        bucket: referenceTo(from, "id"),
        role: referenceTo(role, "arn"),
        rule: {
          id: `to-${to.region}`,
          status: "Enabled",
          priority: 0,
          filter: { prefix: "" },
          delete_marker_replication: on,
          source_selection_criteria: { replica_modifications: on, sse_kms_encrypted_objects: on },
          destination: {
            bucket: to.arn,
            encryption_configuration: { replica_kms_key_id: referenceTo(key, "arn") },
            metrics: { ...on, event_threshold: { minutes: 15 } },
            replication_time: { ...on, time: { minutes: 15 } },
          },
        },
      }),
    ),
    ...findingsOn(configuration, waits(graph, configuration, from, to)),
    ...findingsOn(role, rights(graph, role, from, to)),
  ];
}

/** Versions on both sides before there is a rule, or S3 refuses it. */
function waits(graph: Graph, configuration: GraphNode, from: GraphNode, to: GraphNode): string[] {
  const waited = dependenciesOf(graph, configuration);
  const versions = (bucket: GraphNode) =>
    settingsOf(graph, bucket, "aws_s3_bucket_versioning").some(
      (node) =>
        waited.includes(node) &&
        sameJson(blocksOf(node.attributes, "versioning_configuration"), [{ status: "Enabled" }]),
    );
  return versions(from) && versions(to) ? [] : ["must wait for the versions of both buckets"];
}

/** S3 user guide, setting up permissions for live replication, and replicating encrypted objects. */
function rights(graph: Graph, role: GraphNode, from: GraphNode, to: GraphNode): string[] {
  const allowed = allowedBy(graph, role);
  const allows = (action: string, arn: string) =>
    allowed.some((each) => coversAction(each, action) && coversResource(each, arn));
  const wanted: [string, string][] = [
    ...["s3:GetReplicationConfiguration", "s3:ListBucket"].map((action): [string, string] => [
      action,
      String(from.arn),
    ]),
    ...["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"].map(
      (action): [string, string] => [action, `${from.arn}/object`],
    ),
    ...["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"].map((action): [string, string] => [
      action,
      `${to.arn}/object`,
    ]),
  ];
  return [
    ...(sameJson(trustedBy(graph, role), ["s3.amazonaws.com"]) ? [] : ["must be entered by S3, and nobody else"]),
    ...wanted
      .filter(([action, arn]) => !allows(action, arn))
      .map(([action, arn]) => `must be allowed ${action} on ${arn}`),
    ...[
      { bucket: from, actions: ["kms:Decrypt"] },
      { bucket: to, actions: ["kms:Encrypt", "kms:GenerateDataKey"] },
    ].flatMap(({ bucket, actions }) => {
      const key = keyOf(graph, bucket);
      const name = key === undefined ? "" : referenceTo(key, "arn");
      return actions
        .filter((action) => !allowed.some((each) => usesKey(each, action, name, bucket)))
        .map((action) => `must be allowed ${action} with the key of ${bucket.physicalName}, through S3`);
    }),
    ...(mayBeUsed(graph, from) && mayBeUsed(graph, to) ? [] : ["must find keys that let S3 use them for the buckets"]),
  ];
}

function usesKey(statement: Statement, action: string, key: string, bucket: GraphNode): boolean {
  return (
    coversAction(statement, action) &&
    statement.resources.includes(key) &&
    sameJson(valuesOn(statement, "kms:ViaService"), [`s3.${bucket.region}.amazonaws.com`]) &&
    sameJson(valuesOn(statement, "kms:EncryptionContext:aws:s3:arn"), [bucket.arn])
  );
}

function mayBeUsed(graph: Graph, bucket: GraphNode): boolean {
  const key = keyOf(graph, bucket);
  return (
    key !== undefined &&
    keyUses(graph, key).some(({ service, values }) => service === "s3" && values.includes(String(bucket.arn)))
  );
}

/** The customer key of a bucket, in the bucket's region. */
function keyOf(graph: Graph, bucket: GraphNode): GraphNode | undefined {
  const [key] = settingsOf(graph, bucket, "aws_s3_bucket_server_side_encryption_configuration").flatMap((node) =>
    blocksOf(node.attributes, "rule")
      .flatMap((rule) => blocksOf(rule, "apply_server_side_encryption_by_default"))
      .map(({ kms_master_key_id }) => graph.resolve(kms_master_key_id, node.stack)),
  );
  return key?.type === "aws_kms_key" && key.region === bucket.region ? key : undefined;
}

function lifecycleOf(graph: Graph, bucket: GraphNode): unknown[] {
  return settingsOf(graph, bucket, "aws_s3_bucket_lifecycle_configuration").map(({ attributes }) => attributes.rule);
}

/**
 * Somebody hears of a replica that is behind, in the region of the destination, and of objects that S3 gave up on, in
 * that of the source, where these metrics are (S3 user guide, S3 Replication metrics).
 */
function alarms(graph: Graph, from: GraphNode, to: GraphNode): string[] {
  const dimensions = {
    SourceBucket: from.physicalName,
    DestinationBucket: to.physicalName,
    RuleId: `to-${to.region}`,
  };
  const wanted: ReplicationAlarm[] = [
    { metric: "ReplicationLatency", statistic: "Maximum", threshold: 15 * 60, region: to.region },
    { metric: "OperationsFailedReplication", statistic: "Sum", threshold: 0, region: from.region },
  ].map((each) => ({ ...each, namespace: "AWS/S3", dimensions }));
  return wanted.flatMap((alarm) => replicationAlarm(graph, from.stack, alarm));
}

export interface ReplicationAlarm {
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly threshold: number;
  readonly region: string | undefined;
}

/** An alarm within minutes, by which somebody hears of it. */
export function replicationAlarm(graph: Graph, stack: GraphNode["stack"], wanted: ReplicationAlarm): string[] {
  const { namespace, metric, statistic, dimensions, threshold, region } = wanted;
  const found = nodesOfStack(graph, stack.id, "aws_cloudwatch_metric_alarm").some(
    (alarm) =>
      alarm.region === region &&
      alarm.attributes.namespace === namespace &&
      alarm.attributes.metric_name === metric &&
      alarm.attributes.statistic === statistic &&
      alarm.attributes.period === 60 &&
      sameJson(alarm.attributes.dimensions, dimensions) &&
      alarm.attributes.comparison_operator === "GreaterThanThreshold" &&
      alarm.attributes.threshold === threshold &&
      reachesSubscriber(graph, alarm),
  );
  return found ? [] : [`must have an alarm on ${metric} in ${region}, above ${threshold}`];
}
