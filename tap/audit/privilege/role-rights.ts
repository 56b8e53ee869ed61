import { partitionOf } from "../../graph/arn";
import type { Graph, GraphNode, GraphStack } from "../../graph/model";
import type { PolicyDocument, Statement } from "../../graph/policy";
import { ownValue } from "../../graph/terraform-json";
import type { Rights } from "./evaluator";
import { managedPolicies } from "./managed-policies";

/** A statement as it will be, and where it is written; AWS's own policies are written nowhere in the graph. */
export interface Granted {
  readonly statement: Statement;
  /** As written, with expressions. */
  readonly written?: Statement;
  readonly node?: GraphNode;
}

/** A role's rights, and where they come from. */
export interface RoleRights extends Rights {
  readonly granted: readonly Granted[];
  /** Whether the graph has all its policies: otherwise more may be allowed than is seen. */
  readonly isWhole: boolean;
}

/** What a role's policies and its boundary allow, expressions replaced as far as that goes. */
export function rightsOf(graph: Graph, role: GraphNode): RoleRights {
  const documents = graph.policiesOf(role).filter(({ kind }) => kind === "identity");
  const attached = attachedOf(graph, role);
  const ofAws = attached.flatMap((arn) => ownValue(managedPolicies, nameOf(arn)) ?? []);
  const granted: Granted[] = [
    ...documents.flatMap((document) => statementsOf(graph, document)),
    ...ofAws.map((statement) => ({ statement })),
  ];
  const boundary = boundaryOf(graph, role);
  return {
    granted,
    identity: granted.map(({ statement }) => statement),
    isWhole:
      attached.every((arn) => nameOf(arn) in managedPolicies) &&
      !graph.unreadablePolicies.some(({ node }) => node === role || refersTo(graph, node, role)),
    ...(boundary === undefined ? {} : { boundary }),
  };
}

function refersTo(graph: Graph, node: GraphNode, role: GraphNode): boolean {
  return graph.referencesFrom(node).some((reference) => "to" in reference && reference.to === role);
}

/** The boundary's statements; none where there is no boundary, or where the graph doesn't have it. */
function boundaryOf(graph: Graph, role: GraphNode): Statement[] | undefined {
  const written = role.attributes.permissions_boundary;
  if (typeof written !== "string" || written === "") return undefined;
  const node = graph.resolve(written, role.stack);
  if (node === undefined || node === role) return undefined;
  const documents = graph.policiesOf(node).filter((document) => document.node === node);
  return documents.length === 0 ? undefined : documents.flatMap((document) => concreteStatements(graph, document));
}

/** ARNs of what is attached to a role and isn't in the graph. */
function attachedOf(graph: Graph, role: GraphNode): string[] {
  const inGraph = (value: unknown, stack: GraphStack) => graph.resolve(value, stack)?.type === "aws_iam_policy";
  const own = [role.attributes.managed_policy_arns ?? []].flat().map((value) => ({ value, stack: role.stack }));
  const attachments = graph
    .referencesTo(role)
    .filter(({ from }) => /^aws_iam_(role_)?policy_attachment$/.test(from.type))
    .map(({ from }) => ({ value: from.attributes.policy_arn, stack: from.stack }));
  return [...own, ...attachments]
    .filter(({ value, stack }) => !inGraph(value, stack))
    .map(({ value, stack }) => (typeof value === "string" ? graph.render(value, stack) : ""));
}

const nameOf = (arn: string) => arn.replace(/^arn:[\w-]+:iam::aws:policy\//, "");

/** A document's statements, as they will be and as they are written. */
export function statementsOf(graph: Graph, document: PolicyDocument): Granted[] {
  return concreteStatements(graph, document).map((statement, index) => {
    const written = document.statements[index];
    return { statement, node: document.node, ...(written === undefined ? {} : { written }) };
  });
}

/** By document, which is of one graph: a boundary is that of many roles. */
const known = new WeakMap<PolicyDocument, readonly Statement[]>();

/** A document's statements without expressions. */
export function concreteStatements(graph: Graph, document: PolicyDocument): readonly Statement[] {
  const statements = known.get(document) ?? withoutExpressions(graph, document);
  known.set(document, statements);
  return statements;
}

function withoutExpressions(graph: Graph, { statements, node }: PolicyDocument): Statement[] {
  const all = (texts: readonly string[]) => texts.map((text) => concrete(graph, text, node.stack));
  return statements.map((statement) => ({
    ...statement,
    actions: all(statement.actions),
    notActions: all(statement.notActions),
    resources: all(statement.resources),
    notResources: all(statement.notResources),
    conditions: statement.conditions.map((condition) => ({
      ...condition,
      values: condition.values.map((value) => concreteValue(graph, value, node.stack)),
    })),
  }));
}

/** A text of a policy as it will be; what can't be known is `*`. */
export function concrete(graph: Graph, text: string, stack: GraphStack): string {
  return concreteValue(graph, text, stack).replace(/\$+\{[^}]*\}/g, "*");
}

/** The same of a condition: what IAM fills in stays, `${aws:username}`. */
function concreteValue(graph: Graph, text: string, stack: GraphStack): string {
  if (!text.includes("${")) return text;
  const rendered = graph.render(text, stack);
  if (!rendered.includes("${")) return rendered;
  return rendered.replace(/(?<!\$)\$\{[^}]*\}/g, (expression) => {
    const node = expression.includes("aws_") ? graph.resolve(expression, stack) : undefined;
    return node === undefined || !expression.endsWith("arn}") ? expression : arnOf(node);
  });
}

/** A thing's ARN; where AWS chooses it, one that stands for it, so that two things have two. */
export function arnOf(node: GraphNode): string {
  if (node.arn !== undefined) return node.arn;
  const service = serviceOfType(node.type);
  const id = node.id.replace(/[^\w-]/g, "-");
  const place = `${node.region ?? ""}:${node.accountId ?? ""}`;
  return `arn:${partitionOf(node.region)}:${service}:${place}:${service === "kms" ? `key/${id}` : id}`;
}

function serviceOfType(type: string): string {
  return type.split("_")[1] ?? type;
}
