import fc from "fast-check";
import { dependencyOrder } from "../../../tap/graph/order";
import { graphOf, resources } from "./graph-of";

const ids = (nodes: readonly { id: string }[]) => nodes.map(({ id }) => id);

test("what is needed comes first, also through a parameter of another stack", () => {
  const graph = graphOf({
    a: {
      data: { aws_ssm_parameter: { q: { name: "/q" } } },
      resource: resources({
        "aws_lambda_function.F": {
          function_name: "f",
          env: "${data.aws_ssm_parameter.q.value}",
          depends_on: ["aws_iam_role.R"],
        },
        "aws_iam_role.R": { name: "r" },
      }),
    },
    b: {
      resource: resources({
        "aws_ssm_parameter.Q": { name: "/q", value: "${aws_sqs_queue.Q.url}" },
        "aws_sqs_queue.Q": { name: "q" },
      }),
    },
  });
  const { order, cycles } = dependencyOrder(graph);
  expect(ids(order)).toEqual([
    "a/aws_iam_role.R",
    "b/aws_sqs_queue.Q",
    "b/aws_ssm_parameter.Q",
    "a/data.aws_ssm_parameter.q",
    "a/aws_lambda_function.F",
  ]);
  expect(cycles).toEqual([]);
});

test("a cycle is told with its way, also one over stacks", () => {
  const stack = (reads: string, writes: string) => ({
    data: { aws_ssm_parameter: { in: { name: reads } } },
    resource: resources({ "aws_ssm_parameter.Out": { name: writes, value: "${data.aws_ssm_parameter.in.value}" } }),
  });
  const graph = graphOf({ a: stack("/b", "/a"), b: stack("/a", "/b"), c: stack("/a", "/c") });
  const { order, cycles } = dependencyOrder(graph);
  expect(cycles.map(ids)).toEqual([
    [
      "a/aws_ssm_parameter.Out",
      "a/data.aws_ssm_parameter.in",
      "b/aws_ssm_parameter.Out",
      "b/data.aws_ssm_parameter.in",
    ],
  ]);
  expect(ids(order).slice(-2)).toEqual(["c/data.aws_ssm_parameter.in", "c/aws_ssm_parameter.Out"]);
});

test("a resource that needs itself is a cycle", () => {
  const graph = graphOf({ s: { resource: resources({ "aws_sqs_queue.Q": { name: "${aws_sqs_queue.Q.arn}" } }) } });
  expect(dependencyOrder(graph).cycles.map(ids)).toEqual([["s/aws_sqs_queue.Q"]]);
});

test("of any acyclic stack everything comes once, after all that it needs", () => {
  const edges = fc.array(fc.tuple(fc.nat({ max: 14 }), fc.nat({ max: 14 })), { maxLength: 40 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const needs = (index: number) =>
        pairs.filter(([a, b]) => Math.max(a, b) === index && a !== b).map((pair) => Math.min(...pair));
      const graph = graphOf({
        s: {
          resource: resources(
            Object.fromEntries(
              Array.from({ length: 15 }, (_, index) => [
                `aws_new_thing.T${index}`,
                { a: needs(index).map((other) => `\${aws_new_thing.T${other}.id}`) },
              ]),
            ),
          ),
        },
      });
      const { order, cycles } = dependencyOrder(graph);
      const places = new Map(order.map(({ name }, place) => [name, place]));
      expect(cycles).toEqual([]);
      expect(places.size).toBe(15);
      for (let index = 0; index < 15; index += 1)
        for (const other of needs(index)) expect(places.get(`T${other}`)).toBeLessThan(places.get(`T${index}`) ?? -1);
    }),
  );
});

test("a chain of any length is no matter of the stack's depth", () => {
  const count = 20_000;
  const graph = graphOf({
    s: {
      resource: {
        aws_new_thing: Object.fromEntries(
          Array.from({ length: count }, (_, index) => [
            `T${index}`,
            { a: index + 1 < count ? `\${aws_new_thing.T${index + 1}.id}` : "" },
          ]),
        ),
      },
    },
  });
  expect(dependencyOrder(graph).order[0]?.name).toBe(`T${count - 1}`);
});
