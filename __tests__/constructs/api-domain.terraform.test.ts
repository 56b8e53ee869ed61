import { join } from "node:path";
import { temporaryFolder } from "../support/project";
import { describeWithTerraform, terraformFolder } from "../support/terraform";
import { synthesizeWithDomains } from "../support/with-domains";

jest.setTimeout(120_000);

describeWithTerraform("real Terraform", () => {
  const { outdir, remove } = synthesizeWithDomains();
  afterAll(remove);

  test.each(["us-east-1", "us-west-2"])(
    "PLAT-14 takes prod's API with its domain in %s: validate, plan, apply, and an empty second plan",
    (region) => {
      const folder = terraformFolder(join(outdir, "stacks", `tap-api-prod-${region}`), temporaryFolder());
      folder.run("init", "-no-color");
      expect(folder.run("validate", "-no-color")).toContain("Success!");
      expect(folder.run("plan", "-no-color", "-out=plan")).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
      expect(folder.run("apply", "-no-color", "plan")).toContain("Apply complete!");
      expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
      const outputs = JSON.parse(folder.run("output", "-json")) as Record<string, { value: unknown }>;
      expect(outputs.domain_name?.value).toBe("api.example.com");
    },
  );
});
