import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Emulator, startEmulator } from "../../support/emulator";
import { tap, temporaryFolder } from "../../support/project";
import { createStateStorage, emulatorBackend } from "../../support/state-storage";
import { terraformVariables } from "../../support/terraform";
import { describeWithTerraformAndEmulator } from "../../support/terraform-and-emulator";

jest.setTimeout(300_000);

describeWithTerraformAndEmulator("tap outputs", () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
    await createStateStorage(emulator, "tap-state-111111111111-us-east-1", "us-east-1");
  });
  afterAll(() => emulator.stop());

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
