import type { Evaluator } from "./evaluator";
import { interpolationsOf, subjectOf, wholeTraversal } from "./expression";
import { parseJsonText } from "./json-text";
import type { GraphNode } from "./model";
import { normalizePolicy, PolicyProblem, type Statement } from "./policy";
import { renderPermission, renderPolicyDocument } from "./policy-sources";
import { type StackScope, valueAt } from "./stack-scope";

/** The statements of a policy, and the `aws_iam_policy_document` that they come from. */
export interface ReadPolicy {
  readonly statements: readonly Statement[];
  readonly source?: GraphNode;
}

/** Reads what an attribute holds as a policy, or tells why it can't be read. */
export class PolicyReader {
  constructor(private readonly evaluator: Evaluator) {}

  /** @throws PolicyProblem */
  read(value: unknown, path: string, scope: StackScope): ReadPolicy {
    return this.value(value, path, scope, []);
  }

  permission(node: GraphNode): ReadPolicy {
    return { statements: normalizePolicy(renderPermission(node.attributes), "").map(withoutPath) };
  }

  private value(given: unknown, path: string, scope: StackScope, through: readonly GraphNode[]): ReadPolicy {
    const value = this.evaluator.written(given, scope);
    if (typeof value !== "string") return { statements: normalizePolicy(value, path) };
    const json = parseJsonText(value);
    if (json !== undefined) return { statements: normalizePolicy(json, path) };
    const whole = wholeTraversal(value);
    const subject = whole && subjectOf(whole);
    const [node] = subject?.kind === "resource" ? scope.nodesAt(subject) : [];
    if (node === undefined || subject === undefined || through.includes(node)) throw new PolicyProblem(whyNot(value));
    const visited = [...through, node];
    if (node.mode === "data" && node.type === "aws_iam_policy_document")
      return { statements: this.document(node, scope, visited), source: node };
    const passedOn = subject.steps.length === 0 ? undefined : valueAt(node.attributes, subject.steps);
    if (passedOn === undefined) throw new PolicyProblem(whyNot(value));
    return this.value(passedOn, path, scope, visited);
  }

  /** A statement of the same id comes in the place of one that the document is based on. */
  private document(node: GraphNode, scope: StackScope, through: readonly GraphNode[]): Statement[] {
    const based = (name: string) =>
      [node.attributes[name] ?? []]
        .flat()
        .flatMap((base, index) => this.value(base, `${name}[${index}]`, scope, through).statements);
    const own = normalizePolicy(renderPolicyDocument(node.attributes), "").map((statement) => ({
      ...statement,
      path: statement.path.replace(/^\.Statement/, "statement"),
    }));
    return overridden(overridden(based("source_policy_documents"), own), based("override_policy_documents"));
  }
}

function overridden(statements: readonly Statement[], by: readonly Statement[]): Statement[] {
  const sids = new Set(by.flatMap(({ sid }) => sid ?? []));
  return [...statements.filter(({ sid }) => sid === undefined || !sids.has(sid)), ...by];
}

function withoutPath(statement: Statement): Statement {
  return { ...statement, path: "" };
}

function whyNot(value: string): string {
  if (value.includes("known_after_apply(")) return "is known only after the apply";
  if (interpolationsOf(value).length === 0) return "is no JSON";
  return `is worked out when Terraform runs: ${value.length > 80 ? `${value.slice(0, 79)}…` : value}`;
}
