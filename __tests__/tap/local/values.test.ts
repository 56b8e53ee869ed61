import fc from "fast-check";
import { ArgumentError, Arguments } from "../../../tap/local/arguments";
import { ExpressionError, evaluate, evaluateNode, type Lookup, type Value } from "../../../tap/local/values";
import { graphOf, resources } from "../graph/graph-of";

const attributes: Record<string, Value> = {
  "aws_kms_key.Key arn": "arn:aws:kms:us-east-1:111111111111:key/k",
  "aws_sqs_queue.A-b_1 id": "http://queue",
  "aws_vpc.Vpc count": 3,
  "data.aws_ssm_parameter.subnets insecure_value": "a,b",
  "data.archive_file.Zip output_path": "/zips/1.zip",
};
const lookup: Lookup = {
  attribute: (address, name) => attributes[`${address} ${name}`],
  variable: (name) => ({ role: "arn:role", none: undefined })[name],
};
const of = (value: unknown) => evaluate(value, lookup, "stack/type.name, argument");

describe("values of expressions", () => {
  test.each([
    ["${aws_kms_key.Key.arn}", "arn:aws:kms:us-east-1:111111111111:key/k"],
    ["table/${aws_sqs_queue.A-b_1.id}/${aws_vpc.Vpc.count}", "table/http://queue/3"],
    ["${aws_vpc.Vpc.count}", 3],
    ['${split(",", data.aws_ssm_parameter.subnets.insecure_value)}', ["a", "b"]],
    ['${split(",", data.aws_ssm_parameter.subnets.insecure_value)[1]}', "b"],
    ['${split(",", "")}', []],
    ['${join(",", [aws_sqs_queue.A-b_1.id, "x ${aws_vpc.Vpc.count}"])}', "http://queue,x 3"],
    ['${ join( "-" , split(",", data.aws_ssm_parameter.subnets.insecure_value) ) }', "a-b"],
    ["${data.archive_file.Zip.output_path}", "/zips/1.zip"],
    ["${var.role}", "arn:role"],
    ['${"a\\"b\\n"}', 'a"b\n'],
    ["$${escaped} %%{too} $ { %", "${escaped} %{too} $ { %"],
    ["", ""],
  ])("%s", (text, value) => {
    expect(of(text)).toEqual(value);
  });

  test.each([
    ["${aws_kms_key.Key.other}", /aws_kms_key.Key.other has no value here/],
    ["${var.none}", /var.none has no value/],
    ["${local.x}", /local.x is not understood/],
    ["${aws_a.b[0].c}", /understood|where } should be/],
    ["${jsonencode({})}", /not understood/],
    ["${length(aws_vpc.Vpc.count)}", /length\(…\) is not understood/],
    ["${aws_vpc.Vpc.count + 1}", /where } should be/],
    ["%{ if true }x%{ endif }", /directive/],
    ['x ${split(",", data.aws_ssm_parameter.subnets.insecure_value)}', /a list or an object within a text/],
    ["${aws_kms_key.Key.arn", /where } should be/],
  ])("refuses %s, and says where it stands", (text, message) => {
    expect(() => of(text)).toThrow(ExpressionError);
    expect(() => of(text)).toThrow(message);
    expect(() => of(text)).toThrow(/^stack\/type.name, argument: /);
  });

  test("goes into lists and objects, and names the way there", () => {
    expect(of({ a: ["${var.role}"], "//": "comment", b: null })).toEqual({ a: ["arn:role"], b: null });
    expect(() => of({ a: [{ b: "${local.x}" }] })).toThrow(/argument\.a\[0\]\.b/);
  });

  test("a text without expressions is itself", () => {
    const plain = fc.string().filter((text) => !/[$%]\{/.test(text));
    fc.assert(fc.property(plain, (text) => expect(of(text)).toBe(text)));
  });

  test("texts around expressions stay as they are", () => {
    const plain = fc.string().filter((text) => !/[$%]/.test(text));
    fc.assert(
      fc.property(plain, plain, (before, after) =>
        expect(of(`${before}\${var.role}${after}`)).toBe(`${before}arn:role${after}`),
      ),
    );
  });

  test("whatever is joined and has no separator in it, is split into the same", () => {
    const part = fc.string({ minLength: 1 }).filter((text) => !/[,"\\$%\n\r]/.test(text));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const list = parts.map((each) => JSON.stringify(each)).join(", ");
        expect(of(`\${split(",", join(",", [${list}]))}`)).toEqual(parts);
      }),
    );
  });

  test("a resource keeps the provider's arguments alone, and what would make several of it is refused", () => {
    const [node] = graphOf({
      a: { resource: resources({ "aws_sqs_queue.Q": { name: "q", depends_on: [], lifecycle: {}, tags: null } }) },
    }).nodes;
    if (node === undefined) throw new Error("There is no node");
    expect(evaluateNode(node, lookup)).toEqual({ name: "q" });
    const several = { ...node, attributes: { ...node.attributes, count: 2 } };
    expect(() => evaluateNode(several, lookup)).toThrow("count is not understood here");
  });
});

describe("arguments", () => {
  const given = () =>
    new Arguments({ name: "n", size: "3", on: "true", list: ["a"], block: [{ x: 1, y: 2 }], map: { a: 1 } }, "s/t.n");

  test("are read as they are meant", () => {
    const args = given();
    expect([args.text("name"), args.number("size"), args.flagIf("on"), args.texts("list")]).toEqual([
      "n",
      3,
      true,
      ["a"],
    ]);
    expect([args.textIf("none"), args.texts("none"), args.block("none"), args.blocks("none")]).toEqual([
      undefined,
      [],
      undefined,
      [],
    ]);
    expect(args.mapIf("map")).toEqual({ a: "1" });
    expect(args.block("block")?.number("x")).toBe(1);
    expect(new Arguments({ block: { x: 1 } }, "p").block("block")?.number("x")).toBe(1);
  });

  test("what nobody asked for is told, also within blocks", () => {
    const args = given();
    args.text("name");
    args.block("block")?.number("x");
    args.ignore(["map", "on"]);
    expect(args.unread()).toEqual(["s/t.n.size", "s/t.n.list", "s/t.n.block[0].y"]);
  });

  test.each([
    [(args: Arguments) => args.text("other"), "s/t.n has no other"],
    [(args: Arguments) => args.text("list"), "s/t.n.list is no text"],
    [(args: Arguments) => args.number("name"), "s/t.n.name is no number"],
    [(args: Arguments) => args.blocks("list"), "s/t.n.list is no block"],
  ])("are refused where they are something else (%#)", (read, message) => {
    expect(() => read(given())).toThrow(ArgumentError);
    expect(() => read(given())).toThrow(message);
  });
});
