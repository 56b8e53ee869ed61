import { join } from "node:path";
import { App } from "cdktf";
import { newApi } from "../support/built-api";
import { temporaryFolder } from "../support/project";
import { describeWithTerraform, terraformFolder } from "../support/terraform";

jest.setTimeout(120_000);

/** A stack with an API, its functions and its web ACL, as synthesis writes it. */
function synthesize(options: Parameters<typeof newApi>[0] = {}): string {
  const { stack } = newApi(options);
  const app = App.of(stack);
  app.synth();
  return join(app.outdir, "stacks", stack.node.id);
}

describeWithTerraform("real Terraform", () => {
  test.each([
    ["keys alone", {}],
    [
      "keys and tokens, no quota, no origin",
      {
        userPoolArns: ["arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_a"],
        usagePlan: { rateLimit: 1.67, burstLimit: 200 },
        allowedOrigins: [],
      },
    ],
  ])("takes an API with its web ACL, with %s: validate, plan, apply, and an empty second plan", (_, options) => {
    const folder = terraformFolder(synthesize(options), temporaryFolder());
    folder.run("init", "-no-color");
    expect(folder.run("validate", "-no-color")).toContain("Success!");
    expect(folder.run("plan", "-no-color", "-out=plan")).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(folder.run("apply", "-no-color", "plan")).toContain("Apply complete!");
    expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
  });
});
