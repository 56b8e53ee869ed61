import { collectPolicies } from "./collect-policies";
import type { Indices } from "./collect-references";
import type {
  DirectReference,
  Graph,
  GraphNode,
  GraphStack,
  PatternReference,
  Reference,
  ResolveOptions,
  UnresolvedReference,
} from "./model";
import { PatternIndex } from "./pattern-index";
import type { PolicyDocument, UnreadablePolicy } from "./policy";
import { PolicyReader } from "./read-policy";
import { Resolver } from "./resolver";
import { push } from "./sorted";
import type { StackScope } from "./stack-scope";

/** What was found, to be put in order. */
export interface Findings {
  readonly scopes: ReadonlyMap<string, StackScope>;
  readonly indices: Indices;
  readonly nodes: readonly GraphNode[];
  /** Of each node, in the order of nodes. */
  readonly references: readonly (readonly Reference[])[];
  readonly unresolved: readonly UnresolvedReference[];
}

/** The graph, with an index for every question. */
export class FinishedGraph implements Graph {
  readonly stacks: readonly GraphStack[];
  readonly nodes: readonly GraphNode[];
  readonly policies: readonly PolicyDocument[];
  readonly unreadablePolicies: readonly UnreadablePolicy[];
  readonly unresolved: readonly UnresolvedReference[];
  readonly #byId = new Map<string, GraphNode>();
  readonly #byType = new Map<string, GraphNode[]>();
  readonly #from = new Map<GraphNode, readonly Reference[]>();
  readonly #to = new Map<GraphNode, DirectReference[]>();
  readonly #policiesOf = new Map<GraphNode, PolicyDocument[]>();
  readonly #scopes: ReadonlyMap<string, StackScope>;
  readonly #indices: Indices;
  readonly #resolver: Resolver;
  #patterns: PatternIndex | undefined;

  constructor({ scopes, indices, nodes, references, unresolved }: Findings) {
    this.#scopes = scopes;
    this.#indices = indices;
    this.stacks = [...scopes.values()].map(({ stack }) => stack);
    this.nodes = nodes;
    this.unresolved = unresolved;
    nodes.forEach((node, index) => {
      this.#byId.set(node.id, node);
      push(this.#byType, `${node.mode} ${node.type}`, node);
      this.#from.set(node, references[index] ?? []);
      for (const reference of references[index] ?? [])
        if (reference.kind !== "arn-pattern") push(this.#to, reference.to, reference);
    });
    this.#resolver = new Resolver(scopes, indices, (reader) => this.#readBy(reader));
    const { documents, unreadable } = collectPolicies(nodes, {
      reader: new PolicyReader(indices.evaluator),
      scopeOf: ({ stack }) => this.#scope(stack),
      referencesFrom: (node, path) => this.referencesFrom(node, path),
      referencesTo: (node) => this.referencesTo(node),
    });
    this.policies = documents;
    this.unreadablePolicies = unreadable;
    for (const document of documents)
      for (const node of new Set([document.node, ...document.subjects])) push(this.#policiesOf, node, document);
  }

  ofType(type: string, mode: GraphNode["mode"] = "managed"): readonly GraphNode[] {
    return this.#byType.get(`${mode} ${type}`) ?? [];
  }

  node(id: string): GraphNode | undefined {
    return this.#byId.get(id);
  }

  byArn(arn: string): readonly GraphNode[] {
    return this.#indices.arns.byArn(arn);
  }

  matching(pattern: string, accountId?: string): readonly GraphNode[] {
    return this.#indices.arns.matching(pattern, accountId);
  }

  referencesFrom(node: GraphNode, path?: string): readonly Reference[] {
    const all = this.#from.get(node) ?? [];
    return path === undefined ? all : all.filter((reference) => isAt(reference.path, path));
  }

  referencesTo(node: GraphNode): readonly DirectReference[] {
    return this.#to.get(node) ?? [];
  }

  patternsTo(node: GraphNode): readonly PatternReference[] {
    this.#patterns ??= new PatternIndex(
      [...this.#from.values()].flatMap((references) => references.filter((each) => each.kind === "arn-pattern")),
    );
    return this.#patterns.to(node);
  }

  policiesOf(node: GraphNode): readonly PolicyDocument[] {
    return this.#policiesOf.get(node) ?? [];
  }

  resolve(value: unknown, stack: GraphStack, options?: ResolveOptions): GraphNode | undefined {
    return this.#resolver.resolve(value, stack, options);
  }

  render(text: string, stack: GraphStack): string {
    return this.#indices.evaluator.render(text, this.#scope(stack));
  }

  /** A data source's own reference to what it reads. */
  #readBy(reader: GraphNode): GraphNode | undefined {
    const found = this.referencesFrom(reader).find(
      (reference) =>
        reference.kind !== "arn-pattern" && reference.kind !== "expression" && reference.to.type === reader.type,
    );
    return found === undefined || found.kind === "arn-pattern" ? undefined : found.to;
  }

  #scope(stack: GraphStack): StackScope {
    const scope = this.#scopes.get(stack.id);
    if (scope === undefined) throw new RangeError(`${stack.id} is no stack of this graph`);
    return scope;
  }
}

/** Whether a path is that of an attribute, or lies in it. */
function isAt(path: string, attribute: string): boolean {
  return path.startsWith(attribute) && ["", ".", "["].includes(path.charAt(attribute.length));
}
