import { matchesArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { coversAction } from "../../graph/statement";

/**
 * Whether a role may do something with a thing. Yes as well where nobody knows: the role or one of its policies is not
 * of this configuration.
 */
export function mayDo(graph: Graph, role: GraphNode | undefined, action: string, thing: GraphNode): boolean {
  if (role?.type !== "aws_iam_role" || role.mode === "data") return true;
  if (withUnknownPolicy(graph).has(role)) return true;
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .some(({ node, statements }) =>
      statements.some(
        (statement) =>
          statement.effect === "Allow" &&
          coversAction(statement, action) &&
          (statement.notResources.length > 0 || statement.resources.some((each) => isAbout(graph, node, each, thing))),
      ),
    );
}

function isAbout(graph: Graph, policy: GraphNode, resource: string, thing: GraphNode): boolean {
  const text = graph.render(resource, policy.stack);
  if (text === "*" || thing.arn === undefined) return true;
  // A DynamoDB stream's ARN goes on behind its table's.
  const isOfThing = matchesArn(text, thing.arn) || matchesArn(text, `${thing.arn}/stream/2026-01-01T00:00:00.000`);
  return text.includes("${") ? mayBe(graph, policy, resource, thing) : isOfThing;
}

/** An expression that leads to another thing is not about this one. */
function mayBe(graph: Graph, policy: GraphNode, resource: string, thing: GraphNode): boolean {
  const target = graph.resolve(resource, policy.stack);
  return target === undefined || target.mode === "data" || target === thing;
}

/** Roles with policies that the configuration doesn't have, as AWS's own ones, or that can't be read. */
const withUnknownPolicy = rememberingObjects(
  (graph: Graph): ReadonlySet<GraphNode> =>
    new Set([...rolesOfUnreadable(graph), ...rolesOfAttachments(graph), ...rolesWithManaged(graph)]),
);

function rolesOfUnreadable(graph: Graph): GraphNode[] {
  const policies = graph.unreadablePolicies.filter(({ kind }) => kind === "identity").map(({ node }) => node);
  // Those that are attached by a resource of their own.
  const attachments = policies.flatMap((node) => graph.referencesTo(node).map(({ from }) => from));
  const holders = [...policies, ...attachments].flatMap((node) => graph.referencesFrom(node));
  return [...policies, ...holders.flatMap((reference) => ("to" in reference ? [reference.to] : []))];
}

function rolesOfAttachments(graph: Graph): GraphNode[] {
  return ["aws_iam_role_policy_attachment", "aws_iam_policy_attachment"]
    .flatMap((type) => graph.ofType(type))
    .filter((attachment) => isForeign(graph, attachment, attachment.attributes.policy_arn))
    .flatMap(({ attributes, stack }) =>
      [attributes.role ?? [], attributes.roles ?? []]
        .flat()
        .flatMap((role) => graph.resolve(role, stack, { types: ["aws_iam_role"] }) ?? []),
    );
}

function rolesWithManaged(graph: Graph): GraphNode[] {
  return graph
    .ofType("aws_iam_role")
    .filter((role) => [role.attributes.managed_policy_arns ?? []].flat().some((arn) => isForeign(graph, role, arn)));
}

function isForeign(graph: Graph, from: GraphNode, arn: unknown): boolean {
  const policy = graph.resolve(arn, from.stack, { types: ["aws_iam_policy"] });
  return policy?.type !== "aws_iam_policy" || policy.mode === "data";
}
