import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project";
import { environmentNames, stackOf, subjectOf } from "../support/synthesized";

const source = readFileSync(join(projectRoot, "stacks", "records.ts"), "utf8");

describe("REC-08 the stack is one readable file", () => {
  test("of less than 150 lines", () => {
    expect(source.split("\n").length).toBeLessThan(150);
  });

  test("that imports building blocks alone, and no binding of the provider", () => {
    const imports = [...source.matchAll(/from "([^"]+)"/g)].map(([, path]) => path);
    expect(imports.filter((path) => !path?.startsWith("../constructs/") && path !== "constructs")).toEqual([]);
  });

  test("without branches, loops or differences between environments", () => {
    expect(source).not.toMatch(/\b(if|for|while|switch)\b *\(|\?[^.?:]+:|\.environment\.name\b|"(dev|staging|prod)"/);
  });

  test.each(environmentNames)("in which all that is deployed to %s is under a block that it names", (environment) => {
    const blocks = [...source.matchAll(/new \w+\(this, "(\w+)"/g)].map(([, id]) => id);
    const { resource = {} } = stackOf(subjectOf(environment), environment, "records").json;
    const roots = Object.entries(resource)
      .filter(([type]) => type !== "aws_ssm_parameter")
      .flatMap(([, named]) => Object.keys(named).map((name) => name.split("_")[0]));
    expect([...new Set(roots)].sort()).toEqual([...blocks].sort());
  });
});
