import { parseJsonText } from "./json-text";
import type { GraphNode, Reference } from "./model";
import { type PolicyDocument, type PolicyKind, PolicyProblem, type UnreadablePolicy } from "./policy";
import { policyAttachments, policyAttributes } from "./policy-attributes";
import type { PolicyReader, ReadPolicy } from "./read-policy";
import type { StackScope } from "./stack-scope";
import { blocksOf, isObject } from "./terraform-json";

/** What policies are collected with: the finished references among them. */
export interface PolicyContext {
  readonly reader: PolicyReader;
  scopeOf(node: GraphNode): StackScope;
  referencesFrom(node: GraphNode, path: string): readonly Reference[];
  referencesTo(node: GraphNode): readonly Reference[];
}

interface Found {
  readonly path: string;
  readonly kind: PolicyKind;
  readonly on?: string;
  readonly value: unknown;
}

export interface Policies {
  readonly documents: PolicyDocument[];
  readonly unreadable: UnreadablePolicy[];
}

/** All policies of all nodes: those that can't be read are told apart, and never left out. */
export function collectPolicies(nodes: readonly GraphNode[], context: PolicyContext): Policies {
  const documents: PolicyDocument[] = [];
  const unreadable: UnreadablePolicy[] = [];
  for (const node of nodes.filter(({ mode }) => mode === "managed"))
    for (const found of policiesIn(node)) {
      const { subjects, kind } = attachmentOf(node, found, context);
      const read = attempt(() =>
        node.type === "aws_lambda_permission"
          ? context.reader.permission(node)
          : context.reader.read(found.value, found.path, context.scopeOf(node)),
      );
      if ("why" in read) unreadable.push({ node, path: found.path, kind, why: read.why });
      else documents.push({ node, path: found.path, kind, subjects, ...read });
    }
  return { documents, unreadable };
}

function attempt(read: () => ReadPolicy): ReadPolicy | { why: string } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolicyProblem)) throw error;
    return { why: error.message };
  }
}

function policiesIn(node: GraphNode): Found[] {
  if (node.type === "aws_lambda_permission")
    return [{ path: "", kind: "resource", on: "function_name", value: undefined }];
  const known = (policyAttributes[node.type] ?? []).flatMap(({ path, ...attribute }) =>
    valuesAt(node, path).map((found) => ({ ...attribute, ...found })),
  );
  const paths = new Set(known.map(({ path }) => path));
  const others = Object.entries(node.attributes)
    .filter(([path, value]) => !paths.has(path) && looksLikePolicy(value))
    .map(([path, value]) => ({ path, kind: "resource" as const, value }));
  return [...known, ...others];
}

/** The attribute's value, or one for each of its blocks; no value is no policy. */
function valuesAt(node: GraphNode, way: string): { path: string; value: unknown }[] {
  const [first = "", second] = way.split(".");
  const values =
    second === undefined
      ? [{ path: first, value: node.attributes[first] }]
      : blocksOf(node.attributes, first).map((block, index) => ({
          path: Array.isArray(node.attributes[first]) ? `${first}[${index}].${second}` : way,
          value: block[second],
        }));
  return values.filter(({ value }) => value !== undefined && value !== null && value !== "");
}

function looksLikePolicy(value: unknown): boolean {
  if (typeof value !== "string" || !value.includes('"Statement"')) return false;
  const json = parseJsonText(value);
  return isObject(json) && json.Statement !== undefined;
}

/** What a policy is on. A managed one is a boundary where it is nothing but a boundary. */
function attachmentOf(
  node: GraphNode,
  { kind, on }: Found,
  context: PolicyContext,
): { subjects: readonly GraphNode[]; kind: PolicyKind } {
  if (on !== undefined) return { subjects: targets(context.referencesFrom(node, on)), kind };
  if (node.type !== "aws_iam_policy") return { subjects: [node], kind };
  const references = context.referencesTo(node);
  const bounded = references.filter(({ path }) => path === "permissions_boundary").map(({ from }) => from);
  const attached = references.flatMap(({ from, path }) => {
    if (path.startsWith("managed_policy_arns")) return [from];
    const attachment = policyAttachments[from.type];
    if (attachment?.policy !== path) return [];
    return attachment.on.flatMap((attribute) => targets(context.referencesFrom(from, attribute)));
  });
  const isBoundary = bounded.length > 0 && attached.length === 0;
  return { subjects: [...new Set(isBoundary ? bounded : attached)], kind: isBoundary ? "boundary" : kind };
}

function targets(references: readonly Reference[]): GraphNode[] {
  return references.flatMap((reference) => (reference.kind === "arn-pattern" ? [] : [reference.to]));
}
