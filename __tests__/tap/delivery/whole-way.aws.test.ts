import { killAndGoOn, killPoints } from "../../support/promotion/kills";
import { type Scenario, scenarios } from "../../support/promotion/scenarios";
import { PromotionWorld } from "../../support/promotion/world";
import { describeWithTerraformAndEmulator } from "../../support/terraform-and-emulator";

/*
 * The whole way on real Terraform with its S3 backend and both locks. `npm run prove:promotion` goes through
 * all that can go wrong; here is what must never break unseen.
 */

jest.setTimeout(600_000);

const scenario = (name: string) => scenarios.find((each) => each.name === name) as Scenario;
const killed = (name: string) => killPoints.find((each) => each.name === name) as (typeof killPoints)[number];

describeWithTerraformAndEmulator("promotion on real Terraform", () => {
  let world: PromotionWorld;
  beforeAll(async () => {
    world = await PromotionWorld.start();
  });
  afterEach(() => world.reset());
  afterAll(() => world.stop());

  test.each([
    "the whole way: dev, staging, prod",
    "a release that isn't good in the environment before",
    "the lease ends before Terraform starts: SIGSTOP, takeover, SIGCONT",
    "a lock that stays in one of its two places",
  ])("PLAT-08 %s", async (name) => {
    await expect(scenario(name).run(world)).resolves.toEqual(expect.any(String));
  });

  test("PLAT-08 kill -9 in the middle of an apply: the next command completes it", async () => {
    await expect(killAndGoOn(world, killed("in the middle of apply 2"), false)).resolves.toBe("good");
  });

  test.each([
    "and back: prod to its release before",
    "smoke tests that fail",
    "an alarm that comes on in the window",
    "a rollback that would delete a table",
  ])("PLAT-10 %s", async (name) => {
    await expect(scenario(name).run(world)).resolves.toEqual(expect.any(String));
  });
});
