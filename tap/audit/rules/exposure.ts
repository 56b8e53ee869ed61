import type { Graph, GraphNode } from "../../graph/model";
import type { Condition, PolicyDocument, Statement } from "../../graph/policy";
import { rememberingObjects } from "../../graph/remembering";
import { coversAction, isForEveryone } from "../../graph/statement";
import type { Finding } from "../requirement";
import { findings } from "../rule";

/** Condition keys that tell whose call it is, or for what; an address of the internet does not. */
const narrowingKeys: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "kms:calleraccount",
  "lambda:eventsourcetoken",
]);

/** Those of them that tell for whom a service works. */
const sourceKeys = /^(aws:source(account|arn|orgid|orgpaths|owner)|aws:principalorgid|lambda:eventsourcetoken)$/;

/** Whether a condition holds for what it names alone: the operator says so, and no value names everything. */
function isNarrow({ operator, values }: Condition): boolean {
  const names = /^(ForAnyValue:)?(String|Arn)(Equals|EqualsIgnoreCase|Like)$/i.test(operator);
  return (
    names && values.length > 0 && values.every((value) => !/^(\*|arn:\*.*|arn:[\w-]+:[\w-]*:\*?:\*?:\*?)$/.test(value))
  );
}

/** Whether a statement lets everyone in the world do something. */
export function isPublic(statement: Statement): boolean {
  const { effect, conditions, notPrincipals } = statement;
  if (effect !== "Allow" || !(isForEveryone(statement) || notPrincipals.length > 0)) return false;
  return !conditions.some((condition) => narrowingKeys.has(condition.key.toLowerCase()) && isNarrow(condition));
}

/** Services that a statement lets in for whoever sets them up, in any account. */
export function servicesWithoutSource({ effect, principals, conditions }: Statement): string[] {
  if (effect !== "Allow") return [];
  const isLimited = conditions.some((each) => sourceKeys.test(each.key.toLowerCase()) && isNarrow(each));
  return isLimited ? [] : principals.filter(({ type }) => type === "Service").map(({ value }) => value);
}

/** Whether nobody may do something over plain HTTP. */
export function deniesPlainHttp(documents: readonly PolicyDocument[], action: string): boolean {
  return documents.some(({ statements }) =>
    statements.some(
      (statement) =>
        statement.effect === "Deny" &&
        isForEveryone(statement) &&
        coversAction(statement, action) &&
        statement.conditions.length > 0 &&
        statement.conditions.every(isPlainHttp),
    ),
  );
}

function isPlainHttp({ operator, key, values }: Condition): boolean {
  return /^Bool(IfExists)?$/.test(operator) && key.toLowerCase() === "aws:securetransport" && values.join() === "false";
}

/** Documents that say who may use a thing: on it, or in resources of their own. */
export function usePoliciesOf(graph: Graph, node: GraphNode): PolicyDocument[] {
  return graph.policiesOf(node).filter(({ kind }) => kind === "resource");
}

/** Whether something about a node's policy can't be read: what it says is unknown then. */
export function hasUnreadablePolicy(graph: Graph, node: GraphNode): boolean {
  return withUnreadablePolicy(graph).has(node);
}

const withUnreadablePolicy = rememberingObjects((graph: Graph): ReadonlySet<GraphNode> => {
  const nodes = graph.unreadablePolicies.map((each) => each.node);
  const referred = nodes.flatMap((node) =>
    graph.referencesFrom(node).flatMap((each) => ("to" in each ? [each.to] : [])),
  );
  return new Set([...nodes, ...referred]);
});

/**
 * What is wrong with statements of policies on things of some types, wherever the policy is written. The finding is
 * about the resource that has it.
 */
export function judgeStatements(
  graph: Graph,
  types: readonly string[],
  problemsOf: (statement: Statement) => readonly string[],
): Finding[] {
  return graph.policies
    .filter(
      ({ kind, node, subjects }) => kind === "resource" && [node, ...subjects].some((on) => types.includes(on.type)),
    )
    .flatMap(({ node, statements }) => findings(node, statements.flatMap(problemsOf)));
}

/** How a finding calls a statement. */
export function nameOf({ sid, path }: Statement): string {
  return `its statement ${sid ?? (path === "" ? "of everyone" : path)}`;
}
