import { components } from "../../../config/components";
import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversResource } from "../../graph/statement";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { findingsOn } from "../exact";
import { type Finding, type Subject, sameJson } from "../requirement";

/** What exists once in an environment. */
export function onceIn({ graph }: Subject, { environmentSuffix }: Environment, type: string): GraphNode[] {
  return graph
    .ofType(type)
    .filter(
      ({ stack }) =>
        stack.environmentSuffix === environmentSuffix &&
        stack.component !== undefined &&
        components[stack.component as keyof typeof components]?.scope === "primary",
    );
}

/** After a failover, what exists once makes no table and no bucket where it works now: its functions work on the replicas. */
export function failedOver(subject: Subject, environment: Environment): Finding[] {
  const made = ["aws_dynamodb_table", "aws_s3_bucket", "aws_dynamodb_table_replica"].flatMap((type) =>
    onceIn(subject, environment, type),
  );
  const functions = onceIn(subject, environment, "aws_lambda_function");
  const working = functions.filter((node) => placesOf(subject.graph, environment, node).length > 0);
  return [
    ...made.flatMap((node) => findingsOn(node, ["would be empty: after a failover, data are in the replicas"])),
    ...componentsOf(functions)
      .filter((component) => !componentsOf(working).includes(component))
      .map((component) => ({ message: `${component} has no function that works on a replica` })),
    ...(functions.length > 0
      ? []
      : [{ message: `${environment.environmentSuffix} has no function to work on replicas` }]),
    ...working.flatMap((node) =>
      placesOf(subject.graph, environment, node).flatMap((place) =>
        findingsOn(node, placeProblems(subject.graph, environment, node, place)),
      ),
    ),
  ];
}

function componentsOf(nodes: readonly GraphNode[]): (string | undefined)[] {
  return [...new Set(nodes.map(({ stack }) => stack.component))];
}

/** A table or a bucket that a function is told of. */
interface Place {
  readonly variable: string;
  readonly service: "dynamodb" | "s3";
  readonly name: string;
  /** What its name must be. */
  readonly pattern: RegExp;
  readonly arn: string;
}

/** Each function of a system that has a replica is told of it; those that are told of nothing touch no data. */
function placesOf(graph: Graph, environment: Environment, node: GraphNode): Place[] {
  const { environmentSuffix, accountId, region, dataRegion } = environment;
  const [block] = blocksOf(node.attributes, "environment");
  const variables = isObject(block?.variables) ? block.variables : {};
  const start = `^tap-${node.stack.component}(-[a-z-]+)?-${environmentSuffix}`;
  const all = [
    // A replica has the name of its table, and that the region where the table was made.
    { variable: "TABLE_NAME", service: "dynamodb" as const, pattern: new RegExp(`${start}-${dataRegion}$`) },
    { variable: "BUCKET_NAME", service: "s3" as const, pattern: new RegExp(`${start}-${region}-${accountId}$`) },
  ];
  return all
    .filter(({ variable }) => variable in variables)
    .map((place) => {
      const name = graph.render(String(variables[place.variable]), node.stack);
      const arn =
        place.service === "s3" ? `arn:aws:s3:::${name}/` : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
      return { ...place, name, arn };
    });
}

function placeProblems(graph: Graph, environment: Environment, node: GraphNode, place: Place): string[] {
  const { variable, service, name, pattern, arn } = place;
  const role = graph.resolve(node.attributes.role, node.stack);
  const allowed = (role === undefined ? [] : graph.policiesOf(role))
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow");
  const reaches = allowed.some(
    ({ actions, ...statement }) =>
      actions.some((action) => action.startsWith(`${service}:`)) &&
      // A bucket's objects may be some of it alone: `results/*`.
      (service === "s3"
        ? statement.resources.some((resource) => resource.startsWith(arn))
        : coversResource({ actions, ...statement }, arn)),
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
  const keys = graph
    .ofType("aws_kms_alias", "data")
    .filter(({ stack, attributes }) => stack === node.stack && attributes.name === alias)
    .map(({ address }) => `\${${address}.target_key_arn}`);
  const via = statement.conditions.filter(({ key }) => key === "kms:ViaService").flatMap(({ values }) => [...values]);
  return (
    statement.actions.includes("kms:Decrypt") &&
    keys.length === 1 &&
    sameJson(statement.resources, keys) &&
    sameJson(via, [`${service}.${region}.amazonaws.com`])
  );
}
