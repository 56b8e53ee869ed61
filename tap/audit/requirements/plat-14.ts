import type { Environment } from "../../../config/environment";
import { nodesNaming, nodesOfEnvironment, nodesOfStack } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { isObject } from "../../graph/terraform-json";
import { differences, findingsOn, referenceTo } from "../exact";
import { grantingServices, keyUses } from "../key-policy";
import {
  dependenciesOf,
  expectThat,
  type Finding,
  ownsItsAccount,
  type Requirement,
  type Subject,
} from "../requirement";
import { bucketReplication, replicationAlarm } from "./plat-14-buckets";
import { domainProblems } from "./plat-14-domain";
import { failedOver, onceIn } from "./plat-14-failover";

export const plat14: Requirement = {
  id: "PLAT-14",
  checks:
    "Where the configuration says so, every table and bucket of what exists once, and the bucket of the states, has a replica in the second region, under a customer key there, within 15 minutes, with alarms when it takes longer; nowhere else has anything. After a failover, what exists once works on these replicas, and makes none of its own. Where the API has a domain, Route 53 leads past a region that fails.",
  why: "A region that is lost takes with it what is nowhere else; and a replica that nobody can work on is no recovery.",
  judge: (subject) => [
    ...subject.environments.flatMap((environment) => [
      ...(environment.recovery.failedOverFrom === undefined
        ? replicas(subject, environment)
        : failedOver(subject, environment)),
      ...states(subject, environment),
    ]),
    ...domainProblems(subject),
  ],
};

function replicas(subject: Subject, environment: Environment): Finding[] {
  const { graph } = subject;
  const { replicaRegion } = environment;
  const isHere = (node: GraphNode) => node.region === node.stack.region;
  const of = (type: string) => nodesOfEnvironment(graph, environment.environmentSuffix, type);
  if (replicaRegion === undefined)
    return [...of("aws_dynamodb_table_replica"), ...of("aws_s3_bucket_replication_configuration")].flatMap((node) =>
      findingsOn(node, ["replicates what the configuration doesn't say to"]),
    );
  const tables = onceIn(subject, environment, "aws_dynamodb_table").filter(isHere);
  const buckets = onceIn(subject, environment, "aws_s3_bucket").filter(isHere);
  return [
    ...expectThatSome(environment, tables, buckets),
    ...tables.flatMap((table) => replica(graph, environment, table, replicaRegion)),
    ...buckets.flatMap((bucket) =>
      bucketReplication(graph, environment, bucket, { region: replicaRegion, back: true }),
    ),
  ];
}

/** Or the rule would hold because there is nothing. */
function expectThatSome(
  { environmentSuffix }: Environment,
  tables: readonly GraphNode[],
  buckets: readonly GraphNode[],
): Finding[] {
  return tables.length > 0 && buckets.length > 0
    ? []
    : [{ message: `${environmentSuffix} has no table or no bucket to replicate` }];
}

function replica(graph: Graph, environment: Environment, table: GraphNode, region: string): Finding[] {
  const { attributes } = table;
  const found = nodesNaming(graph, "aws_dynamodb_table_replica", "global_table_arn", table);
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) return findingsOn(table, [`must have one replica, in ${region}`]);
  const key = graph.resolve(only.attributes.kms_key_arn, only.stack);
  const { deletionProtection } = environment;
  const [recovery] = [attributes.point_in_time_recovery].flat() as [{ enabled?: unknown } | undefined];
  return [
    ...findingsOn(
      only,
      differences(graph, only, {
        region,
        global_table_arn: referenceTo(table, "arn"),
        kms_key_arn: only.attributes.kms_key_arn,
        // What can be restored here can be restored there.
        point_in_time_recovery: recovery?.enabled,
        deletion_protection_enabled: deletionProtection,
        ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : {}),
      }),
    ),
    ...findingsOn(only, [
      ...keyProblems(graph, key, region, table),
      ...(waitsForScaling(graph, only, table) ? [] : ["must wait for the scaling of its table, which it takes over"]),
    ]),
    ...findingsOn(table, [
      ...(attributes.stream_enabled === true && attributes.stream_view_type === "NEW_AND_OLD_IMAGES"
        ? []
        : ["must have the stream that replicas are made of"]),
      // Or each apply would remove the replica, which is a resource of its own.
      ...(isObject(attributes.lifecycle) && [attributes.lifecycle.ignore_changes].flat().includes("replica")
        ? []
        : ["must leave its replicas to their own resources"]),
      ...replicationAlarm(graph, table.stack, {
        namespace: "AWS/DynamoDB",
        metric: "ReplicationLatency",
        statistic: "Maximum",
        dimensions: { TableName: table.physicalName, ReceivingRegion: region },
        // Milliseconds.
        threshold: 15 * 60_000,
        region: table.region,
      }),
    ]),
  ];
}

function keyProblems(graph: Graph, key: GraphNode | undefined, region: string, table: GraphNode): string[] {
  const name = String(table.physicalName);
  const isItsOwn =
    key?.type === "aws_kms_key" &&
    key.region === region &&
    keyUses(graph, key).some(({ service, values }) => service === "dynamodb" && values.includes(name)) &&
    // DynamoDB goes on using it by grants; without them it refuses the replica.
    grantingServices(graph, key).includes("dynamodb");
  return isItsOwn ? [] : [`must be under a customer key of ${region} that DynamoDB may use for it`];
}

/** A replica of a table with provisioned capacity needs its scaling before it (DynamoDB developer guide, global tables). */
function waitsForScaling(graph: Graph, replicaNode: GraphNode, table: GraphNode): boolean {
  if (table.attributes.billing_mode === "PAY_PER_REQUEST") return true;
  return dependenciesOf(graph, replicaNode).filter(({ type }) => type === "aws_appautoscaling_policy").length === 2;
}

/** Who owns the account's bootstrap answers for the states. */
function states(subject: Subject, environment: Environment): Finding[] {
  const { graph, stacks } = subject;
  const { accountId, account } = environment;
  const stack = stacks.find(
    ({ component, environmentSuffix }) =>
      component === "bootstrap" && environmentSuffix === environment.environmentSuffix,
  );
  if (!ownsItsAccount(environment) || stack === undefined) return [];
  const of = (region: string) =>
    nodesOfStack(graph, stack.id, "aws_s3_bucket").filter(
      (node) => node.physicalName === `tap-state-${accountId}-${region}`,
    );
  const [bucket] = of(account.region);
  if (account.stateReplicaRegion === undefined)
    return nodesOfStack(graph, stack.id, "aws_s3_bucket_replication_configuration").flatMap((node) =>
      findingsOn(node, ["replicates states, which the configuration doesn't say to"]),
    );
  if (bucket === undefined) return expectThat(false, stack, "must have the bucket of the states");
  return bucketReplication(graph, environment, bucket, { region: account.stateReplicaRegion, back: false });
}
