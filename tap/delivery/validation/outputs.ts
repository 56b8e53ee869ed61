import type { TerraformJson } from "../../graph/terraform-json";
import type { Outputs } from "./smoke";

/** Outputs that were synthesized, and that a state lacks. */
export function outputProblems(stacks: ReadonlyMap<string, TerraformJson>, outputs: Outputs): string[] {
  return [...stacks].flatMap(([id, json]) => {
    const values = outputs.get(id) ?? {};
    const missing = Object.keys(json.output ?? {}).filter(
      (name) => values[name] === undefined || values[name] === null,
    );
    return missing.length === 0 ? [] : [`outputs: ${id} lacks ${missing.join(", ")}`];
  });
}
