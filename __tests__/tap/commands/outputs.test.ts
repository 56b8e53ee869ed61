import { loadEnvironments } from "../../../config/load";
import { planStacks } from "../../../main";
import { flatten } from "../../../tap/commands/outputs";
import { readOutputs } from "../../../tap/remote-state";
import { fakeTerraform } from "../../support/fake-terraform";
import { tap, temporaryFolder } from "../../support/project";
import { environmentNames } from "../../support/synthesized";
import { testContext } from "../../support/three-stacks";

/** What the stacks of an environment would put out, made up. */
function outputsOf(environment: string): Record<string, string> {
  const stacks = planStacks(loadEnvironments({ environment }));
  return flatten(
    new Map(stacks.map((stack) => [stack, { id: `${stack.component}-${stack.region}`, list: ["a", "b"], count: 3 }])),
  );
}

test.each(environmentNames)(
  "PLAT-21 outputs of %s are one flat object of strings, its keys in order and without the region's name",
  (environment) => {
    const outputs = outputsOf(environment);
    expect(outputs).toMatchObject({
      network_primary_list: "a,b",
      network_primary_count: "3",
      network_secondary_id: "network-us-west-2",
    });
    expect(Object.keys(outputs)).toEqual([...Object.keys(outputs)].sort());
    expect(Object.keys(outputs).filter((key) => /us-|us_/.test(key))).toEqual([]);
  },
);

test("PLAT-21 keys are equal in all environments", () => {
  expect(Object.keys(outputsOf("staging"))).toEqual(Object.keys(outputsOf("dev")));
  expect(Object.keys(outputsOf("prod"))).toEqual(Object.keys(outputsOf("dev")));
});

test("of what Terraform says of an output, its value alone is read", async () => {
  const said = {
    list: { sensitive: false, type: ["list", "string"], value: ["a", "b"] },
    count: { sensitive: true, type: "number", value: 3 },
  };
  const context = testContext(fakeTerraform(`echo '${JSON.stringify(said)}'`));
  expect(await readOutputs(context, temporaryFolder())).toEqual({ list: ["a", "b"], count: 3 });
});

test("one environment has to be named", () => {
  const { exitCode, stderr } = tap(["outputs"]);
  expect(stderr).toContain("--env: must name one environment");
  expect(exitCode).toBe(1);
});

test("without Terraform, it is said what to do", () => {
  const { exitCode, stderr } = tap(["outputs", "--env", "dev"], {
    cwd: temporaryFolder(),
    variables: { TERRAFORM_BINARY_NAME: "no-such-terraform" },
  });
  expect(stderr).toContain('"no-such-terraform" is not on PATH');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(exitCode).toBe(1);
});
