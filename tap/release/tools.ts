import { CommandError } from "../context";
import { isObject, type TerraformJson } from "../graph/terraform-json";
import type { ManifestContent } from "./manifest";

/** What all stacks ask for; they must agree. */
export function toolsOf(stacks: readonly TerraformJson[], node: string): ManifestContent["tools"] {
  const wanted = new Map<string, Set<string>>();
  const add = (name: string, version: unknown) =>
    wanted.set(name, (wanted.get(name) ?? new Set()).add(typeof version === "string" ? version : "any"));
  for (const json of stacks) {
    add("cdktf", metadataOf(json).version);
    add("terraform", settingsOf(json).required_version);
    for (const [source, version] of providersOf(json)) add(source, version);
  }
  const several = [...wanted].filter(([, versions]) => versions.size > 1);
  if (several.length > 0)
    throw new CommandError(
      several
        .map(([name, versions]) => `Stacks ask for several versions of ${name}: ${[...versions].join(", ")}`)
        .join("\n"),
    );
  const versionOf = (name: string) => [...(wanted.get(name) ?? [])][0] ?? "any";
  const sources = [...wanted.keys()].filter((name) => name.includes("/")).sort();
  return {
    node,
    terraform: versionOf("terraform"),
    cdktf: versionOf("cdktf"),
    providers: Object.fromEntries(sources.map((source) => [source, versionOf(source)])),
  };
}

/** Full source addresses of a stack's providers, with the versions that it asks for. */
export function providersOf(json: TerraformJson): [string, string][] {
  const { required_providers: providers } = settingsOf(json);
  return Object.entries(isObject(providers) ? providers : {}).map(([name, provider]) => {
    const { source = name, version = "any" } = (isObject(provider) ? provider : {}) as Record<string, unknown>;
    return [fullSource(String(source)), String(version)];
  });
}

/** `aws` and `hashicorp/aws` are `registry.terraform.io/hashicorp/aws`. */
function fullSource(source: string): string {
  const parts = source.split("/");
  return ["registry.terraform.io", "hashicorp"]
    .slice(0, 3 - parts.length)
    .concat(parts)
    .join("/");
}

function settingsOf(json: TerraformJson): Record<string, unknown> {
  const { terraform } = json as { terraform?: unknown };
  return (isObject(terraform) ? terraform : {}) as Record<string, unknown>;
}

function metadataOf(json: TerraformJson): Record<string, unknown> {
  const comment = (json as Record<string, unknown>)["//"];
  const metadata = isObject(comment) ? comment.metadata : undefined;
  return (isObject(metadata) ? metadata : {}) as Record<string, unknown>;
}
