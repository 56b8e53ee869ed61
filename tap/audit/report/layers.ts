/** A line between two nodes, by their numbers. */
export type Edge = readonly [from: number, to: number];

/** How often nodes are put in the order of their neighbours, to and fro. */
const sweeps = 6;

/**
 * Nodes by the column in which they stand, each column in the order in which few lines cross. A line leads from a
 * column to a later one, but for those that close a circle.
 */
export function layersOf(count: number, edges: readonly Edge[]): number[][] {
  const forward = withoutCircles(count, edges);
  const layers = toLists(ranksOf(count, forward));
  const before = neighbours(count, forward, 1, 0);
  const after = neighbours(count, forward, 0, 1);
  const place = new Float64Array(count);
  layers.forEach((layer) => {
    remember(layer, place);
  });
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? layers : layers.toReversed()) sortByNeighbours(layer, forth ? before : after, place);
  }
  return layers;
}

/** Edges, of which those that would close a circle are turned round. */
function withoutCircles(count: number, edges: readonly Edge[]): Edge[] {
  const after = neighbours(count, edges, 0, 1);
  const finished = new Int32Array(count).fill(-1);
  const seen = new Uint8Array(count);
  let clock = 0;
  for (let start = 0; start < count; start += 1) {
    if (seen[start]) continue;
    seen[start] = 1;
    const way: { node: number; next: number }[] = [{ node: start, next: 0 }];
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const child = after[top.node]?.[top.next];
      top.next += 1;
      if (child === undefined) {
        finished[top.node] = clock;
        clock += 1;
        way.pop();
      } else if (!seen[child]) {
        seen[child] = 1;
        way.push({ node: child, next: 0 });
      }
    }
  }
  // What a search finishes first comes last: an edge to what was finished later leads back.
  return edges.map(([from, to]) => ((finished[from] as number) > (finished[to] as number) ? [from, to] : [to, from]));
}

/** The column of each node: after all that leads to it; what nothing leads to stands just before what it leads to. */
function ranksOf(count: number, edges: readonly Edge[]): number[] {
  const after = neighbours(count, edges, 0, 1);
  const waiting = new Int32Array(count);
  for (const [, to] of edges) waiting[to] = (waiting[to] as number) + 1;
  const roots = Array.from({ length: count }, (_, node) => node).filter((node) => waiting[node] === 0);
  const ranks: number[] = new Array(count).fill(0);
  const queue = [...roots];
  for (let at = 0; at < queue.length; at += 1) {
    const node = queue[at] as number;
    for (const next of after[node] ?? []) {
      ranks[next] = Math.max(ranks[next] as number, (ranks[node] as number) + 1);
      waiting[next] = (waiting[next] as number) - 1;
      if (waiting[next] === 0) queue.push(next);
    }
  }
  for (const root of roots) {
    const next = (after[root] ?? []).map((node) => ranks[node] as number);
    if (next.length > 0) ranks[root] = next.reduce((a, b) => Math.min(a, b)) - 1;
  }
  return ranks;
}

function toLists(ranks: readonly number[]): number[][] {
  const layers: number[][] = [];
  ranks.forEach((rank, node) => {
    const layer = layers[rank] ?? [];
    layer.push(node);
    layers[rank] = layer;
  });
  return layers.filter((layer) => layer !== undefined && layer.length > 0);
}

/** For each node, those at the other end of its edges. */
function neighbours(count: number, edges: readonly Edge[], own: 0 | 1, other: 0 | 1): number[][] {
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (const edge of edges) lists[edge[own]]?.push(edge[other]);
  return lists;
}

/** Each to where its neighbours are on average; without any, it stays about where it is. */
function sortByNeighbours(layer: number[], neighboursOf: readonly (readonly number[])[], place: Float64Array): void {
  const wanted = new Map(
    layer.map((node) => {
      const near = neighboursOf[node] ?? [];
      const sum = near.reduce((total, each) => total + (place[each] as number), 0);
      return [node, near.length === 0 ? (place[node] as number) : sum / near.length];
    }),
  );
  layer.sort((a, b) => (wanted.get(a) as number) - (wanted.get(b) as number) || a - b);
  remember(layer, place);
}

/** Where a node stands in its column, from 0 to 1: columns are of different lengths. */
function remember(layer: readonly number[], place: Float64Array): void {
  layer.forEach((node, at) => {
    place[node] = (at + 0.5) / layer.length;
  });
}
