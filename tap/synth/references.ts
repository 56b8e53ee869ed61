import { CommandError } from "../context";
import type { TerraformJson } from "../graph/terraform-json";

const interpolation = /\$\{[^}]*\}/g;
/** `aws_vpc.Vpc` or `data.aws_ssm_parameter.x` within an expression. */
const address = /(?<![\w.])(data\.)?([a-z]+_[a-z0-9_]+)\.([A-Za-z_][\w-]*)/g;

/**
 * A stack refers to its own resources alone. One of another stack, or one that is gone, would be found by
 * `terraform validate`; here it is found before anything is written.
 */
export function refuseDanglingReferences(stackId: string, json: TerraformJson): void {
  const dangling = [...new Set(referencesOf(json))].filter((reference) => !isIn(json, reference));
  if (dangling.length === 0) return;
  throw new CommandError(
    `${stackId} refers to ${dangling.join(", ")}, which is not in it; nothing was written.\nStacks don't refer to each other: put the value out there with addOutputs(), read it here with outputOf(), or compute it from its name.`,
  );
}

function referencesOf(json: TerraformJson): string[] {
  const { terraform: _, "//": __, ...rest } = json as TerraformJson & { "//"?: unknown };
  return (JSON.stringify(rest).match(interpolation) ?? []).flatMap((expression) =>
    [...expression.matchAll(address)].map(([whole]) => whole),
  );
}

function isIn(json: TerraformJson, reference: string): boolean {
  const isData = reference.startsWith("data.");
  const [type = "", name = ""] = (isData ? reference.slice("data.".length) : reference).split(".");
  return (isData ? json.data : json.resource)?.[type]?.[name] !== undefined;
}
