import { components } from "../config/components";
import { regionRole } from "../config/environment";
import { resourcesOf, type StackJson } from "../tap/audit/stack-json";
import { recordedOutputs } from "./support/recorded-outputs";
import { environmentNames, resource, stackOf, subjectOf } from "./support/synthesized";

/*
 * What tools and tests get from a deployed environment, as it was recorded, against what is synthesized now
 * (scripts/record-outputs.mjs).
 */

/** Outputs of the synthesized JSON, by their keys in the flat file. */
function synthesizedOutputs(environment: string): Map<string, unknown> {
  const { stacks, environments } = subjectOf(environment, { alone: true });
  const prefixOf = ({ component, region, environmentSuffix }: StackJson) => {
    const own = environments.find((each) => each.environmentSuffix === environmentSuffix);
    return own && components[component].scope === "region" ? `${component}_${regionRole(own, region)}` : component;
  };
  return new Map(
    stacks.flatMap((stack) =>
      Object.entries(stack.json.output ?? {}).map(
        ([key, { value }]) => [`${prefixOf(stack)}_${key}`, value] as [string, unknown],
      ),
    ),
  );
}

describe.each(environmentNames)("recorded outputs of %s", (environment) => {
  const { outputs, recordedFrom } = recordedOutputs(environment);

  test("STR-10 are those that are synthesized, and what the configuration determines is the same", () => {
    const synthesized = synthesizedOutputs(environment);
    expect(Object.keys(outputs)).toEqual([...synthesized.keys()].sort());
    const literal = [...synthesized].filter(([, value]) => typeof value === "string" && !value.includes("${"));
    expect(literal.length).toBeGreaterThan(50);
    expect(Object.fromEntries(literal)).toEqual(Object.fromEntries(literal.map(([key]) => [key, outputs[key]])));
  });

  test("STR-10 say what they were recorded from, and are whole: no reference is left, none is empty", () => {
    expect(recordedFrom).toContain("nothing of it was ever in AWS");
    expect(Object.entries(outputs).filter(([, value]) => value === "" || value.includes("${"))).toEqual([]);
  });

  test("STR-10 have with each name of a system's things the ARN that ends with it", () => {
    const names = Object.keys(outputs).filter((key) =>
      /^(api|files|jobs|records|stream)_.*(stream|table|queue|bucket|function)_name$/.test(key),
    );
    expect(names.length).toBeGreaterThan(30);
    for (const key of names) {
      const arn = outputs[key.replace(/_name$/, "_arn")];
      expect([key, arn?.split(/[:/]/).at(-1)]).toEqual([key, outputs[key]]);
    }
  });

  test.each(["stream", "files", "jobs"] as const)(
    "STR-10 are what the functions of the system %s are told",
    (component) => {
      const stack = stackOf(subjectOf(environment, { alone: true }), environment, component);
      const told = resourcesOf(stack, "aws_lambda_function").map(({ attributes }) => {
        const [{ variables }] = [attributes.environment].flat() as [{ variables: Record<string, string> }];
        return variables;
      });
      const named = { TABLE_NAME: "table_name", STREAM_NAME: "stream_name", SECRET_NAME: "secret_name" };
      for (const [variable, key] of Object.entries(named))
        for (const variables of told.filter((each) => variable in each))
          expect(variables[variable]).toBe(outputs[`${component}_${key}`]);
      expect(told.some(({ TABLE_NAME }) => TABLE_NAME === outputs[`${component}_table_name`])).toBe(true);
    },
  );

  test("STR-10 lead to the API: its stage is the one that is deployed", () => {
    for (const component of ["stream", "files", "jobs"] as const) {
      const { stage_name } = resource(
        stackOf(subjectOf(environment, { alone: true }), environment, component),
        "aws_api_gateway_stage",
      );
      const { host, pathname, protocol } = new URL(String(outputs[`${component}_invoke_url`]));
      expect([protocol, pathname]).toEqual(["https:", `/${stage_name}`]);
      expect(host.split(".")[0]).toBe(outputs[`${component}_rest_api_id`]);
    }
  });
});
