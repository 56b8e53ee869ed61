import type { Graph, GraphNode } from "./model";

/** What must be there before what. */
export interface DependencyOrder {
  /** Every node after all that it depends on; members of a cycle side by side. */
  readonly order: readonly GraphNode[];
  /** Each as a way round: the last one depends on the first. */
  readonly cycles: readonly (readonly GraphNode[])[];
}

/**
 * The order in which things can be made: expressions, `depends_on`, and parameters that are read after they are
 * written, also across stacks. Stacks and addresses decide between what could come at the same time.
 */
export function dependencyOrder(graph: Graph): DependencyOrder {
  const components = new Components((node) => dependenciesOf(graph, node));
  for (const node of [...graph.nodes].sort(byId)) components.visit(node);
  const cycles = components.all.flatMap((members) => cycleIn(graph, members) ?? []);
  return { order: components.all.flat(), cycles: cycles.map(({ way }) => way) };
}

/** What a node needs to be there first. */
export function dependenciesOf(graph: Graph, node: GraphNode): GraphNode[] {
  const needed = new Set<GraphNode>();
  for (const reference of graph.referencesFrom(node))
    if (reference.kind === "expression" || reference.kind === "depends_on" || reference.kind === "parameter")
      needed.add(reference.to);
  return [...needed].sort(byId);
}

function byId(a: GraphNode, b: GraphNode): number {
  return a.id < b.id ? -1 : 1;
}

interface Visit {
  readonly node: GraphNode;
  readonly rest: GraphNode[];
}

/** Tarjan's strongly connected components, which come out with dependencies first; without recursion, so of any depth. */
class Components {
  readonly all: GraphNode[][] = [];
  private readonly index = new Map<GraphNode, number>();
  private readonly low = new Map<GraphNode, number>();
  private readonly open: GraphNode[] = [];
  private readonly isOpen = new Set<GraphNode>();

  constructor(private readonly dependencies: (node: GraphNode) => GraphNode[]) {}

  visit(start: GraphNode): void {
    if (this.index.has(start)) return;
    const visits = [this.enter(start)];
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const next = visit.rest.shift();
      if (next === undefined) {
        visits.pop();
        this.leave(visit.node, visits.at(-1)?.node);
      } else if (!this.index.has(next)) visits.push(this.enter(next));
      else if (this.isOpen.has(next)) this.lower(visit.node, this.index.get(next) ?? 0);
    }
  }

  private enter(node: GraphNode): Visit {
    this.low.set(node, this.index.size);
    this.index.set(node, this.index.size);
    this.open.push(node);
    this.isOpen.add(node);
    return { node, rest: this.dependencies(node) };
  }

  private leave(node: GraphNode, parent: GraphNode | undefined): void {
    const low = this.low.get(node) ?? 0;
    if (parent !== undefined) this.lower(parent, low);
    if (low !== this.index.get(node)) return;
    const members = this.open.splice(this.open.lastIndexOf(node));
    for (const member of members) this.isOpen.delete(member);
    this.all.push(members.sort(byId));
  }

  private lower(node: GraphNode, to: number): void {
    this.low.set(node, Math.min(this.low.get(node) ?? to, to));
  }
}

/** A shortest way from the first member back to itself; undefined for one that needs no other. */
function cycleIn(graph: Graph, members: readonly GraphNode[]): { way: GraphNode[] } | undefined {
  const [start] = members;
  if (start === undefined) return undefined;
  const inside = new Set(members);
  const cameFrom = new Map<GraphNode, GraphNode>();
  const queue = [start];
  for (const node of queue)
    for (const next of dependenciesOf(graph, node)) {
      if (next === start) return { way: wayTo(node, start, cameFrom) };
      if (!inside.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  return undefined;
}

function wayTo(end: GraphNode, start: GraphNode, cameFrom: ReadonlyMap<GraphNode, GraphNode>): GraphNode[] {
  const way: GraphNode[] = [];
  for (let node: GraphNode | undefined = end; node !== undefined && node !== start; node = cameFrom.get(node))
    way.unshift(node);
  return [start, ...way];
}
