import { matchesArn, matchesPattern } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import type { Condition, PolicyDocument, Statement } from "../../graph/policy";
import { coversAction, isForEveryone } from "../../graph/statement";
import { isOpenText } from "./attribute-values";
import { hasUnreadablePolicy } from "./exposure";

/** What a service does with a thing, in the name of another thing that has it do so. */
export interface Delivery {
  /** `s3.amazonaws.com` */
  readonly service: string;
  readonly action: string;
  /** What it is done with, where the policy may be about parts of the thing: an object of a bucket. */
  readonly resource?: string | undefined;
  /** What `aws:SourceArn` and `aws:SourceAccount` are then. */
  readonly source: Pick<GraphNode, "arn" | "accountId">;
}

/** Whether the policies on a thing let a service do something with it; what can't be read is taken to. */
export function letsService(graph: Graph, target: GraphNode, delivery: Delivery): boolean {
  return (
    hasUnreadablePolicy(graph, target) ||
    graph
      .policiesOf(target)
      .filter(({ kind }) => kind === "resource" || kind === "key")
      .some((document) => document.statements.some((statement) => isAllowed(graph, document, statement, delivery)))
  );
}

function isAllowed(graph: Graph, { node }: PolicyDocument, statement: Statement, delivery: Delivery): boolean {
  const render = (text: string) => graph.render(text, node.stack);
  const isIn = statement.principals.some(({ type, value }) => type === "Service" && render(value) === delivery.service);
  return (
    statement.effect === "Allow" &&
    (isIn || isForEveryone(statement)) &&
    coversAction(statement, delivery.action) &&
    isAbout(statement.resources.map(render), delivery.resource) &&
    statement.conditions.every((condition) => mayHold(condition, condition.values.map(render), delivery))
  );
}

function isAbout(resources: readonly string[], resource: string | undefined): boolean {
  if (resource === undefined || resources.length === 0) return true;
  return resources.some((each) => isOpenText(each) || matchesArn(each, resource));
}

/** Of a condition on something else than the source nobody knows here: it may hold. */
function mayHold({ key, operator }: Condition, values: readonly string[], { source }: Delivery): boolean {
  if (/Not|Null/.test(operator) || values.some(isOpenText)) return true;
  const { arn, accountId } = source;
  if (key.toLowerCase() === "aws:sourceaccount")
    return accountId === undefined || values.some((value) => matchesPattern(value, accountId));
  if (key.toLowerCase() === "aws:sourcearn") return arn === undefined || values.some((value) => matchesArn(value, arn));
  return true;
}
