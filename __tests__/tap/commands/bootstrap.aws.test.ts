import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Emulator, startEmulator } from "../../support/emulator";
import { copyProject, tap } from "../../support/project";
import { createBucket, createStateStorage, emulatorBackend } from "../../support/state-storage";
import { terraformVariables } from "../../support/terraform";
import { describeWithTerraformAndEmulator } from "../../support/terraform-and-emulator";

jest.setTimeout(300_000);

describeWithTerraformAndEmulator("tap bootstrap", () => {
  let emulator: Emulator;
  const project = copyProject();
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(async () => {
    project.remove();
    await emulator.stop();
  });

  const bootstrap = (...args: string[]) =>
    tap(["bootstrap", ...args, ...emulatorBackend.flatMap((option) => ["--backend-config", option])], {
      root: project.root,
      variables: { ...terraformVariables(), ...emulator.variables },
    });
  const folder = join(project.root, ".tap", "bootstrap", "111111111111", "stacks", "tap-bootstrap-dev-us-east-1");

  test("PLAT-20 the first run is on local state, the second goes on from it, and migrate moves it into the bucket", async () => {
    const first = bootstrap("apply", "--env", "dev", "--auto-approve");
    expect(first.stderr).toContain("state local, to be migrated after this");
    expect(first.stdout).toMatch(/Apply complete! Resources: [1-9]\d+ added, 0 changed, 0 destroyed/);
    expect(first.stdout).toContain("tap bootstrap migrate --env dev");
    expect(first.exitCode).toBe(0);

    // The bucket is there now, and the state still local: not a second account.
    await createStateStorage(emulator, "tap-state-111111111111-us-east-1", "us-east-1");
    const second = bootstrap("apply", "--env", "dev", "--auto-approve");
    expect(second.stderr).toContain("state local");
    expect(second.stdout).toContain("Resources: 0 added, 0 changed, 0 destroyed");

    const { resources } = JSON.parse(readFileSync(join(folder, "terraform.tfstate"), "utf8"));
    const migrated = bootstrap("migrate", "--env", "dev");
    expect(migrated.stderr).toBe("");
    expect(migrated.stdout).toContain("s3://tap-state-111111111111-us-east-1/tap-bootstrap-dev-us-east-1");
    expect(migrated.exitCode).toBe(0);
    expect(existsSync(join(folder, "terraform.tfstate"))).toBe(false);
    const remote = (await (
      await emulator.s3("GET", "tap-state-111111111111-us-east-1/tap-bootstrap-dev-us-east-1")
    ).json()) as { resources: unknown[] };
    expect(remote.resources).toEqual(resources);

    const third = bootstrap("apply", "--env", "dev", "--auto-approve");
    expect(third.stderr).toContain("state in the bucket");
    expect(third.stdout).toContain("Resources: 0 added, 0 changed, 0 destroyed");
    expect(bootstrap("migrate", "--env", "dev").stderr).toContain(
      "no local state of tap-bootstrap-dev-us-east-1 to migrate",
    );
  });

  test("PLAT-20 a migration that can't reach the bucket leaves the local state, and the next run goes on", async () => {
    const lost = join(project.root, ".tap", "bootstrap", "333333333333", "stacks", "tap-bootstrap-prod-us-east-1");
    expect(bootstrap("apply", "--env", "prod", "--auto-approve").exitCode).toBe(0);
    const before = JSON.parse(readFileSync(join(lost, "terraform.tfstate"), "utf8"));
    const refused = bootstrap("migrate", "--env", "prod");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("The bucket tap-state-333333333333-us-east-1 doesn't exist");
    expect(JSON.parse(readFileSync(join(lost, "terraform.tfstate"), "utf8"))).toEqual(before);
    const again = bootstrap("apply", "--env", "prod", "--auto-approve");
    expect(again.stdout).toContain("Resources: 0 added, 0 changed, 0 destroyed");
  });

  test("PLAT-20 a local state that is left over never replaces the one in the bucket", () => {
    // After the migration of dev above: the same state again, as a killed migration would have left it.
    const state = join(folder, "terraform.tfstate");
    const remote = `${emulator.endpoint}/tap-state-111111111111-us-east-1/tap-bootstrap-dev-us-east-1`;
    const text = execFileSync(
      process.execPath,
      ["-e", "fetch(process.argv[1]).then((r) => r.text()).then(console.log)", remote],
      { encoding: "utf8" },
    );
    writeFileSync(state, text);
    const refused = bootstrap("apply", "--env", "dev", "--auto-approve");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("is in the bucket, and another one is in");
    // The same: only the left-over goes.
    expect(bootstrap("migrate", "--env", "dev").exitCode).toBe(0);
    expect(existsSync(state)).toBe(false);
    // An older one: nothing is done.
    writeFileSync(state, JSON.stringify({ ...JSON.parse(text), resources: JSON.parse(text).resources.slice(1) }));
    const older = bootstrap("migrate", "--env", "dev");
    expect(older.exitCode).toBe(1);
    expect(older.stderr).toContain("holds another state");
    expect(existsSync(state)).toBe(true);
    rmSync(state);
    expect(bootstrap("apply", "--env", "dev", "--auto-approve").stdout).toContain(
      "Resources: 0 added, 0 changed, 0 destroyed",
    );
  });

  test("PLAT-20 a bucket without a state means that another machine has it: nothing is made a second time", async () => {
    await createBucket(emulator, "tap-state-222222222222-us-east-2", "us-east-2");
    const refused = bootstrap("apply", "--env", "staging", "--auto-approve");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("exists, and holds no state of tap-bootstrap-staging-us-east-2");
    expect(refused.stdout).not.toContain("Apply complete");
  });

  test("PLAT-20 a failure that isn't a missing bucket is no first run", () => {
    const result = tap(["bootstrap", "apply", "--env", "staging", "--auto-approve"], {
      root: project.root,
      variables: {
        ...terraformVariables(),
        ...emulator.variables,
        AWS_ENDPOINT_URL: "http://127.0.0.1:9",
        AWS_MAX_ATTEMPTS: "1",
      },
    });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("terraform init failed");
    expect(result.stdout).not.toContain("Apply complete");
  });

  test("PLAT-11 a short-lived environment has no bootstrap of its own", () => {
    const { exitCode, stderr } = bootstrap("apply", "--env", "pr12", "--auto-approve");
    expect(stderr).toContain("pr12 lives in the account of dev, which has its bootstrap: --env dev");
    expect(exitCode).toBe(1);
  });
});
