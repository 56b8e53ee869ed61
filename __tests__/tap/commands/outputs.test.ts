import { loadEnvironments } from "../../../config/load";
import { planStacks } from "../../../main";
import { flatten } from "../../../tap/commands/outputs";
import { tap, temporaryFolder } from "../../support/project";
import { environmentNames } from "../../support/synthesized";

/** What the stacks of an environment would put out, made up: `terraform output -json` of each. */
function outputsOf(environment: string): Record<string, string> {
  const stacks = planStacks(loadEnvironments({ environment }));
  return flatten(
    new Map(
      stacks.map((stack) => [
        stack,
        { id: { value: `${stack.component}-${stack.region}` }, list: { value: ["a", "b"] }, count: { value: 3 } },
      ]),
    ),
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
