import type { Graph, GraphNode, ReferenceKind } from "../../graph/model";
import { push } from "../../graph/sorted";
import type { AuditFinding, AuditResult, RuleMeta } from "../result";
import { type Severity, severities } from "../rule";
import { categories, categoryOf } from "./categories";
import { layout, nodeSize } from "./layout";
import { inOrder, rulesOf, summary } from "./order";

/**
 * What the page shows. Stacks, nodes, rules and texts name each other by their places in the lists, which keeps the page
 * small; the browser's code (browser/) reads it.
 */
export interface PageData {
  readonly summary: string;
  readonly severities: readonly Severity[];
  readonly categories: readonly string[];
  readonly nodeSize: { readonly width: number; readonly height: number };
  readonly rules: readonly RuleMeta[];
  readonly types: readonly PageType[];
  readonly stacks: readonly PageStack[];
  /** The worst first. */
  readonly findings: readonly PageFinding[];
  readonly acknowledged: readonly PageAcknowledged[];
  readonly notes: readonly string[];
  /** Ways to references, as `policy.Statement[0].Resource`. */
  readonly paths: readonly string[];
  readonly kinds: readonly ReferenceKind[];
}

export interface PageType {
  readonly name: string;
  /** Place in `categories`. */
  readonly category: number;
}

export interface PageStack {
  readonly id: string;
  readonly file: string | null;
  readonly resources: number;
  readonly width: number;
  readonly height: number;
  /** Type, address, whether it is a data source (1) and where it is drawn. */
  readonly nodes: readonly (readonly [type: number, address: string, data: 0 | 1, x: number, y: number])[];
  /** What refers to what in the stack. */
  readonly references: readonly (readonly [from: number, to: number, kind: number, path: number])[];
  /** What refers to another stack's. */
  readonly abroad: readonly (readonly [from: number, stack: number, to: number, kind: number, path: number])[];
  /** What names others by a pattern. */
  readonly patterns: readonly (readonly [from: number, pattern: string, path: number])[];
}

export interface PageFinding {
  /** Place in `rules`. */
  readonly rule: number;
  /** Place in `stacks`; -1 for none. */
  readonly stack: number;
  /** Place in the stack's `nodes`; -1 for none. */
  readonly node: number;
  /** Of the stack where it isn't here, and of the resource. */
  readonly place: string;
  readonly message: string;
}

export interface PageAcknowledged extends PageFinding {
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
}

export function pageData(result: AuditResult, graph: Graph): PageData {
  const rules = rulesOf(result);
  const nodes = nodesByStack(graph);
  const places = new Map([...nodes.values()].flatMap((all) => all.map((node, at) => [node, at])));
  const paths = new Interned<string>();
  const types = new Interned<string>();
  const kinds = new Interned<ReferenceKind>();
  const stackIds = new Interned<string>(result.stacks.map(({ id }) => id));
  const stacks = result.stacks.map(({ id, file, resources }): PageStack => {
    const own = nodes.get(id) ?? [];
    const { references, abroad, patterns } = referencesOf(graph, own, places, { stackIds, paths, kinds });
    const { width, height, positions } = layout(
      own.map(({ type }) => type),
      references.map(([from, to]) => [from, to]),
    );
    return {
      id,
      file: file ?? null,
      resources,
      width,
      height,
      nodes: own.map(({ type, address, mode }, at) => {
        const [x, y] = positions[at] ?? [0, 0];
        return [types.place(type), address, mode === "data" ? 1 : 0, x, y];
      }),
      references,
      abroad,
      patterns,
    };
  });
  const toFinding = findingMaker(rules, stackIds, graph, places);
  const acknowledgements = new Map(
    result.acknowledged.map(({ finding, acknowledgement }) => [finding, acknowledgement]),
  );
  return {
    summary: summary(result),
    severities,
    categories,
    nodeSize: { width: nodeSize.width, height: nodeSize.height },
    rules,
    types: types.list.map((name) => ({ name, category: categories.indexOf(categoryOf(name)) })),
    stacks,
    findings: inOrder(result.findings).map(toFinding),
    acknowledged: inOrder([...acknowledgements.keys()]).flatMap((finding) => {
      const acknowledgement = acknowledgements.get(finding);
      if (acknowledgement === undefined) return [];
      const { reason, owner, expires } = acknowledgement;
      return [{ ...toFinding(finding), reason, owner, expires }];
    }),
    notes: result.notes,
    paths: paths.list,
    kinds: kinds.list,
  };
}

/** Of each stack, by category and type: those stand together where lines leave it open. */
function nodesByStack(graph: Graph): Map<string, GraphNode[]> {
  const stacks = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) push(stacks, node.stack.id, node);
  const rank = ({ type, address }: GraphNode) => `${categories.indexOf(categoryOf(type))} ${type} ${address}`;
  for (const [id, nodes] of stacks) {
    const keyed = nodes.map((node) => ({ node, key: rank(node) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    stacks.set(
      id,
      keyed.map(({ node }) => node),
    );
  }
  return stacks;
}

interface Tables {
  readonly stackIds: Interned<string>;
  readonly paths: Interned<string>;
  readonly kinds: Interned<ReferenceKind>;
}

function referencesOf(
  graph: Graph,
  nodes: readonly GraphNode[],
  places: ReadonlyMap<GraphNode, number>,
  { stackIds, paths, kinds }: Tables,
): Pick<PageStack, "references" | "abroad" | "patterns"> {
  const references: [number, number, number, number][] = [];
  const abroad: [number, number, number, number, number][] = [];
  const patterns: [number, string, number][] = [];
  for (const [from, node] of nodes.entries())
    for (const reference of graph.referencesFrom(node)) {
      const path = paths.place(reference.path);
      if (reference.kind === "arn-pattern") {
        patterns.push([from, reference.text, path]);
        continue;
      }
      const to = places.get(reference.to);
      const stack = stackIds.known(reference.to.stack.id);
      if (to === undefined || stack < 0) continue;
      const kind = kinds.place(reference.kind);
      if (reference.to.stack.id === node.stack.id) references.push([from, to, kind, path]);
      else abroad.push([from, stack, to, kind, path]);
    }
  return { references, abroad, patterns };
}

function findingMaker(
  rules: readonly RuleMeta[],
  stackIds: Interned<string>,
  graph: Graph,
  places: ReadonlyMap<GraphNode, number>,
): (finding: AuditFinding) => PageFinding {
  const ruleAt = new Map(rules.map(({ id }, at) => [id, at]));
  return ({ rule, stack, address, message }) => {
    const node = stack === undefined || address === undefined ? undefined : graph.node(`${stack}/${address}`);
    return {
      rule: ruleAt.get(rule.id) ?? -1,
      stack: stack === undefined ? -1 : stackIds.known(stack),
      node: node === undefined ? -1 : (places.get(node) ?? -1),
      place: [stack, address].filter((part) => part !== undefined).join("/") || "everywhere",
      message,
    };
  };
}

/** A list without repetitions, and where each thing is in it. */
class Interned<T> {
  readonly list: T[] = [];
  readonly #places = new Map<T, number>();

  constructor(known: readonly T[] = []) {
    for (const each of known) this.place(each);
  }

  place(value: T): number {
    const known = this.#places.get(value);
    if (known !== undefined) return known;
    this.#places.set(value, this.list.length);
    return this.list.push(value) - 1;
  }

  /** -1 where it isn't there. */
  known(value: T): number {
    return this.#places.get(value) ?? -1;
  }
}
