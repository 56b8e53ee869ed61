import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./support/project";
import { environmentNames, subjectOf } from "./support/synthesized";
import { describeWithTerraform, terraformFolder } from "./support/terraform";

jest.setTimeout(120_000);

/** Ids of all synthesized stacks, with the folder of each. */
const stacks = environmentNames.flatMap((environment) => {
  const set = environment === "pr12" ? "pr12" : "declared";
  return subjectOf(environment)
    .stacks.filter(({ environmentSuffix }) => environmentSuffix === environment)
    .map(({ id }) => [id, join(projectRoot, ".cache", "test-synth", set, "stacks", id)] as const);
});

describeWithTerraform("real Terraform", () => {
  test("sees every stack of every environment", () => {
    expect(stacks.length).toBeGreaterThanOrEqual(11);
  });

  test.each(stacks)("PLAT-11 %s, alone: validate, plan, apply, and an empty second plan", (_id, synthesized) => {
    const folder = terraformFolder(synthesized, temporaryFolder());
    folder.run("init", "-no-color");
    expect(folder.run("validate", "-no-color")).toContain("Success!");
    expect(folder.run("plan", "-no-color", "-out=plan")).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(folder.run("apply", "-no-color", "plan")).toContain("Apply complete!");
    // 0: nothing to do; 2: changes.
    expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
  });
});
