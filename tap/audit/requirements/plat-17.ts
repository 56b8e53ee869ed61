import { keyIdOutputs } from "../one-key";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject } from "../requirement";
import { resourcesOf, type StackJson } from "../stack-json";

export const plat17: Requirement = {
  id: "PLAT-17",
  checks:
    "Every output is also an SSM parameter of the same value under /tap/{environment}/{component}/{key}, and there is no other; the stacks of a component put out the same keys in all environments, but for the ids of API keys, which an API with a domain puts out beside them.",
  why: "Other stacks and tools find what AWS alone knows in one place, whatever environment they are in.",
  judge: (subject) => [...judgeEach(subject, "all", (stack) => outputsAndParameters(stack)), ...sameKeys(subject)],
};

function outputsAndParameters(stack: StackJson): Finding[] {
  const path = (key: string) => `/tap/${stack.environmentSuffix}/${stack.component}/${key}`;
  const outputs = Object.entries(stack.json.output ?? {});
  const parameters = resourcesOf(stack, "aws_ssm_parameter").filter(({ name }) => name.startsWith("output_"));
  return [
    ...outputs.flatMap(([key, { value }]) => {
      const parameter = parameters.find(({ attributes }) => attributes.name === path(key));
      const expected = Array.isArray(value)
        ? `\${join(",", [${value.map((item) => String(item).replace(/^\$\{(.*)\}$/, "$1")).join(", ")}])}`
        : value;
      return expectThat(
        parameter?.attributes.insecure_value === expected,
        stack,
        `must have the output ${key} as the parameter ${path(key)}`,
        parameter?.address,
      );
    }),
    ...parameters
      .filter(({ attributes }) => !outputs.some(([key]) => attributes.name === path(key)))
      .map(({ address }) => ({ stack: stack.id, address, message: "is the parameter of no output" })),
  ];
}

function sameKeys({ stacks, environments }: Subject): Finding[] {
  const keysOf = ({ json, component, environmentSuffix }: StackJson) => {
    const environment = environments.find((each) => each.environmentSuffix === environmentSuffix);
    // That they are there is PLAT-14's.
    const withDomain = component === "api" && environment !== undefined ? keyIdOutputs(environment) : [];
    return Object.keys(json.output ?? {})
      .filter((key) => !withDomain.includes(key))
      .sort()
      .join(", ");
  };
  return stacks.flatMap((stack) => {
    const first = stacks.find(({ component }) => component === stack.component) as StackJson;
    return expectThat(keysOf(stack) === keysOf(first), stack, `puts out other keys than ${first.id}: ${keysOf(stack)}`);
  });
}
