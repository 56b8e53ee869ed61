import fc from "fast-check";
import { categoryOf } from "../../../../tap/audit/report/categories";
import { layersOf } from "../../../../tap/audit/report/layers";
import { layout, nodeSize } from "../../../../tap/audit/report/layout";
import { betweenLinearAndQuadratic, growth } from "../../../support/growth";

/* Where nodes are drawn. */

type Edge = readonly [number, number];

const graphs = fc.integer({ min: 0, max: 60 }).chain((count) =>
  fc.record({
    groups: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: count, maxLength: count }),
    edges: fc.array(fc.tuple(fc.integer({ min: -1, max: 60 }), fc.integer({ min: -1, max: 60 }))),
  }),
);

const alike = (count: number) => new Array(count).fill("x");

test("nodes never cover each other, and the drawing holds them all", () => {
  fc.assert(
    fc.property(graphs, ({ groups, edges }) => {
      const { width, height, positions } = layout(groups, edges);
      expect(positions).toHaveLength(groups.length);
      const isInside = ([x, y]: Edge) =>
        x >= 0 && y >= 0 && x + nodeSize.width <= width && y + nodeSize.height <= height;
      expect(positions.every(isInside)).toBe(true);
      const covers = ([x, y]: Edge, [otherX, otherY]: Edge) =>
        Math.abs(x - otherX) < nodeSize.width && Math.abs(y - otherY) < nodeSize.height;
      const covered = positions.filter((each, at) => positions.slice(at + 1).some((other) => covers(each, other)));
      expect(covered).toEqual([]);
    }),
  );
});

test("is the same each time", () => {
  fc.assert(
    fc.property(graphs, ({ groups, edges }) => {
      expect(layout(groups, edges)).toEqual(layout(groups, edges));
    }),
  );
});

test("what refers stands before what it refers to, where there is no circle", () => {
  fc.assert(
    fc.property(graphs, ({ groups, edges }) => {
      const usable = edges.filter(([from, to]) => from >= 0 && from < to && to < groups.length);
      const { positions } = layout(groups, usable);
      for (const [from, to] of usable) expect(positions[from]?.[0]).toBeLessThan(positions[to]?.[0] ?? 0);
    }),
  );
});

test("circles are drawn too", () => {
  const { positions } = layout(alike(3), [
    [0, 1],
    [1, 2],
    [2, 0],
    [1, 1],
  ]);
  expect(new Set(positions.map(([x]) => x)).size).toBe(3);
});

test("lines don't cross where they needn't", () => {
  const edges: Edge[] = [
    [0, 7],
    [1, 6],
    [2, 5],
    [3, 4],
  ];
  // All in one part, so that they share columns.
  const joined: Edge[] = [...edges, [4, 8], [5, 8], [6, 8], [7, 8]];
  const [first = [], second = []] = layersOf(9, joined);
  const place = (node: number) => [first.indexOf(node), second.indexOf(node)] as const;
  for (const [from, to] of edges) expect(place(from)[0]).toBe(place(to)[1]);
});

test("in a column, those of a group stand together", () => {
  const hub = 12;
  const groups = Array.from({ length: 13 }, (_, node) => (node === hub ? "hub" : `g${node % 3}`));
  const { positions } = layout(
    groups,
    Array.from({ length: 12 }, (_, node): Edge => [node, hub]),
  );
  const order = positions
    .map(([x, y], node) => ({ x, y, group: groups[node] }))
    .filter(({ group }) => group !== "hub")
    .sort((a, b) => a.x - b.x || a.y - b.y)
    .map(({ group }) => group);
  const changes = order.filter((group, at) => group !== order[at - 1]);
  expect(changes).toHaveLength(3);
});

test("a large drawing is about as wide as the room for it", () => {
  const star = layout(
    alike(400),
    Array.from({ length: 399 }, (_, node): Edge => [node, 399]),
  );
  expect(star.width / star.height).toBeGreaterThan(0.9);
  expect(star.width / star.height).toBeLessThan(2.4);
});

test("takes nearly linear time", () => {
  const grown = growth({
    size: 1_800,
    times: 8,
    make: (count) => ({
      nodes: alike(count),
      // All of them in one part.
      edges: Array.from({ length: count * 3 }, (_, at): Edge => [Math.floor(at / 3), (at * 7919 + 13) % count]),
    }),
    work: ({ nodes, edges }) => layout(nodes, edges),
  });
  expect(grown).toBeLessThan(betweenLinearAndQuadratic(8));
});

test("a long chain doesn't overflow the stack", () => {
  const chain = Array.from({ length: 30_000 }, (_, at): Edge => [at, at + 1]);
  expect(layout(alike(30_001), chain).positions).toHaveLength(30_001);
});

test.each([
  ["aws_sqs_queue_policy", "Messages"],
  ["aws_cloudwatch_event_rule", "Messages"],
  ["aws_cloudwatch_metric_alarm", "Monitoring"],
  ["aws_lambda_permission", "Identity and keys"],
  ["aws_lambda_function", "Compute"],
  ["aws_default_security_group", "Network"],
  ["aws_dbx_thing", "Other"],
  ["archive_file", "Other"],
  ["", "Other"],
])("%s is of %s", (type, category) => {
  expect(categoryOf(type)).toBe(category);
});
