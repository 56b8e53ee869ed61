import fc from "fast-check";
import {
  escapeTemplate,
  interpolationsOf,
  parseTraversal,
  subjectOf,
  traversalsOf,
  unescapeTemplate,
  wholeTraversal,
} from "../../../tap/graph/expression";

const found = (text: string) => traversalsOf(text).map((traversal) => traversal.text);

test.each([
  ["no expression", "plain", []],
  ["one", "${aws_vpc.Vpc.id}", ["aws_vpc.Vpc.id"]],
  [
    "hyphens in a name",
    "${aws_vpc_endpoint.Gateway-s3.prefix_list_id}",
    ["aws_vpc_endpoint.Gateway-s3.prefix_list_id"],
  ],
  ["two, with text", "a ${aws_a.b.c}/${data.aws_d.e.f} z", ["aws_a.b.c", "data.aws_d.e.f"]],
  ["an escaped one", "$${aws_a.b.c} ${aws_d.e.f}", ["aws_d.e.f"]],
  ["a variable of IAM", "arn:aws:s3:::b/$${aws:username}/*", []],
  [
    "arguments of a function",
    '${join(",", [aws_subnet.A.id, aws_subnet.B.id])}',
    ["aws_subnet.A.id", "aws_subnet.B.id"],
  ],
  ["a function's result", "${jsondecode(aws_a.b.c).aws_x.y}", ["aws_a.b.c"]],
  ["a provider's function", '${provider::aws::arn_parse(aws_a.b.arn)["account"]}', ["aws_a.b.arn"]],
  ["an index", "${aws_x.y[0].arn}", ["aws_x.y[0].arn"]],
  ["a key", '${aws_x.y["k.z"].arn}', ['aws_x.y["k.z"].arn']],
  ["an index that is worked out", "${aws_x.y[aws_z.w.count].arn}", ["aws_x.y[aws_z.w.count].arn", "aws_z.w.count"]],
  ["a splat", "${aws_x.y[*].arn}", ["aws_x.y[*].arn"]],
  ["an old splat", "${aws_x.y.*.arn}", ["aws_x.y.*.arn"]],
  [
    "strings within expressions within strings",
    '${"a ${"b ${aws_x.y.z} }"} }"}${aws_u.v.w}',
    ["aws_x.y.z", "aws_u.v.w"],
  ],
  ["a quote in a string", '${f("a\\"}", aws_x.y.z)}', ["aws_x.y.z"]],
  ["an escape in a string", '${f("$${aws_a.b.c}", aws_x.y.z)}', ["aws_x.y.z"]],
  ["names of a for", "${[for s in aws_subnet.All : s.id if s.zone != var.zone]}", ["aws_subnet.All", "var.zone"]],
  ["names of a for with keys", "${{for k, v in local.map : k.a => v.b}}", ["local.map"]],
  ["a condition in a for", "${[for s in var.x ? aws_a.b : aws_c.d : s.id]}", ["var.x", "aws_a.b", "aws_c.d"]],
  ["names of a for in what it goes over", "${[for s in var.x ? aws_a.b : s.c : s.id]}", ["var.x", "aws_a.b", "s.c"]],
  ["a name of a for outside it", "${[[for s in aws_a.b : s.id], s.id]}", ["aws_a.b", "s.id"]],
  [
    "directives",
    "%{ for s in aws_a.b ~}${s.id}%{ endfor }%{ if aws_c.d.e }x%{ endif }${s.id}",
    ["aws_a.b", "aws_c.d.e", "s.id"],
  ],
  ["an object", '${jsonencode({"a" = aws_x.y.arn, b : aws_u.v.w})}', ["aws_x.y.arn", "aws_u.v.w"]],
  ["comments", "${/* aws_a.b.c */ aws_x.y.z # aws_d.e.f\n}", ["aws_x.y.z"]],
  ["a heredoc", "${<<EOT\n aws_a.b.c ${aws_x.y.z}\n  EOT\n}${aws_u.v.w}", ["aws_x.y.z", "aws_u.v.w"]],
  ["trimming", "${~ aws_x.y.z ~}", ["aws_x.y.z"]],
  ["arithmetic", "${aws_x.y.z*2-aws_u.v.w/3}", ["aws_x.y.z", "aws_u.v.w"]],
  ["an end that is missing", "${aws_x.y.z", ["aws_x.y.z"]],
])("%s", (_, text, expected) => {
  expect(found(text)).toEqual(expected);
});

test("an expression that is nothing but a reference is known as such", () => {
  expect(wholeTraversal("${aws_vpc.Vpc.id}")?.text).toBe("aws_vpc.Vpc.id");
  expect(wholeTraversal("${ aws_vpc.Vpc.id }")?.text).toBe("aws_vpc.Vpc.id");
  for (const text of ["${aws_a.b.c}/*", "${f(aws_a.b.c)}", "${aws_a.b.c}${aws_a.b.c}", "$${aws_a.b.c}", "aws_a.b.c"])
    expect(wholeTraversal(text)).toBeUndefined();
});

