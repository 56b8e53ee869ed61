import { components } from "../../../config/components";
import type { Environment } from "../../../config/environment";
import { nodesOfEnvironment, nodesOfStack } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversResource, valuesOn } from "../../graph/statement";
import { findingsOn } from "../exact";
import { type Place, placesOf } from "../functions";
import { type Finding, type Subject, sameJson } from "../requirement";
import { allowedBy } from "../roles";

/** What exists once in an environment. */
export function onceIn({ graph }: Subject, { environmentSuffix }: Environment, type: string): GraphNode[] {
  return nodesOfEnvironment(graph, environmentSuffix, type).filter(
    ({ stack }) =>
      stack.component !== undefined && components[stack.component as keyof typeof components]?.scope === "primary",
  );
}

/** After a failover, what exists once makes no table and no bucket where it works now: its functions work on the replicas. */
export function failedOver(subject: Subject, environment: Environment): Finding[] {
  const made = ["aws_dynamodb_table", "aws_s3_bucket", "aws_dynamodb_table_replica"].flatMap((type) =>
    onceIn(subject, environment, type),
  );
  const functions = onceIn(subject, environment, "aws_lambda_function");
  const working = functions.filter((node) => placesOf(subject.graph, node).length > 0);
  return [
    ...made.flatMap((node) => findingsOn(node, ["would be empty: after a failover, data are in the replicas"])),
    ...componentsOf(functions)
      .filter((component) => !componentsOf(working).includes(component))
      .map((component) => ({ message: `${component} has no function that works on a replica` })),
    ...(functions.length > 0
      ? []
      : [{ message: `${environment.environmentSuffix} has no function to work on replicas` }]),
    ...working.flatMap((node) =>
      placesOf(subject.graph, node).flatMap((place) =>
        findingsOn(node, placeProblems(subject.graph, environment, node, place)),
      ),
    ),
  ];
}

function componentsOf(nodes: readonly GraphNode[]): (string | undefined)[] {
  return [...new Set(nodes.map(({ stack }) => stack.component))];
}

/** A replica has the name of its table, and that the region where the table was made; a bucket's is of where it is. */
function placeProblems(graph: Graph, environment: Environment, node: GraphNode, place: Place): string[] {
  const { environmentSuffix, accountId, region, dataRegion } = environment;
  const { variable, name, arn } = place;
  const isBucket = place.type === "aws_s3_bucket";
  const service = isBucket ? "s3" : "dynamodb";
  const end = isBucket ? `${region}-${accountId}` : dataRegion;
  const pattern = new RegExp(`^tap-${node.stack.component}(-[a-z-]+)?-${environmentSuffix}-${end}$`);
  const role = graph.resolve(node.attributes.role, node.stack);
  const allowed = role === undefined ? [] : allowedBy(graph, role);
  const reaches = allowed.some(
    (statement) =>
      statement.actions.some((action) => action.startsWith(`${service}:`)) &&
      // A bucket's objects may be some of it alone: `results/*`.
      (isBucket
        ? statement.resources.some((resource) => resource.startsWith(`${arn}/`))
        : coversResource(statement, arn)),
  );
  return [
    ...(pattern.test(name) ? [] : [`must have ${variable} ${pattern.source}, a replica (it has ${name})`]),
    ...(reaches ? [] : [`must be allowed to work on ${arn}`]),
    ...(allowed.some((statement) => decrypts(graph, environment, node, statement, service))
      ? []
      : [`must be let decrypt what the replicas' key encrypted, through ${service}`]),
  ];
}

/** With the key that the other region left here, which is found by its alias. */
function decrypts(
  graph: Graph,
  { environmentSuffix, region }: Environment,
  node: GraphNode,
  statement: Statement,
  service: string,
): boolean {
  const alias = `alias/tap-${node.stack.component}-replica-${environmentSuffix}-${region}`;
  const keys = nodesOfStack(graph, node.stack.id, "aws_kms_alias", "data")
    .filter(({ attributes }) => attributes.name === alias)
    .map(({ address }) => `\${${address}.target_key_arn}`);
  return (
    statement.actions.includes("kms:Decrypt") &&
    keys.length === 1 &&
    sameJson(statement.resources, keys) &&
    sameJson(valuesOn(statement, "kms:ViaService"), [`${service}.${region}.amazonaws.com`])
  );
}
