import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { components } from "../config/components";
import type { TerraformJson } from "../tap/graph/terraform-json";
import { type Emulator, emulatorMissing, startEmulator } from "./support/emulator";
import { copyProject, projectRoot, tap, temporaryFolder } from "./support/project";
import { createBucket, createStateStorage, emulatorBackend } from "./support/state-storage";
import { backend, environmentNames, subjectOf } from "./support/synthesized";
import { describeWithTerraform, loudlySkipped, terraformFolder, terraformVariables } from "./support/terraform";

/*
 * Real Terraform, with its S3 backend and both locks, against an AWS emulator; the stand-in provider creates
 * nothing, so that the bucket, the table and what they lock are made by the tests.
 */

jest.setTimeout(300_000);

const missing = emulatorMissing();
const describeWithEmulator = missing ? loudlySkipped(missing) : describeWithTerraform;

interface State {
  bucket: string;
  key: string;
  region: string;
}

const stateOf = (json: object) => (json as { terraform: { backend: { s3: State } } }).terraform.backend.s3;

describeWithEmulator("remote state", () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  const folderOf = (environment: string, id: string, ownBackend = true) =>
    terraformFolder(
      join(projectRoot, ".cache", "test-synth", environment === "pr12" ? "pr12" : "declared", "stacks", id),
      temporaryFolder(),
      {
        ownBackend,
        variables: emulator.variables,
      },
    );
  const init = (...more: string[]) => [
    "init",
    "-no-color",
    "-reconfigure",
    ...[...emulatorBackend, ...more].map((option) => `-backend-config=${option}`),
  ];

  describe.each(environmentNames)("of %s", (environment) => {
    const stacks = subjectOf(environment).stacks.filter(({ environmentSuffix }) => environmentSuffix === environment);
    const network = stacks.find(
      ({ component, region }) => component === "network" && region === "us-west-2",
    ) as (typeof stacks)[number];
    const state = stateOf(network.json);

    beforeAll(async () => {
      await createStateStorage(emulator, state.bucket, state.region);
      for (const { id } of stacks) {
        const folder = folderOf(environment, id);
        folder.run(...init());
        folder.run("apply", "-no-color", "-auto-approve");
      }
    });

    test("PLAT-20 every stack's state is an object under its id, encrypted with the customer key", async () => {
      for (const { id, json } of stacks) {
        const { bucket, key } = stateOf(json);
        expect(key).toBe(id);
        const response = await emulator.s3("HEAD", `${bucket}/${key}`);
        expect(response.status).toBe(200);
        expect(response.headers.get("x-amz-server-side-encryption")).toBe("aws:kms");
        expect(response.headers.get("x-amz-server-side-encryption-aws-kms-key-id")).toBe(backend.kms_key_id);
      }
    });

    test("PLAT-20 `terraform init -backend-config=…/backend.hcl` by hand reaches the same object", () => {
      for (const { id } of stacks) {
        const folder = folderOf(environment, id);
        folder.run(...init(), `-backend-config=${join(projectRoot, "backend.hcl")}`);
        // What a configuration has, the state has; archives are there as data sources.
        const json: TerraformJson = JSON.parse(readFileSync(join(folder.path, "cdk.tf.json"), "utf8"));
        const addresses = [json.resource ?? {}, json.data ?? {}].flatMap((blocks) =>
          Object.values(blocks).flatMap((named) => Object.keys(named)),
        );
        expect(folder.run("state", "list").trim().split("\n")).toHaveLength(addresses.length);
        expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
      }
    });

    test("PLAT-20 is red when backend.hcl given by hand names a key: the state is another", () => {
      const folder = folderOf(environment, network.id);
      const hcl = join(temporaryFolder(), "backend.hcl");
      writeFileSync(hcl, `${readFileSync(join(projectRoot, "backend.hcl"), "utf8")}\nkey = "terraform.tfstate"\n`);
      folder.run(...init(), `-backend-config=${hcl}`);
      expect(folder.try("plan", "-no-color", "-detailed-exitcode", "-lock=false").exitCode).toBe(2);
    });

    test("PLAT-20 the lock file keeps a second run out", async () => {
      const folder = folderOf(environment, network.id);
      folder.run(...init());
      await emulator.s3(
        "PUT",
        `${state.bucket}/${state.key}.tflock`,
        JSON.stringify({ ID: "00000000-0000-0000-0000-000000000000", Who: "another" }),
      );
      const locked = folder.try("plan", "-no-color");
      expect(locked.exitCode).toBe(1);
      expect(locked.stderr).toContain("Error acquiring the state lock");
      await emulator.s3("DELETE", `${state.bucket}/${state.key}.tflock`);
      expect(folder.try("plan", "-no-color").exitCode).toBe(0);
    });

    test("PLAT-20 the lock table keeps a second run out", async () => {
      const folder = folderOf(environment, network.id);
      folder.run(...init());
      const key = { LockID: { S: `${state.bucket}/${state.key}` } };
      await emulator.call("DynamoDB_20120810.PutItem", state.region, {
        TableName: backend.dynamodb_table,
        Item: { ...key, Info: { S: JSON.stringify({ ID: "1", Who: "another" }) } },
      });
      const locked = folder.try("plan", "-no-color");
      expect(locked.exitCode).toBe(1);
      expect(locked.stderr).toContain("Error acquiring the state lock");
      await emulator.call("DynamoDB_20120810.DeleteItem", state.region, {
        TableName: backend.dynamodb_table,
        Key: key,
      });
      expect(folder.try("plan", "-no-color").exitCode).toBe(0);
    });

    test("PLAT-21 its outputs are one flat file, the same keys as in all environments", () => {
      const file = join(temporaryFolder(), "deep", "outputs.json");
      const options = emulatorBackend.flatMap((option) => ["--backend-config", option]);
      const result = tap(["outputs", "--env", environment, "--out", file, ...options], {
        variables: { ...terraformVariables(), ...emulator.variables },
      });
      expect(result.stderr).not.toContain("Error");
      expect(result.exitCode).toBe(0);
      const outputs = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
      const expected = stacks.flatMap(({ component, region, json }) => {
        const role = region === "us-west-2" ? "secondary" : "primary";
        const inEachRegion = components[component].scope === "region";
        return Object.keys(json.output ?? {}).map((key) =>
          inEachRegion ? `${component}_${role}_${key}` : `${component}_${key}`,
        );
      });
      expect(Object.keys(outputs)).toEqual(expected.sort());
      expect(outputs.network_primary_vpc_id).toMatch(/^vpc-/);
      expect(outputs.network_primary_subnet_ids?.split(",")).toHaveLength(3);
      expect(Object.values(outputs).every((value) => typeof value === "string")).toBe(true);
    });
  });

  test("PLAT-21 is red when a stack isn't deployed: refused, and nothing is written", () => {
    const file = join(temporaryFolder(), "outputs.json");
    const options = emulatorBackend.flatMap((option) => ["--backend-config", option]);
    const call = (...more: string[]) =>
      tap(["outputs", "--env", "pr13", "--out", file, ...options, ...more], {
        variables: { ...terraformVariables(), ...emulator.variables },
      });
    const refused = call();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("No outputs yet of tap-network-pr13-us-east-1, tap-network-pr13-us-west-2");
    expect(existsSync(file)).toBe(false);
    expect(call("--partial").exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("{}\n");
  });
});

describeWithEmulator("tap bootstrap", () => {
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
