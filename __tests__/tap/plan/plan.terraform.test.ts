import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { applyPlan, planFolders, type StackPlan, workingCopies } from "../../../tap/plan";
import { temporaryFolder } from "../../support/project";
import { describeWithTerraform, terraformVariables } from "../../support/terraform";
import {
  filesId,
  jobsId,
  jsonFile,
  networkId,
  type ThreeStacks,
  testContext,
  threeStacks,
  vpcParameter,
} from "../../support/three-stacks";

const vpc = { [vpcParameter]: "vpc-1" };

describeWithTerraform("planFolders and applyPlan, on real Terraform", () => {
  const work = temporaryFolder();
  let app: ThreeStacks;
  const root = temporaryFolder();
  const contextWith = (variables: Record<string, string> = {}) =>
    testContext({ ...terraformVariables(), ...variables }, root);
  const plan = async (variables: Record<string, string>, options: Parameters<typeof planFolders>[2] = {}) => {
    const plans = await planFolders(contextWith(variables), workingCopies(app.folders, work), options);
    return Object.fromEntries(plans.map((each) => [each.stackId, each])) as Record<string, StackPlan>;
  };
  const noParameters = { TF_STANDIN_SSM: jsonFile({}) };
  const parameters = { TF_STANDIN_SSM: jsonFile(vpc) };
  const own = (plans: Record<string, StackPlan>, id: string) => plans[id] as StackPlan;

  beforeAll(() => {
    app = threeStacks();
  });

  test("a first deployment: what reads what isn't written yet waits for its writer, told by the writer's plan", async () => {
    const states: string[] = [];
    const plans = await plan(noParameters, { onProgress: (id, state) => states.push(`${id} ${state}`) });
    expect(own(plans, networkId)).toMatchObject({ status: "changes", counts: { add: 2, change: 0, destroy: 0 } });
    expect(own(plans, jobsId)).toMatchObject({ status: "waiting", waitingFor: [networkId] });
    expect(own(plans, jobsId).planFile).toBeUndefined();
    expect(own(plans, filesId).status).toBe("changes");
    // Terraform isn't asked for what is known already.
    expect(states).not.toContain(`${jobsId} planning`);
    const json = JSON.parse(readFileSync(own(plans, networkId).planJsonFile as string, "utf8"));
    expect(json.resource_changes).toHaveLength(2);
  });

  test("planned alone, it waits all the same, told by Terraform's own error", async () => {
    const [jobs] = app.folders.filter(({ stackId }) => stackId === jobsId);
    const [planned] = await planFolders(
      contextWith(noParameters),
      workingCopies([jobs as (typeof app.folders)[0]], work),
      {
        known: app.folders,
      },
    );
    expect(planned).toMatchObject({ status: "waiting", waitingFor: [networkId] });
  });

  test("a parameter that no stack writes is an error, with stack, address and log", async () => {
    const strangers = threeStacks();
    strangers.change(jobsId, (json) => {
      json.data.aws_ssm_parameter.network_vpc_id.name = "/tap/dev/network/vpc_idd";
    });
    const [planned] = await planFolders(
      contextWith(noParameters),
      workingCopies(strangers.folders, temporaryFolder()).filter(({ stackId }) => stackId === jobsId),
      { known: strangers.folders },
    );
    expect(planned?.status).toBe("failed");
    expect(planned?.error).toContain("data.aws_ssm_parameter.network_vpc_id");
    expect(planned?.error).toContain("/tap/dev/network/vpc_idd");
    expect(readFileSync(planned?.log as string, "utf8")).toContain("couldn't find resource");
  });

  test("applied in their order everything is there; a second plan changes nothing, and needs no init", async () => {
    const first = await plan(noParameters);
    const lines: string[] = [];
    expect(await applyPlan(contextWith(), own(first, networkId), { onResource: (line) => lines.push(line) })).toEqual({
      applied: true,
    });
    expect(lines.some((line) => line.startsWith("aws_vpc.Vpc: Creation complete"))).toBe(true);
    expect(await applyPlan(contextWith(), own(first, filesId))).toEqual({ applied: true });
    const second = await plan(parameters);
    expect(own(second, jobsId)).toMatchObject({ status: "changes", counts: { add: 2, change: 0, destroy: 0 } });
    expect(await applyPlan(contextWith(parameters), own(second, jobsId))).toEqual({ applied: true });
    const third = await plan(parameters);
    expect(Object.values(third).map(({ status }) => status)).toEqual(["no changes", "no changes", "no changes"]);
    // What init says stands in the log of a folder's first run alone.
    expect(readFileSync(own(third, jobsId).log as string, "utf8")).not.toContain("Initializing");
  });

  test("where the providers of a folder are gone, init runs again by itself", async () => {
    rmSync(join(work, filesId, ".terraform", "providers"), { recursive: true });
    const plans = await plan(parameters);
    expect(own(plans, filesId).status).toBe("no changes");
    expect(existsSync(join(work, filesId, ".terraform", "providers"))).toBe(true);
  });

  test("a plan says which other plan changes what it has read", async () => {
    app.change(networkId, (json) => {
      json.resource.aws_ssm_parameter.output_vpc_id.insecure_value = "another";
    });
    const plans = await plan(parameters);
    expect(own(plans, networkId).counts).toEqual({ add: 0, change: 1, destroy: 0 });
    expect(own(plans, jobsId)).toMatchObject({ status: "no changes", outdatedBy: [networkId] });
    expect(own(plans, filesId).outdatedBy).toBeUndefined();
  });

  test("PLAT-10 an apply says whether anything was begun: with one that breaks midway, not with a stale plan", async () => {
    app.change(jobsId, (json) => {
      json.resource.aws_sqs_queue.Queue.visibility_timeout_seconds = 90;
    });
    const plans = await plan(parameters);
    const failing = contextWith({
      TF_STANDIN_FAIL: jsonFile([{ match: `aws_sqs_queue:${jobsId}`, message: "no more" }]),
    });
    const broken = await applyPlan(failing, own(plans, jobsId));
    expect(broken).toMatchObject({ applied: false, partly: true, error: expect.stringContaining("no more") });

    const stale = await plan(parameters);
    expect(await applyPlan(contextWith(parameters), own(stale, jobsId))).toEqual({ applied: true });
    expect(await applyPlan(contextWith(parameters), own(stale, jobsId))).toMatchObject({
      applied: false,
      partly: false,
      error: expect.stringContaining("Saved plan is stale"),
    });
    expect(await applyPlan(contextWith(), { ...own(stale, jobsId), planFile: "/nowhere/plan.tfplan" })).toMatchObject({
      applied: false,
      partly: false,
    });
  });

  test("PLAT-13 under the plan role no lock is taken, and the provider works under it", async () => {
    const role = "arn:aws:iam::222222222222:role/tap-bootstrap-plan-dev-us-east-1";
    const plans = await plan(parameters, { roleArn: role, lock: false });
    const { variables } = JSON.parse(readFileSync(own(plans, jobsId).planJsonFile as string, "utf8"));
    expect(variables.provider_role_arn.value).toBe(role);
  });

  test("a clean-up plan destroys what is there", async () => {
    const plans = await plan(parameters, { destroy: true });
    expect(own(plans, jobsId).counts).toEqual({ add: 0, change: 0, destroy: 2 });
  });
});
