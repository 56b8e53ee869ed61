import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { blockLines, locatorOf } from "../../../../tap/audit/report/location";
import { readCdktfFolder } from "../../../../tap/graph/read-cdktf";
import { betweenLinearAndQuadratic, growth } from "../../../support/growth";
import { projectRoot } from "../../../support/project";

/* Where resources stand in their files. */

const folderOf = (files: Record<string, object>): string => {
  const folder = mkdtempSync(join(tmpdir(), "tap-test-"));
  for (const [name, json] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), JSON.stringify(json, null, 2));
  }
  return folder;
};

test("every resource and data source of this project is on its line", () => {
  const folder = join(projectRoot, ".cache", "test-synth", "declared");
  for (const { id, json } of readCdktfFolder(folder)) {
    const text = readFileSync(join(folder, "stacks", id, "cdk.tf.json"), "utf8");
    const lines = text.split("\n");
    const found = blockLines(text);
    const expected = [
      ...Object.entries(json.resource ?? {}).flatMap(([type, all]) =>
        Object.keys(all).map((name) => `${type}.${name}`),
      ),
      ...Object.entries(json.data ?? {}).flatMap(([type, all]) =>
        Object.keys(all).map((name) => `data.${type}.${name}`),
      ),
    ];
    expect([...found.keys()].sort()).toEqual(expected.sort());
    for (const [address, line] of found)
      expect(lines[line - 1]?.trim()).toBe(`${JSON.stringify(address.split(".").at(-1))}: {`);
  }
});

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text !== "__proto__"),
  fc.constantFrom("resource", "data", "module", '"', "\\", '\\"', "{", "}", "[", ",", ":", "\u2028", "a\nb"),
);

test("names and values of any letters don't lead astray", () => {
  const blocks = fc.dictionary(name, fc.dictionary(name, fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 }));
  fc.assert(
    fc.property(blocks, blocks, fc.jsonValue(), fc.constantFrom(0, 1, 2), (resource, data, other, indent) => {
      const text = JSON.stringify({ "//": other, resource, output: other, data }, null, indent);
      const lines = text.split("\n");
      const found = blockLines(text);
      const expected = Object.entries(resource).flatMap(([type, all]) =>
        Object.keys(all).map((each) => [`${type}.${each}`, each] as const),
      );
      for (const [address, each] of expected) {
        const line = found.get(address);
        expect(line).toBeDefined();
        expect(lines[(line ?? 0) - 1]).toContain(JSON.stringify(each));
      }
    }),
  );
});

test("lists around blocks don't count", () => {
  const text = JSON.stringify({ resource: [{ aws_sqs_queue: [{ A: { tags: { B: {} } } }, { C: [{}] }] }] }, null, 1);
  expect([...blockLines(text).keys()]).toEqual(["aws_sqs_queue.A", "aws_sqs_queue.C"]);
});

test("what is no JSON gives what stands before the fault", () => {
  for (const text of ["", "{", '{"resource":{"a":{"b"', '{"resource"', "}}]]", '"', '{"a\\', "[[[[", '{{{{"x":'])
    blockLines(text);
  expect(blockLines('{"resource":{"a":{"b":{,}').get("a.b")).toBe(1);
});

test("takes linear time, however deep", () => {
  const textOf = (count: number) =>
    `{"resource":{"t":{${Array.from({ length: count }, (_, at) => `"n${at}":{"x":["\\"{"]}`).join(",")}}}}`;
  expect(blockLines(textOf(100_000)).size).toBe(100_000);
  const grown = growth({ size: 5_000, times: 10, make: textOf, work: blockLines });
  expect(grown).toBeLessThan(betweenLinearAndQuadratic(10));
  expect(blockLines(`${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`).size).toBe(0);
});

test("finds resources in plain configurations, in whichever file they are", () => {
  const folder = folderOf({
    "one/main.tf.json": { resource: { aws_sqs_queue: { A: {} } } },
    "one/more.tf.json": { resource: { aws_sqs_queue: { B: {} } }, module: { net: { source: "./net" } } },
  });
  const locator = locatorOf(folder, [{ id: "one", resources: 2 }]);
  expect(locator.locate("one", "aws_sqs_queue.A")).toEqual({ file: "one/main.tf.json", line: 4 });
  expect(locator.locate("one", 'aws_sqs_queue.B["x.y"]')).toEqual({ file: "one/more.tf.json", line: 4 });
  expect(locator.locate("one", "module.net[0].aws_vpc.Vpc")).toEqual({ file: "one/more.tf.json", line: 8 });
  expect(locator.locate("one", "aws_sqs_queue.C")).toEqual({ file: "one/main.tf.json", line: 1 });
  expect(locator.locate("two")).toBeUndefined();

  const own = locatorOf(join(folder, "one"), [{ id: "one", resources: 2 }]);
  expect(own.locate("one", "aws_sqs_queue.B[0]")).toEqual({ file: "more.tf.json", line: 4 });
});

test("of a plan it knows the file, and of one that is gone the name", () => {
  const folder = folderOf({ "plan.json": { format_version: "1.2" } });
  const stacks = [{ id: "plan", resources: 1, file: "plan.json" }];
  expect(locatorOf(join(folder, "plan.json"), stacks).locate("plan", "aws_sqs_queue.A")).toEqual({
    file: "plan.json",
    line: 1,
  });
  expect(locatorOf(join(folder, "gone"), stacks).locate("plan", "aws_sqs_queue.A")).toEqual({
    file: "plan.json",
    line: 1,
  });
});
