import { push } from "../../graph/sorted";
import { type Edge, layersOf } from "./layers";

/** Size of a node in the drawing, and of the space around it. */
export const nodeSize = { width: 216, height: 40, gapX: 52, gapY: 10 } as const;

/** How much wider than high a drawing should be: the room for it is. */
const aspect = 1.5;

/** Space between parts that nothing connects. */
const gapBetweenParts = 48;

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Upper left corner of each node, in the order of the nodes. */
  readonly positions: readonly (readonly [x: number, y: number])[];
}

interface Part {
  readonly width: number;
  readonly height: number;
  readonly positions: readonly { readonly node: number; readonly x: number; readonly y: number }[];
}

/**
 * Places nodes in columns, so that lines lead from left to right: what refers stands before what it refers to. Parts
 * that nothing connects are placed each for itself, the largest first. Same input, same drawing; in time nearly linear.
 *
 * @param groups What each node is, e.g. its type: in a column, those of a group stand together
 * @param edges From, to; an edge to itself or to what isn't there counts for nothing
 */
export function layout(groups: readonly unknown[], edges: readonly Edge[]): Layout {
  const count = groups.length;
  const usable = edges.filter(([from, to]) => from !== to && from < count && to < count && from >= 0 && to >= 0);
  const components = componentsOf(count, usable);
  const edgesOf = edgesByPart(components, usable);
  const single = components.filter(({ length }) => length === 1).flat();
  const parts = [
    ...components
      .filter(({ length }) => length > 1)
      .sort((a, b) => b.length - a.length)
      .map((nodes) => placePart(nodes, edgesOf.get(nodes) ?? [], groups)),
    ...(single.length > 0 ? [placeColumns(inColumns([single]))] : []),
  ];
  return pack(count, parts);
}

/** Nodes that lines connect, whichever way. */
function componentsOf(count: number, edges: readonly Edge[]): number[][] {
  const parent = Array.from({ length: count }, (_, node) => node);
  const find = (node: number): number => {
    let root = node;
    while (parent[root] !== root) root = parent[root] as number;
    for (let each = node; each !== root; ) {
      const next = parent[each] as number;
      parent[each] = root;
      each = next;
    }
    return root;
  };
  for (const [from, to] of edges) parent[Math.max(find(from), find(to))] = Math.min(find(from), find(to));
  const components = new Map<number, number[]>();
  for (let node = 0; node < count; node += 1) push(components, find(node), node);
  return [...components.values()];
}

function edgesByPart(components: readonly number[][], edges: readonly Edge[]): Map<readonly number[], Edge[]> {
  const componentOf = new Map(components.flatMap((nodes) => nodes.map((node) => [node, nodes])));
  const parts = new Map<readonly number[], Edge[]>();
  for (const edge of edges) push(parts, componentOf.get(edge[0]) ?? [], edge);
  return parts;
}

function placePart(nodes: readonly number[], edges: readonly Edge[], groups: readonly unknown[]): Part {
  const index = new Map(nodes.map((node, at) => [node, at]));
  const own = edges.map(([from, to]) => [index.get(from) ?? 0, index.get(to) ?? 0] as const);
  const layers = layersOf(nodes.length, own).map((layer) => layer.map((each) => nodes[each] as number));
  return placeColumns(inColumns(layers.map((layer) => grouped(layer, groups))));
}

/** Those of a group together: the group where its nodes are on average, and in it each as it stood. */
function grouped(layer: readonly number[], groups: readonly unknown[]): number[] {
  const members = new Map<unknown, { nodes: number[]; sum: number }>();
  for (const [at, node] of layer.entries()) {
    const group = members.get(groups[node]) ?? { nodes: [], sum: 0 };
    group.nodes.push(node);
    group.sum += at;
    members.set(groups[node], group);
  }
  return [...members.values()]
    .sort((a, b) => a.sum / a.nodes.length - b.sum / b.nodes.length)
    .flatMap(({ nodes }) => nodes);
}

/** Layers cut into columns of the length at which the whole drawing can be shown the largest. */
function inColumns(layers: readonly (readonly number[])[]): number[][] {
  const longest = layers.reduce((most, { length }) => Math.max(most, length), 1);
  let best: { columns: number[][]; size: number } | undefined;
  for (let rows = Math.min(4, longest); ; rows = Math.min(longest, Math.ceil(rows * 1.15))) {
    const columns = layers.flatMap((layer) => chunks(layer, rows));
    const size = Math.max(widthOf(columns) / aspect, heightOf(columns));
    if (best === undefined || size < best.size) best = { columns, size };
    if (rows === longest) return best.columns;
  }
}

function widthOf(columns: readonly (readonly number[])[]): number {
  return columns.length * (nodeSize.width + nodeSize.gapX) - nodeSize.gapX;
}

function heightOf(columns: readonly (readonly number[])[]): number {
  const rows = columns.reduce((most, { length }) => Math.max(most, length), 0);
  return rows * (nodeSize.height + nodeSize.gapY) - nodeSize.gapY;
}

/** As few lists as there must be, of nearly the same length. */
function chunks(list: readonly number[], longest: number): number[][] {
  const count = Math.ceil(list.length / longest);
  const length = Math.ceil(list.length / count);
  return Array.from({ length: count }, (_, at) => list.slice(at * length, (at + 1) * length)).filter(
    (chunk) => chunk.length > 0,
  );
}

function placeColumns(columns: readonly (readonly number[])[]): Part {
  const pitchX = nodeSize.width + nodeSize.gapX;
  const pitchY = nodeSize.height + nodeSize.gapY;
  const height = heightOf(columns);
  return {
    width: widthOf(columns),
    height,
    positions: columns.flatMap((column, x) =>
      column.map((node, y) => ({
        node,
        x: x * pitchX,
        y: Math.round(y * pitchY + (height - heightOf([column])) / 2),
      })),
    ),
  };
}

/** Parts side by side, in rows from the top. */
function pack(count: number, parts: readonly Part[]): Layout {
  const area = parts.reduce(
    (sum, { width, height }) => sum + (width + gapBetweenParts) * (height + gapBetweenParts),
    0,
  );
  const widest = Math.max(Math.sqrt(area * aspect), ...parts.map(({ width }) => width));
  const positions: [number, number][] = Array.from({ length: count }, () => [0, 0]);
  let [left, top, rowHeight, width] = [0, 0, 0, 0];
  for (const part of parts) {
    if (left > 0 && left + part.width > widest) [left, top, rowHeight] = [0, top + rowHeight + gapBetweenParts, 0];
    for (const { node, x, y } of part.positions) positions[node] = [left + x, top + y];
    rowHeight = Math.max(rowHeight, part.height);
    width = Math.max(width, left + part.width);
    left += part.width + gapBetweenParts;
  }
  return { width, height: top + rowHeight, positions };
}
