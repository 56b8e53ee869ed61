import { parseJsonText } from "../graph/json-text";
import { type Attributes, isObject, pathOf, type TerraformJson } from "../graph/terraform-json";

/** A stack of a folder that was synthesized. */
export interface FolderStack {
  readonly id: string;
  readonly json: TerraformJson;
}

/** A resource, data source, output, provider, … as its attributes, each by its path and as JSON. */
export interface FlatResource {
  /** `aws_sqs_queue.Queue_1A2B3C4D`, `data.aws_region.current`, `output.queue_arn`, `provider.aws[0]`, `terraform`. */
  readonly address: string;
  /** `policy.Statement["UseKey"].Action` → `["kms:Decrypt"]`; a list of texts or numbers is one value. */
  readonly leaves: ReadonlyMap<string, string>;
}

/** A stack, its resources by what they are called in every environment. */
export type FlatStack = ReadonlyMap<string, FlatResource>;

/** Keys by which items of a list are told apart, where each has one of its own: an inserted item then moves no other. */
const nameKeys = ["Sid", "sid", "id", "rule_id", "name", "Name", "key"];

/**
 * Everything of a stack that Terraform reads, also within JSON in texts; cdktf's remarks are left out.
 * @param rename how texts of the stack's environment are in the one that it is compared with
 */
export function flattenStack(given: TerraformJson, rename: (text: string) => string = (text) => text): FlatStack {
  // A file may hold any JSON.
  const json: TerraformJson = isObject(given) ? given : {};
  const flat = new Map<string, FlatResource>();
  const add = (kind: string, address: string, attributes: unknown) => {
    const leaves = new Map<string, string>();
    walk(attributes, "", rename, leaves);
    flat.set(rename(`${kind} ${nameOf(attributes) ?? address}`), { address, leaves });
  };
  for (const [mode, types] of [
    ["", json.resource],
    ["data.", json.data],
  ] as const)
    for (const [type, instances] of entriesOf(types))
      for (const [name, attributes] of entriesOf(instances))
        add(`${mode}${type}`, `${mode}${type}.${name}`, attributes);
  for (const [kind, entries] of [
    ["output", json.output],
    ["variable", json.variable],
    ["locals", json.locals],
    ["module", (json as Attributes).module],
  ] as const)
    for (const [name, attributes] of entriesOf(entries)) add(kind, `${kind}.${name}`, attributes);
  for (const [name, blocks] of entriesOf(json.provider))
    [blocks].flat().forEach((block, index) => {
      add("provider", `provider.${name}[${index}]`, block);
    });
  if (json.terraform !== undefined) add("terraform", "terraform", json.terraform);
  return flat;
}

/** The construct's path below its stack, where cdktf noted it: it has no digest of the names on the way in it. */
function nameOf(attributes: unknown): string | undefined {
  const note = isObject(attributes) ? attributes["//"] : undefined;
  const metadata = isObject(note) ? note.metadata : undefined;
  const path = isObject(metadata) ? metadata.path : undefined;
  return typeof path === "string" && path.includes("/") ? path.slice(path.indexOf("/") + 1) : undefined;
}

function walk(value: unknown, path: string, rename: (text: string) => string, leaves: Map<string, string>): void {
  const json = typeof value === "string" ? parseJsonText(value) : undefined;
  if (json !== undefined) walk(json, path, rename, leaves);
  else if (Array.isArray(value) && value.some((item) => typeof item === "object" && item !== null))
    walkList(value, path, rename, leaves);
  else if (isObject(value) && Object.keys(value).some((key) => key !== "//")) {
    for (const [key, item] of Object.entries(value))
      if (key !== "//") walk(item, pathOf(path, rename(key)), rename, leaves);
  } else leaves.set(path, isObject(value) ? "{}" : JSON.stringify(value ?? null));
}

function walkList(
  list: readonly unknown[],
  path: string,
  rename: (text: string) => string,
  leaves: Map<string, string>,
): void {
  const names = namesOf(list);
  list.forEach((item, index) => {
    const name = names?.[index];
    walk(item, name === undefined ? pathOf(path, index) : `${path}[${JSON.stringify(rename(name))}]`, rename, leaves);
  });
}

/** A name for each item; undefined where they have none, or two have the same. */
function namesOf(list: readonly unknown[]): string[] | undefined {
  for (const key of nameKeys) {
    const names = list.map((item) => (isObject(item) ? item[key] : undefined));
    if (names.every((name) => typeof name === "string") && new Set(names).size === names.length)
      return names as string[];
  }
  return undefined;
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value).filter(([key]) => key !== "//") : [];
}