test.each([
  ["aws_vpc.Vpc.id", { kind: "resource", address: "aws_vpc.Vpc", steps: [{ name: "id" }] }],
  ["aws_vpc.Vpc", { kind: "resource", address: "aws_vpc.Vpc", steps: [] }],
  ["resource.aws_vpc.Vpc.id", { kind: "resource", address: "aws_vpc.Vpc", steps: [{ name: "id" }] }],
  ["data.aws_region.here.name", { kind: "resource", address: "data.aws_region.here", steps: [{ name: "name" }] }],
  ["aws_x.y[0].a", { kind: "resource", address: "aws_x.y", instance: "aws_x.y[0]", steps: [{ name: "a" }] }],
  ['aws_x.y["k"]', { kind: "resource", address: "aws_x.y", instance: 'aws_x.y["k"]', steps: [] }],
  ["aws_x.y[*].a", { kind: "resource", address: "aws_x.y", steps: [{ name: "a" }] }],
  ["var.a.b", { kind: "variable", address: "var.a", name: "a", steps: [{ name: "b" }] }],
  ["local.a", { kind: "local", address: "local.a", name: "a", steps: [] }],
  ["module.m.out", { kind: "module", address: "module.m.out", name: "out", steps: [] }],
  ["module.m.aws_x.y.a", { kind: "resource", address: "module.m.aws_x.y", steps: [{ name: "a" }] }],
  ["each.value", undefined],
  ["path.module", undefined],
])("%s", (text, expected) => {
  const traversal = parseTraversal(text);
  expect(traversal && subjectOf(traversal)).toEqual(expected);
});

/** Expressions with what they refer to: names of functions, texts and what a `for` names are none of it. */
const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}$/).filter((text) => text !== "for" && text !== "in");
const reference = fc
  .tuple(name, name, fc.constantFrom("", "[0]", '["a.b"]', "[*]", ".id", '["k"].arn', ".*.id"))
  .map(([type, label, rest]) => `aws_${type}.${label}${rest}`);
/** Texts that look like references, brackets and quotes, and mean nothing. */
const noise = fc.constantFrom("aws_no.such", "}", "{", "]", ")", ":", "for x in y", "$${aws_no.such}", '\\"', " ", "#");

interface Generated {
  readonly text: string;
  readonly refers: readonly string[];
}

const { expression } = fc.letrec<{ expression: Generated; quoted: Generated }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    reference.map((text) => ({ text, refers: [text] })),
    fc.integer({ min: 0 }).map((number) => ({ text: String(number), refers: [] })),
    tie("quoted"),
    fc.tuple(name, fc.array(tie("expression"), { maxLength: 3 })).map(([f, list]) => around(`${f}(`, list, ", ", ")")),
    fc.array(tie("expression"), { maxLength: 3 }).map((list) => around("[", list, ", ", "]")),
    fc.tuple(tie("expression"), tie("expression")).map((list) => around("{ a = ", list, ", b = ", " }")),
    fc.tuple(tie("expression"), tie("expression"), tie("expression")).map(([a, b, c]) => ({
      text: `(${a.text} ? ${b.text} : ${c.text})`,
      refers: [...a.refers, ...b.refers, ...c.refers],
    })),
    fc.tuple(name, tie("expression"), tie("expression")).map(([x, list, each]) => ({
      text: `[for aws_${x} in ${list.text} : aws_${x}.id == ${each.text}]`,
      // What the for names is no type of resource within it.
      refers: [...list.refers, ...each.refers.filter((text) => !text.startsWith(`aws_${x}.`))],
    })),
  ),
  quoted: fc
    .array(
      fc.oneof(
        noise.map((text) => ({ text, refers: [] })),
        tie("expression").map(interpolated),
      ),
      { maxLength: 3 },
    )
    .map((list) => around('"', list, "", '"')),
}));

function around(start: string, list: readonly Generated[], between: string, end: string): Generated {
  return {
    text: start + list.map(({ text }) => text).join(between) + end,
    refers: list.flatMap(({ refers }) => refers),
  };
}

function interpolated({ text, refers }: Generated): Generated {
  return { text: `\${${text}}`, refers };
}

test("of any expression its references are found, and nothing else", () => {
  const text = fc.constantFrom("arn:aws:s3:::", "/*", "aws_no.such", "$${aws_no.such}", "{", "}", '"', " ");
  const part = fc.oneof(
    text.map((each): Generated => ({ text: each, refers: [] })),
    (expression as fc.Arbitrary<Generated>).map(interpolated),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const whole = around("", parts, "", "");
      expect(found(whole.text)).toEqual(whole.refers);
      const interpolations = interpolationsOf(whole.text);
      const written = parts.filter((each) => each.text.startsWith("${"));
      expect(interpolations.map(({ start, end }) => whole.text.slice(start, end))).toEqual(
        written.map((each) => each.text),
      );
    }),
    { numRuns: 500 },
  );
});

test("an escaped text has no expressions and means itself", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("${a.b}", "%{c}", "{", "}", "x", "a.b"), { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      expect(traversalsOf(escapeTemplate(text))).toEqual([]);
      expect(unescapeTemplate(escapeTemplate(text))).toBe(text);
    }),
  );
});
