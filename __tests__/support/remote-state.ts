import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { components } from "../../config/components";
import type { TerraformJson } from "../../tap/graph/terraform-json";
import { type Emulator, startEmulator } from "./emulator";
import { projectRoot, tap, temporaryFolder } from "./project";
import { isRecording, recordedOutputs, recordOutputs, withoutIds } from "./recorded-outputs";
import { createStateStorage, emulatorBackend } from "./state-storage";
import { backend, type environmentNames, subjectOf } from "./synthesized";
import { terraformFolder, terraformVariables } from "./terraform";
import { describeWithTerraformAndEmulator } from "./terraform-and-emulator";

/*
 * Real Terraform, with its S3 backend and both locks, against an AWS emulator; the stand-in provider creates
 * nothing, so that the bucket, the table and what they lock are made by the tests.
 */

jest.setTimeout(300_000);

interface State {
  bucket: string;
  key: string;
  region: string;
}

const stateOf = (json: object) => (json as { terraform: { backend: { s3: State } } }).terraform.backend.s3;

/** State, locks and outputs of all stacks of an environment; a file of tests for each, because each takes a minute. */
export function proveRemoteState(environment: (typeof environmentNames)[number]): void {
  describeWithTerraformAndEmulator(`remote state of ${environment}`, () => {
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

    test("PLAT-21, STR-10 its outputs are one flat file, the same keys as in all environments, and as they were recorded", () => {
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
      if (isRecording) recordOutputs(environment, outputs);
      // STR-10: what was recorded is what is deployed; else: npm run record:outputs.
      expect(withoutIds(outputs)).toEqual(withoutIds(recordedOutputs(environment).outputs));
    });
  });
}
