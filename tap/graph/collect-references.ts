import type { ArnIndex } from "./arn-index";
import type { Block } from "./configuration";
import type { Evaluator } from "./evaluator";
import { interpolationsOf, parseTraversal, subjectOf, type Traversal } from "./expression";
import { identities } from "./identities";
import { type Leaf, leavesOf } from "./leaves";
import type { DirectReference, GraphNode, PatternReference, Reference, UnresolvedReference } from "./model";
import { type NameIndex, placeOf } from "./name-index";
import { type NameAttribute, nameAttribute, namesIn } from "./name-references";
import type { StackScope } from "./stack-scope";
import { blocksOf } from "./terraform-json";
import { writtenArn } from "./written-arns";

/** By what references are found. */
export interface Indices {
  readonly arns: ArnIndex;
  readonly names: NameIndex;
  readonly evaluator: Evaluator;
}

/** A pattern looks its targets up when it is first asked for them. */
class LazyPattern implements PatternReference {
  readonly kind = "arn-pattern";
  #targets: readonly GraphNode[] | undefined;
  readonly #arns: ArnIndex;

  constructor(
    readonly from: GraphNode,
    readonly path: string,
    readonly text: string,
    arns: ArnIndex,
  ) {
    this.#arns = arns;
  }

  get targets(): readonly GraphNode[] {
    this.#targets ??= this.#arns.matching(this.text, this.from.accountId);
    return this.#targets;
  }
}

/** Finds all that one resource or data source refers to. */
export class ReferenceCollector {
  readonly references: Reference[] = [];
  readonly unresolved: UnresolvedReference[] = [];
  /** Path and target of expressions: what is known by one needs no second reference by name or ARN. */
  private readonly expressed = new Set<string>();

  constructor(
    private readonly node: GraphNode,
    private readonly block: Block,
    private readonly scope: StackScope,
    private readonly indices: Indices,
  ) {}

  collect(): this {
    if (this.block.expressions === undefined) this.dependsOn();
    else for (const { path, text, address } of this.block.expressions) this.known(path, text, address);
    for (const leaf of leavesOf(this.node.attributes)) this.leaf(leaf);
    return this;
  }

  private dependsOn(): void {
    const { depends_on = [] } = this.node.attributes;
    [depends_on].flat().forEach((text, index) => {
      this.traversal(parseTraversal(String(text)), `depends_on[${index}]`, "depends_on");
    });
    for (const lifecycle of blocksOf(this.node.attributes, "lifecycle"))
      [lifecycle.replace_triggered_by ?? []].flat().forEach((text, index) => {
        this.traversal(parseTraversal(String(text)), `lifecycle.replace_triggered_by[${index}]`, "expression");
      });
  }

  /** A reference that a plan tells of. */
  private known(path: string, text: string, address: string): void {
    const kind = path.startsWith("depends_on[") ? "depends_on" : "expression";
    const targets = this.scope.nodesAt({ address });
    // Of a module with several instances, each means what is in itself.
    const own = targets.filter((target) => moduleOf(target.address) === moduleOf(this.node.address));
    this.addAll(own.length > 0 ? own : targets, { kind, path, text });
  }

  private leaf(leaf: Leaf): void {
    if (this.block.expressions === undefined)
      for (const { traversals } of interpolationsOf(leaf.text))
        for (const traversal of traversals)
          if (!this.isIterator(traversal, leaf)) this.traversal(traversal, leaf.path, "expression");
    const text = this.indices.evaluator.render(leaf.text, this.scope);
    if (text.startsWith("arn:") && this.arn(text, leaf.path)) return;
    if (interpolationsOf(text).length === 0) this.names(text, leaf);
  }

  /** Whether it is what a dynamic block around is made for, which that calls by its label, or by its `iterator`. */
  private isIterator({ steps: [root] }: Traversal, { way }: Leaf): boolean {
    if (!way.includes("dynamic.") || root === undefined || !("name" in root)) return false;
    const labels = [...way.matchAll(/(?:^|\.)dynamic\.([\w-]+)(?=\.)/g)].map(([, label]) => label);
    return labels.includes(root.name) || this.iterators.has(root.name);
  }

  /** Names that dynamic blocks of the resource choose for themselves. */
  private get iterators(): ReadonlySet<string> {
    const chosen = leavesOf(this.node.attributes).filter(({ way }) => /(?:^|\.)dynamic\.[\w-]+\.iterator$/.test(way));
    return new Set(chosen.map(({ text }) => text.replace(/^\$\{(.*)\}$/, "$1")));
  }

  private traversal(traversal: Traversal | undefined, path: string, kind: "expression" | "depends_on"): void {
    const subject = traversal && subjectOf(traversal);
    if (traversal === undefined || subject === undefined) return;
    const { text } = traversal;
    for (const each of this.scope.subjectsOf(subject)) {
      const targets = each.kind === "resource" ? this.scope.nodesAt(each) : [];
      this.addAll(targets, { kind, path, text });
    }
  }

  private addAll(
    targets: readonly GraphNode[],
    reference: { kind: "expression" | "depends_on"; path: string; text: string },
  ): void {
    if (targets.length === 0) this.unresolved.push({ from: this.node, ...reference });
    for (const to of targets) this.add({ from: this.node, ...reference, to });
  }

  private add(reference: DirectReference): void {
    const key = `${reference.path} ${reference.to.id}`;
    if (this.expressed.has(key)) return;
    this.expressed.add(key);
    this.references.push(reference);
  }

  /** False where the text is no ARN after all. */
  private arn(rendered: string, path: string): boolean {
    const written = writtenArn(rendered);
    if (written === undefined) return false;
    const { text } = written;
    if (written.isPattern) this.references.push(new LazyPattern(this.node, path, text, this.indices.arns));
    else this.addOthers(this.indices.arns.byArn(text), { kind: "arn", path, text });
    return true;
  }

  private names(value: string, leaf: Leaf): void {
    const { node } = this;
    const attribute =
      this.ownName(leaf) ?? nameAttribute({ type: node.type, way: leaf.way, before: leaf.before }, value);
    if (attribute === undefined) return;
    const kind = node.mode === "data" && node.type === "aws_ssm_parameter" ? "parameter" : "name";
    const place = { ...placeOf(node), ...(leaf.region === undefined ? {} : { region: leaf.region }) };
    for (const text of namesIn(attribute, value))
      for (const type of attribute.to)
        this.addOthers(this.indices.names.named(type, text, place), { kind, path: leaf.path, text });
  }

  /** What has a name or an ARN, unless an expression in the same place says which one of them is meant. */
  private addOthers(
    found: readonly GraphNode[],
    reference: { kind: "arn" | "name" | "parameter"; path: string; text: string },
  ): void {
    if (found.some(({ id }) => this.expressed.has(`${reference.path} ${id}`))) return;
    for (const to of found) if (to !== this.node) this.add({ from: this.node, ...reference, to });
  }

  /** A data source names what it reads as the resource is named that makes it. */
  private ownName({ way }: Leaf): NameAttribute | undefined {
    const { mode, type } = this.node;
    return mode === "data" && identities[type]?.name === way ? { to: [type] } : undefined;
  }
}

/** `module.m["a"]`, with all modules around it; nothing for the root. */
function moduleOf(address: string): string {
  return /^(?:module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*/.exec(address)?.[0] ?? "";
}
