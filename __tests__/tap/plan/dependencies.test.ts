import { join } from "node:path";
import { loadEnvironments } from "../../../config/load";
import { accountNames } from "../../../constructs/names";
import { dependenciesOf, graphOf, parametersRead, sizeOf } from "../../../tap/plan/dependencies";
import { pickStacks, stackFolders } from "../../../tap/plan/folders";
import { planRoleOf } from "../../../tap/plan/role";
import { shardOf } from "../../../tap/plan/shards";
import { projectRoot } from "../../support/project";
import { jobsId, networkId, threeStacks } from "../../support/three-stacks";

const declared = stackFolders(join(projectRoot, ".cache", "test-synth", "declared"));
const prod = declared.filter(({ stackId }) => stackId.includes("-prod-"));

describe("dependencies of stacks", () => {
  const dependencies = dependenciesOf(prod);

  test("systems come after their region's network, by the parameters that they read", () => {
    for (const component of ["api", "jobs", "stream", "files"])
      expect(dependencies.get(`tap-${component}-prod-us-east-1`)).toContain("tap-network-prod-us-east-1");
    expect(dependencies.get("tap-api-prod-us-west-2")).toContain("tap-network-prod-us-west-2");
    expect(dependencies.get("tap-api-prod-us-west-2")).not.toContain("tap-network-prod-us-east-1");
  });

  test("and after what they only name: the alarm topic, the boundary of their roles", () => {
    expect(dependencies.get("tap-records-prod-us-east-1")).toEqual([
      "tap-bootstrap-prod-us-east-1",
      "tap-security-prod-us-east-1",
    ]);
  });

  test("what two stacks name of each other orders neither: there is no ring", () => {
    expect(dependencies.get("tap-api-prod-us-east-1")).not.toContain("tap-api-prod-us-west-2");
    expect(dependencies.get("tap-api-prod-us-west-2")).not.toContain("tap-api-prod-us-east-1");
    const placed = new Set<string>();
    for (let round = 0; round < dependencies.size; round += 1)
      for (const [id, others] of dependencies) if (others.every((other) => placed.has(other))) placed.add(id);
    expect(placed.size).toBe(prod.length);
  });

  test("a read names data source, parameter and writer", () => {
    const { folders } = threeStacks();
    expect(parametersRead(graphOf(folders)).get(jobsId)).toEqual([
      {
        address: "data.aws_ssm_parameter.network_vpc_id",
        name: "/tap/dev/network/vpc_id",
        writer: { stackId: networkId, address: "aws_ssm_parameter.output_vpc_id" },
      },
    ]);
  });

  test("all declared stacks over five machines: none has twice what another has", () => {
    const reads = parametersRead(graphOf(declared));
    const after = new Map([...reads].map(([id, all]) => [id, all.map(({ writer }) => writer.stackId)]));
    const weighed = declared.map((stack) => ({ stackId: stack.stackId, size: sizeOf(stack) }));
    const size = new Map(weighed.map((stack) => [stack.stackId, stack.size]));
    const loads = [1, 2, 3, 4, 5].map((index) =>
      shardOf(weighed, after, { index, count: 5 }).reduce((sum, id) => sum + (size.get(id) ?? 0), 0),
    );
    expect(Math.max(...loads)).toBeLessThan(2 * Math.min(...loads));
  });

  test("PLAT-13 the plan role is the one that bootstrap makes in the stack's account", () => {
    for (const environment of loadEnvironments({})) {
      const own = declared.filter(({ stackId }) => stackId.includes(`-${environment.environmentSuffix}-`));
      const roles = own.map(planRoleOf);
      expect(new Set(roles)).toEqual(new Set([undefined, accountNames(environment).planRoleArn]));
      expect(roles.filter((role) => role === undefined)).toHaveLength(1);
    }
  });

  test("a stack that isn't there is named, with what is meant", () => {
    expect(() => pickStacks(prod, ["tap-network-prod-us-east-2"], "the release")).toThrow("tap-network-prod-us-east-1");
  });
});
