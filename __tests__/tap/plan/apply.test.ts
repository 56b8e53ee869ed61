import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyPlan } from "../../../tap/plan";
import { errorLine, fakeTerraform } from "../../support/fake-terraform";
import { temporaryFolder } from "../../support/project";
import { jobsId, testContext } from "../../support/three-stacks";

const event = (type: string, action: string, text = "") =>
  JSON.stringify({ "@message": text, type, hook: { resource: { addr: "aws_sqs_queue.Queue" }, action } });

function planned() {
  const folder = temporaryFolder();
  const planFile = join(folder, "plan.tfplan");
  writeFileSync(planFile, "");
  return { stackId: jobsId, folder, status: "changes" as const, planFile, log: join(folder, "plan.log") };
}

const applyWith = (lines: string[], exitCode: number, signal?: AbortSignal) => {
  const script = [...lines.map((line) => `echo '${line}'`), `exit ${exitCode}`].join("\n");
  return applyPlan(testContext(fakeTerraform(script)), planned(), { signal });
};

describe("applyPlan", () => {
  test("PLAT-10 a lock that another run holds: nothing was begun, and what to do", async () => {
    const result = await applyWith([errorLine("Error acquiring the state lock", "Who: another")], 1);
    expect(result).toMatchObject({ applied: false, partly: false });
    expect(result).toMatchObject({ error: expect.stringContaining("wait until it has ended") });
  });

  test("PLAT-10 reading a data source begins nothing", async () => {
    const lines = [event("apply_start", "read"), event("planned_change", "create"), errorLine("no credentials")];
    expect(await applyWith(lines, 1)).toMatchObject({ applied: false, partly: false });
  });

  test("PLAT-10 what has begun to change something is half done, whatever is said of it then", async () => {
    const lines = [event("apply_start", "create", "aws_sqs_queue.Queue: Creating...")];
    expect(await applyWith(lines, 1)).toMatchObject({ applied: false, partly: true });
    expect(await applyWith([...lines, "Killed"], 137)).toMatchObject({ applied: false, partly: true });
  });

  test("done is what Terraform says is done", async () => {
    expect(await applyWith([event("apply_start", "create"), event("apply_complete", "create")], 0)).toEqual({
      applied: true,
    });
  });

  test("without a plan there is nothing to apply", async () => {
    const { planFile: _, ...waiting } = { ...planned(), status: "waiting" as const };
    const result = await applyPlan(testContext(fakeTerraform("exit 0")), waiting);
    expect(result).toMatchObject({ applied: false, partly: false, error: expect.stringContaining('it is "waiting"') });
  });
});
