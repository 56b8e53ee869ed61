import { detectDrift } from "../../../tap/drift";
import { applyPlan, planFolders, type StackPlan, workingCopies } from "../../../tap/plan";
import { type Emulator, startEmulator } from "../../support/emulator";
import { temporaryFolder } from "../../support/project";
import { createStateStorage, emulatorBackend } from "../../support/state-storage";
import { backend } from "../../support/synthesized";
import { terraformVariables } from "../../support/terraform";
import { describeWithTerraformAndEmulator } from "../../support/terraform-and-emulator";
import { filesId, type TestContext, testContext, threeStacks } from "../../support/three-stacks";

const bucket = "tap-state-111111111111-us-east-1";
const region = "us-east-1";

describeWithTerraformAndEmulator("plans on a state in S3 that another run has locked", () => {
  let emulator: Emulator;
  let context: TestContext;
  const app = threeStacks();
  const work = temporaryFolder();
  const lock = `${bucket}/${filesId}.tflock`;
  const plan = async (options: Parameters<typeof planFolders>[2] = {}) => {
    const files = app.folders.filter(({ stackId }) => stackId === filesId);
    const [planned] = await planFolders(context, workingCopies(files, work), {
      backendConfig: emulatorBackend,
      ...options,
    });
    return planned as StackPlan;
  };

  beforeAll(async () => {
    emulator = await startEmulator();
    context = testContext({ ...terraformVariables(), ...emulator.variables });
    await createStateStorage(emulator, bucket, region);
    app.change(filesId, (json) => {
      const { dynamodb_table, use_lockfile, encrypt } = backend;
      json.terraform.backend = { s3: { bucket, region, key: filesId, dynamodb_table, use_lockfile, encrypt } };
    });
  });
  afterAll(() => emulator.stop());
  const held = () =>
    emulator.s3("PUT", lock, JSON.stringify({ ID: "00000000-0000-0000-0000-000000000000", Who: "another" }));

  test("PLAT-10 an apply begins nothing, and can be made when the lock is free", async () => {
    const planned = await plan();
    await held();
    const refused = await applyPlan(context, planned);
    expect(refused).toMatchObject({ applied: false, partly: false });
    expect(refused).toMatchObject({ error: expect.stringContaining("Another run holds the state's lock") });
    await emulator.s3("DELETE", lock);
    expect(await applyPlan(context, planned)).toEqual({ applied: true });
  });

  test("PLAT-13, PLAT-09 a plan says who holds it; without a lock plans and drift are made all the same", async () => {
    await held();
    const refused = await plan();
    expect(refused.status).toBe("failed");
    expect(refused.error).toContain("another");
    expect((await plan({ lock: false })).status).toBe("no changes");
    const stacks = workingCopies(
      app.folders.filter(({ stackId }) => stackId === filesId),
      work,
    );
    const report = await detectDrift(context, stacks, { environment: "dev", backendConfig: emulatorBackend });
    expect(report).toMatchObject({ drifted: [], incomplete: [], compared: [filesId] });
    await emulator.s3("DELETE", lock);
  });

  test("an account without a bucket for states: what to do", async () => {
    app.change(filesId, (json) => {
      json.terraform.backend.s3.bucket = "tap-state-999999999999-us-east-1";
    });
    const planned = await plan();
    expect(planned.status).toBe("failed");
    expect(planned.error).toContain("tap bootstrap apply --env dev");
  });
});
