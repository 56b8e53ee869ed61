import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Component, componentNames } from "../../config/components";

/** Attributes of a resource, data source, provider or output, as Terraform's JSON has them. */
export type Attributes = Record<string, unknown>;
type Blocks = Record<string, Record<string, Attributes>>;

export interface TerraformJson {
  resource?: Blocks;
  data?: Blocks;
  output?: Record<string, Attributes>;
  variable?: Record<string, Attributes>;
  provider?: Record<string, Attributes[]>;
  terraform?: { backend?: Record<string, Attributes>; [key: string]: unknown };
}

/** A synthesized stack: its parts by name, and its JSON. */
export interface StackJson {
  readonly id: string;
  readonly component: Component;
  readonly environmentSuffix: string;
  readonly region: string;
  readonly json: TerraformJson;
}

export interface Resource {
  readonly stack: StackJson;
  readonly type: string;
  readonly name: string;
  /** `aws_vpc.Vpc`, as Terraform's messages have it. */
  readonly address: string;
  readonly attributes: Attributes;
}

const stackIdPattern = new RegExp(`^tap-(${componentNames.join("|")})-([a-z0-9]{1,12})-([a-z]{2}-[a-z]+-\\d)$`);

/** All stacks of a synthesized folder, as its manifest lists them. */
export function readStacks(outdir: string): StackJson[] {
  const manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
    stacks: Record<string, { synthesizedStackPath: string }>;
  };
  return Object.entries(manifest.stacks).map(([id, { synthesizedStackPath }]) => {
    const [, component, environmentSuffix, region] = stackIdPattern.exec(id) ?? [];
    if (!component || !environmentSuffix || !region) throw new Error(`${id} is not the id of a stack of this project`);
    const json = JSON.parse(readFileSync(join(outdir, synthesizedStackPath), "utf8")) as TerraformJson;
    return { id, component: component as Component, environmentSuffix, region, json };
  });
}

/** Resources of a stack, of one type or of all. */
export function resourcesOf(stack: StackJson, type?: string): Resource[] {
  return Object.entries(stack.json.resource ?? {})
    .filter(([name]) => type === undefined || name === type)
    .flatMap(([resourceType, instances]) =>
      Object.entries(instances).map(([name, attributes]) => ({
        stack,
        type: resourceType,
        name,
        address: `${resourceType}.${name}`,
        attributes,
      })),
    );
}

/** `${aws_vpc.Vpc.id}`: how one attribute refers to another. */
export function reference(expression: string): string {
  return `\${${expression}}`;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Record<string, Record<string, string | readonly string[]>>;
}

/** Statements of a policy attribute, lists where IAM also takes a single value; none where it is missing or no literal JSON. */
export function statementsOf(policy: unknown): PolicyStatement[] {
  try {
    const { Statement = [] } = JSON.parse(String(policy)) as { Statement?: PolicyStatement | PolicyStatement[] };
    return [Statement].flat().map((statement) => ({ ...statement, ...listsOf(statement) }));
  } catch {
    return [];
  }
}

function listsOf({ Action, Resource, NotResource }: PolicyStatement) {
  return {
    // A statement with NotAction has none; rules that don't look for it find no action to approve of.
    Action: [Action ?? []].flat(),
    ...(Resource === undefined ? {} : { Resource: [Resource].flat() }),
    ...(NotResource === undefined ? {} : { NotResource: [NotResource].flat() }),
  };
}
