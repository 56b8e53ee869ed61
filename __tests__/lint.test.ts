import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyProject, projectRoot } from "./support/project";

/*
 * The lint rules that hold the house: package-root imports of the bindings, and arrows that point the wrong
 * way. Each is seen to fire on a file that breaks it, in a copy of the project.
 */

const project = copyProject();
afterAll(() => project.remove());

const biome = join(projectRoot, "node_modules", "@biomejs", "biome", "bin", "biome");

function lint(file: string, source: string): { exitCode: number; output: string } {
  mkdirSync(dirname(join(project.root, file)), { recursive: true });
  writeFileSync(join(project.root, file), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, "lint", "--vcs-enabled=false", file], {
    cwd: project.root,
    encoding: "utf8",
  });
  return { exitCode: status ?? 1, output: stdout + stderr };
}

const importing = (what: string) => `import { x } from "${what}";\n\nexport const y = x;\n`;

test.each([
  // Package root of the bindings
  ["main.ts", "@cdktf/provider-aws", "a second and a gigabyte"],
  ["stacks/x.ts", "@cdktf/provider-aws", "a second and a gigabyte"],
  ["stacks/x.ts", "@cdktf/provider-archive", "a second and a gigabyte"],
  ["constructs/x.ts", "@cdktf/provider-aws", "a second and a gigabyte"],
  ["constructs/permissions/x.ts", "@cdktf/provider-aws", "a second and a gigabyte"],
  ["__tests__/x.test.ts", "@cdktf/provider-aws", "a second and a gigabyte"],
  // Arrows: main → stacks → constructs → config
  ["config/x.ts", "../constructs/names", "Arrows go"],
  ["config/x.ts", "../stacks/network", "Arrows go"],
  ["config/x.ts", "../main", "Arrows go"],
  ["config/x.ts", "../tap/text", "Arrows go"],
  ["config/x.ts", "cdktf", "config/ is data"],
  ["config/x.ts", "@cdktf/provider-aws/lib/vpc", "config/ is data"],
  ["constructs/x.ts", "../stacks/network", "Arrows go"],
  ["constructs/x.ts", "../main", "Arrows go"],
  ["constructs/permissions/x.ts", "../../stacks/network", "Arrows go"],
  ["constructs/x.ts", "../tap/text", "Arrows go"],
  ["constructs/x.ts", "../functions/records/write", "Arrows go"],
  ["stacks/x.ts", "../main", "Arrows go"],
  ["stacks/x.ts", "../tap/text", "Arrows go"],
  ["stacks/x.ts", "../functions/records/write", "Arrows go"],
  ["stacks/x.ts", "./network", "deployed alone"],
  // functions and the infrastructure side
  ["functions/records/x.ts", "cdktf", "functions/ run in Lambda"],
  ["functions/records/x.ts", "../../config/load", "functions/ import nothing"],
  ["functions/records/x.ts", "../../constructs/names", "functions/ import nothing"],
  ["functions/records/x.ts", "../../stacks/network", "functions/ import nothing"],
  // routes stand beside both sides
  ["routes/x.ts", "../functions/shared/http", "routes/ is imported by both sides"],
  ["routes/x.ts", "../constructs/names", "routes/ is imported by both sides"],
  ["routes/x.ts", "@aws-sdk/client-dynamodb", "routes/ is the contract"],
  // tap reads JSON
  ["tap/x.ts", "../constructs/names", "tap/ reads synthesized JSON"],
  ["tap/commands/x.ts", "../../stacks/network", "tap/ reads synthesized JSON"],
  ["tap/x.ts", "@cdktf/provider-aws/lib/vpc", "tap/ reads synthesized JSON"],
])("%s must not import %s", (file, what, message) => {
  const { exitCode, output } = lint(file, importing(what));
  expect(output.replaceAll(/\s+/g, " ")).toContain(message);
  expect(exitCode).toBe(1);
});

test.each([
  ["functions/api/x.ts", "../../routes/api"],
  ["stacks/x.ts", "../routes/api"],
  ["tap/x.ts", "../routes/api"],
  ["stacks/x.ts", "@cdktf/provider-aws/lib/vpc"],
  ["stacks/x.ts", "../constructs/names"],
  ["constructs/x.ts", "../config/schema"],
  ["constructs/x.ts", "constructs"],
  ["constructs/permissions/x.ts", "../names"],
  ["tap/commands/x.ts", "../../main"],
  ["tap/x.ts", "../config/load"],
  ["functions/records/x.ts", "../shared/errors"],
])("%s may import %s", (file, what) => {
  expect(lint(file, importing(what))).toMatchObject({ exitCode: 0 });
});
