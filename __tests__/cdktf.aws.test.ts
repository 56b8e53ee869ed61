import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Emulator, startEmulator } from "./support/emulator";
import { copyProject, projectRoot } from "./support/project";
import { createStateStorage, emulatorBackend } from "./support/state-storage";
import { terraformVariables } from "./support/terraform";
import { describeWithTerraformAndEmulator } from "./support/terraform-and-emulator";

/* CDKTF's own commands, as its documentation has them, on this project: real Terraform, its S3 backend on an emulator. */

jest.setTimeout(300_000);

describeWithTerraformAndEmulator("cdktf", () => {
  let emulator: Emulator;
  const project = copyProject();
  beforeAll(async () => {
    emulator = await startEmulator();
    await createStateStorage(emulator, "tap-state-111111111111-us-east-1", "us-east-1");
  });
  afterAll(async () => {
    project.remove();
    await emulator.stop();
  });

  const cdktf = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(projectRoot, "node_modules", "cdktf-cli", "bundle", "bin", "cdktf"), ...args],
      {
        cwd: project.root,
        encoding: "utf8",
        env: {
          ...terraformVariables(),
          ...emulator.variables,
          ENVIRONMENT: "dev",
          TF_CLI_ARGS_init: emulatorBackend.map((setting) => `-backend-config=${setting}`).join(" "),
        },
      },
    );
    return { exitCode: status, output: stdout + stderr };
  };
  const stack = "tap-network-dev-us-east-1";

  /** By the state, and not by what is printed: cdktf's terminal may lose the last lines of a program that has ended. */
  const resourcesInState = async (): Promise<number> => {
    const response = await emulator.s3("GET", `tap-state-111111111111-us-east-1/${stack}`);
    const { resources } = (await response.json()) as { resources: unknown[] };
    return resources.length;
  };

  test("list, diff, deploy, output and destroy of one stack", async () => {
    const listed = cdktf("list");
    expect(listed.output).toContain(`cdktf.out/stacks/${stack}`);
    expect(listed.exitCode).toBe(0);

    const diff = cdktf("diff", stack, "--skip-provider-lock");
    expect(diff.output).toMatch(/Plan:.* to add, .*0.* to change, .*0.* to destroy/);
    expect(diff.exitCode).toBe(0);

    const deployed = cdktf("deploy", stack, "--auto-approve", "--skip-provider-lock");
    expect(deployed).toMatchObject({ exitCode: 0 });
    expect(await resourcesInState()).toBeGreaterThan(30);

    expect(cdktf("output", stack, "--skip-synth").output).toMatch(/vpc_id = vpc-\w+/);

    const destroyed = cdktf("destroy", stack, "--auto-approve", "--skip-provider-lock");
    expect(destroyed).toMatchObject({ exitCode: 0 });
    expect(await resourcesInState()).toBe(0);
  });
});
