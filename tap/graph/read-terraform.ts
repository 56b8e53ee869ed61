import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { readJson } from "./read-cdktf";
import { type Attributes, isObject, type TerraformJson } from "./terraform-json";

const isOverride = (file: string) => file === "override.tf.json" || file.endsWith("_override.tf.json");

/** Whether Terraform would find a configuration in JSON in a folder. */
export function isTerraformFolder(folder: string): boolean {
  return readdirSync(folder).some((file) => file.endsWith(".tf.json"));
}

/** The configuration in a folder's `*.tf.json`, merged as Terraform merges them: overrides last, by argument. */
export function readTerraformFolder(folder: string): TerraformJson {
  const files = readdirSync(folder).sort();
  const native = files.filter((file) => file.endsWith(".tf"));
  if (native.length > 0)
    throw new CommandError(
      `${folder} has ${native.join(", ")} in Terraform's own syntax, of which only the JSON form is read here. Run terraform plan -out=plan and terraform show -json plan > plan.json in it, and name that file.`,
    );
  const json = files.filter((file) => file.endsWith(".tf.json"));
  const merged: TerraformJson = {};
  for (const file of json.filter((name) => !isOverride(name))) add(merged, parse(folder, file), join(folder, file));
  for (const file of json.filter(isOverride)) override(merged, parse(folder, file), join(folder, file));
  return merged;
}

function parse(folder: string, file: string): TerraformJson {
  const path = join(folder, file);
  const raw = readJson(path);
  if (!isObject(raw)) throw new CommandError(`${path} is no configuration: it holds no object`);
  return {
    resource: labelled(raw.resource),
    data: labelled(raw.data),
    output: named(raw.output),
    variable: named(raw.variable),
    locals: objectOf(raw.locals),
    module: named(raw.module),
    provider: Object.fromEntries(
      Object.entries(objectOf(raw.provider)).map(([name, blocks]) => [name, [blocks].flat().filter(isObject)]),
    ),
    terraform: objectOf(raw.terraform),
  };
}

/** The JSON syntax takes one object or a list of them wherever it takes blocks; `//` is a remark. */
function objectOf(value: unknown): Attributes {
  const objects = [value ?? []].flat().filter(isObject);
  const { "//": _, ...merged } = Object.assign({}, ...objects) as Attributes;
  return merged;
}

function named(value: unknown): Record<string, Attributes> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, block]) => [name, objectOf(block)]));
}

/** Two blocks of a type may be in two objects of the list. */
function labelled(value: unknown): Record<string, Record<string, Attributes>> {
  const types: Record<string, Record<string, Attributes>> = {};
  for (const object of [value ?? []].flat().filter(isObject))
    for (const [type, blocks] of Object.entries(objectOf(object))) types[type] = { ...types[type], ...named(blocks) };
  return types;
}

function add(merged: TerraformJson, json: TerraformJson, path: string): void {
  for (const kind of ["resource", "data"] as const) {
    merged[kind] ??= {};
    for (const [type, blocks] of Object.entries(json[kind] ?? {}))
      merged[kind][type] = withoutRepetition(merged[kind][type], blocks, `${kind} ${type}`, path);
  }
  for (const kind of ["output", "variable", "module"] as const)
    merged[kind] = withoutRepetition(merged[kind], json[kind] ?? {}, kind, path);
  merged.locals = withoutRepetition(merged.locals, json.locals ?? {}, "local value", path);
  merged.terraform = { ...merged.terraform, ...json.terraform };
  merged.provider ??= {};
  for (const [name, blocks] of Object.entries(json.provider ?? {}))
    merged.provider[name] = [...(merged.provider[name] ?? []), ...blocks];
}

function withoutRepetition<T>(
  there: Record<string, T> = {},
  more: Record<string, T>,
  what: string,
  path: string,
): Record<string, T> {
  const twice = Object.keys(more).filter((name) => name in there);
  if (twice.length > 0)
    throw new CommandError(`${path} declares ${what} ${twice.join(", ")} again, which Terraform refuses too`);
  return { ...there, ...more };
}

function override(merged: TerraformJson, json: TerraformJson, path: string): void {
  for (const kind of ["resource", "data"] as const)
    for (const [type, blocks] of Object.entries(json[kind] ?? {}))
      overrideBlocks(merged[kind]?.[type] ?? {}, blocks, `${path} overrides ${kind} ${type}`);
  for (const kind of ["output", "variable", "module"] as const)
    overrideBlocks(merged[kind] ?? {}, json[kind] ?? {}, `${path} overrides ${kind}`);
  merged.locals = { ...merged.locals, ...json.locals };
  merged.terraform = { ...merged.terraform, ...json.terraform };
  for (const [name, blocks] of Object.entries(json.provider ?? {}))
    merged.provider = { ...merged.provider, [name]: overriddenProviders(merged.provider?.[name] ?? [], blocks) };
}

function overrideBlocks(there: Record<string, Attributes>, blocks: Record<string, Attributes>, what: string): void {
  for (const [name, attributes] of Object.entries(blocks)) {
    if (there[name] === undefined) throw new CommandError(`${what} ${name}, which is not there`);
    there[name] = { ...there[name], ...attributes };
  }
}

function overriddenProviders(there: readonly Attributes[], blocks: readonly Attributes[]): Attributes[] {
  const changed = there.map((base) => Object.assign({}, base, ...blocks.filter(({ alias }) => alias === base.alias)));
  return [...changed, ...blocks.filter(({ alias }) => !there.some((base) => base.alias === alias))];
}
