import { App } from "cdktf";
import { loadEnvironments } from "../../config/load";
import type { FunctionBundles } from "../../constructs/function-bundle";
import { TapStack } from "../../constructs/tap-stack";
import { type PolicyStatement, statementsOf } from "../../tap/audit/stack-json";
import { temporaryFolder } from "./project";
import { backend } from "./synthesized";

/** Bundles without code of functions: only where they are matters. */
function bundlesOf(entries: readonly string[]): FunctionBundles {
  return Object.fromEntries(entries.map((entry) => [entry, { folder: __dirname, hash: "0123456789abcdef0123" }]));
}

/** An empty stack to build constructs in: `records` of an environment, unless said otherwise. */
export class EmptyStack extends TapStack {
  constructor(
    environmentSuffix = "dev",
    region?: string,
    entries: readonly string[] = ["records/write", "records/read"],
  ) {
    const [environment] = loadEnvironments({ environmentSuffix });
    if (environment === undefined) throw new Error(`There is no ${environmentSuffix}`);
    const functionBundles = bundlesOf(entries);
    const props = { environment, region: region ?? environment.region, backend, functionBundles };
    super(new App({ outdir: temporaryFolder() }), props, { component: "records" });
  }
}

type Attributes = Record<string, unknown>;

/** Attributes of exactly one resource that a stack has, by type and, where there are several, a part of its name. */
export function built(stack: TapStack, type: string, name = ""): Attributes {
  const found = Object.entries((stack.toTerraform().resource[type] ?? {}) as Record<string, Attributes>).filter(
    ([candidate]) => candidate.includes(name),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} ${type} with "${name}" in their names`);
  return only[1];
}

/** Statements of a policy of exactly one resource, by their ids. */
export function statements(
  stack: TapStack,
  type: string,
  name = "",
  attribute = "policy",
): Record<string, PolicyStatement> {
  return Object.fromEntries(statementsOf(built(stack, type, name)[attribute]).map((each) => [each.Sid, each]));
}
