import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { filesData } from "../files";
import { ownKey } from "../own-key";
import { judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

export const fil05: Requirement = {
  id: "FIL-05",
  checks:
    "One table on demand, with point-in-time recovery in every environment: an item per file and per version, found by owner in the order of time; what is expired goes by itself; the stack's key; no stream but the one that replicas need.",
  why: "What became of a file is said here alone: a table that can't be restored leaves files that nobody knows of.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      const [table, ...others] = nodesIn(graph, stack, "aws_dynamodb_table");
      if (table === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one table" }];
      return [
        ...findingsOn(table, settings(graph, stack, environment, table)),
        ...otherWays(graph, stack).flatMap((node) => findingsOn(node, ["changes the table, or shares it"])),
      ];
    }),
};

function settings(graph: Graph, stack: StackJson, environment: Environment, table: GraphNode): string[] {
  const { deletionProtection, replicaRegion } = environment;
  const { tableName } = filesData(graph, stack, environment);
  const [encryption] = blocksOf(table.attributes, "server_side_encryption");
  const key = ownKey(graph, table, encryption?.kms_key_arn, {
    service: "dynamodb",
    by: "caller",
    context: "aws:dynamodb:tableName",
    value: tableName,
  });
  const lifecycle = {
    ...(deletionProtection ? { prevent_destroy: true } : {}),
    // A replica is a resource of its own (PLAT-14).
    ...(replicaRegion === undefined ? {} : { ignore_changes: ["replica"] }),
  };
  return [
    ...(key === undefined ? ["must be under the key of its stack, which DynamoDB may use for it"] : []),
    ...differences(graph, table, {
      name: tableName,
      billing_mode: "PAY_PER_REQUEST",
      hash_key: "id",
      range_key: "version",
      attribute: ["id", "version", "owner", "createdAt"].map((name) => ({ name, type: "S" })),
      global_secondary_index: {
        name: "by-owner",
        hash_key: "owner",
        range_key: "createdAt",
        projection_type: "ALL",
      },
      point_in_time_recovery: { enabled: true },
      ttl: { attribute_name: "expiresAt", enabled: true },
      ...(key === undefined
        ? kept(table, "server_side_encryption")
        : { server_side_encryption: { enabled: true, kms_key_arn: referenceTo(key, "arn") } }),
      ...(replicaRegion === undefined ? {} : { stream_enabled: true, stream_view_type: "NEW_AND_OLD_IMAGES" }),
      deletion_protection_enabled: deletionProtection,
      ...(Object.keys(lifecycle).length === 0 ? {} : { lifecycle }),
    }),
  ];
}

/** Policies, streams and exports beside the table's own; its replica is PLAT-14's. */
function otherWays(graph: Graph, stack: StackJson): GraphNode[] {
  return nodesIn(graph, stack).filter(
    ({ type }) =>
      /^aws_(dynamodb_|appautoscaling_)/.test(type) &&
      !["aws_dynamodb_table", "aws_dynamodb_table_replica"].includes(type),
  );
}
