import type { Component } from "../../config/components";
import { readCdktfFolder } from "../graph/read-cdktf";
import { parseStackId } from "../graph/stack-id";
import type { Attributes, TerraformJson } from "../graph/terraform-json";

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

/** All stacks of a synthesized folder, as its manifest lists them. */
export function readStacks(outdir: string): StackJson[] {
  return readCdktfFolder(outdir).map(({ id, json }) => {
    const parts = parseStackId(id);
    if (parts === undefined) throw new Error(`${id} is not the id of a stack of this project`);
    return { id, json, ...parts };
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
