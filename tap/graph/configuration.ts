import { planConfiguration } from "./plan";
import type { PlanJson } from "./plan-json";
import type { ReadModule } from "./read-modules";
import { type Attributes, isObject, type TerraformJson } from "./terraform-json";

/** A stack to put into a graph: a configuration in JSON, or a plan of one. A StackJson is one as it stands. */
export type StackSource = JsonSource | PlanSource;

interface SourceParts {
  readonly id: string;
  readonly component?: string;
  readonly environmentSuffix?: string;
  /** Where the provider names none. */
  readonly region?: string;
  /** The file that it was read from, relative to the folder that was named, with `/`. */
  readonly file?: string;
}

export interface JsonSource extends SourceParts {
  readonly json: TerraformJson;
  /** Local modules that it calls, as parts of it. @default none */
  readonly modules?: readonly ReadModule[];
  /** Modules that it calls and that couldn't be read. @default none */
  readonly unread?: readonly string[];
}

export interface PlanSource extends SourceParts {
  readonly plan: PlanJson;
}

/** A resource or a data source as a configuration or a plan has it. */
export interface Block {
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly address: string;
  /** The address without the instance's key, by which expressions of the configuration find it. */
  readonly configured: string;
  readonly attributes: Attributes;
  /** `aws`, or `aws.west` for an aliased one. */
  readonly provider: string;
  /** Its ARN, where a plan tells it. In a configuration an `arn` is an argument, and means another thing. */
  readonly arn?: string;
  /** What its expressions refer to, where that can't be read from its attributes. */
  readonly expressions?: readonly KnownExpression[];
}

/** A reference that a plan tells of. */
export interface KnownExpression {
  readonly path: string;
  readonly text: string;
  /** From the root module. */
  readonly address: string;
}

/** What the graph needs of a stack, whichever way it was read. */
export interface Configuration extends SourceParts {
  readonly blocks: readonly Block[];
  /** Settings of each provider, by the name that blocks have for it. */
  readonly providers: ReadonlyMap<string, Attributes>;
  /** Values of variables, as far as they are known without asking anyone. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly locals: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly declared?: Pick<TerraformJson, "terraform" | "variable">;
}

export function configurationOf(source: StackSource): Configuration {
  return "plan" in source ? planConfiguration(source) : jsonConfiguration(source);
}

function jsonConfiguration({ json, modules = [], unread: _, ...source }: JsonSource): Configuration {
  return {
    ...source,
    blocks: [{ prefix: "", json }, ...modules].flatMap((module) => [
      ...blocksIn("managed", module.json.resource, module.prefix),
      ...blocksIn("data", module.json.data, module.prefix),
    ]),
    providers: providersOf(json),
    variables: Object.fromEntries(
      Object.entries(json.variable ?? {}).map(([name, { default: value }]) => [name, value]),
    ),
    locals: json.locals ?? {},
    outputs: Object.fromEntries(Object.entries(json.output ?? {}).map(([name, { value }]) => [name, value])),
    ...declaredIn(json),
  };
}

function declaredIn({ terraform, variable }: TerraformJson): Pick<Configuration, "declared"> {
  if (terraform === undefined && variable === undefined) return {};
  return { declared: { ...(terraform && { terraform }), ...(variable && { variable }) } };
}

function blocksIn(mode: Block["mode"], types: TerraformJson["resource"] = {}, prefix = ""): Block[] {
  return Object.entries(types).flatMap(([type, instances]) =>
    Object.entries(instances).map(([name, attributes]) => {
      const address = `${prefix}${mode === "data" ? "data." : ""}${type}.${name}`;
      return {
        mode,
        type,
        name,
        address,
        configured: address,
        attributes,
        provider: providerName(attributes.provider, type),
      };
    }),
  );
}

/** `aws.west`, which some write as an expression; without any, the default provider of the type. */
function providerName(given: unknown, type: string): string {
  if (typeof given === "string") return given.replace(/^\$\{(.*)\}$/, "$1");
  return type.split("_")[0] ?? type;
}

function providersOf(json: TerraformJson): Map<string, Attributes> {
  return new Map(
    Object.entries(json.provider ?? {}).flatMap(([name, blocks]) =>
      [blocks]
        .flat()
        .filter(isObject)
        .map((block) => [typeof block.alias === "string" ? `${name}.${block.alias}` : name, block] as const),
    ),
  );
}
