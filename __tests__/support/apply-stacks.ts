import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./project";
import { subjectOf } from "./synthesized";
import { describeWithTerraform, terraformFolder } from "./terraform";

/** Tests that real Terraform applies every stack of an environment, each alone; a file per environment runs beside others. */
export function applyStacks(environment: string): void {
  jest.setTimeout(120_000);
  const set = environment === "pr12" ? "pr12" : "declared";
  const stacks = subjectOf(environment)
    .stacks.filter(({ environmentSuffix }) => environmentSuffix === environment)
    .map(({ id }) => [id, join(projectRoot, ".cache", "test-synth", set, "stacks", id)] as const);

  describeWithTerraform("real Terraform", () => {
    test("sees every stack of the environment", () => {
      expect(stacks.length).toBeGreaterThanOrEqual(10);
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
}
