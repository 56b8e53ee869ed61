import { parseJsonText } from "./json-text";
import { rememberingObjects } from "./remembering";
import { type Attributes, isObject, pathOf } from "./terraform-json";

/** A text somewhere in the attributes of a resource. */
export interface Leaf {
  readonly text: string;
  /** `policy.Statement[0].Resource[1]` */
  readonly path: string;
  /** The path without indices, by which tables know it. */
  readonly way: string;
  /** The text before it in the same list. */
  readonly before: string | undefined;
  /** What the object around it calls its region: a dashboard's widget may show another one's metrics. */
  readonly region: string | undefined;
}

/** What is no value of the resource: cdktf's remarks, and Terraform's own arguments. */
const notWalked = new Set(["//", "depends_on", "lifecycle", "provider"]);

/** All texts in a resource's attributes, also within texts that hold JSON. */
export const leavesOf = rememberingObjects((attributes: Attributes): readonly Leaf[] => {
  const leaves: Leaf[] = [];
  for (const [key, value] of Object.entries(attributes))
    if (!notWalked.has(key)) walk(leaves, value, key, key, undefined, undefined);
  return leaves;
});

/* Arguments one by one, and no object for them: there are as many as there are texts. */

function walk(
  leaves: Leaf[],
  value: unknown,
  path: string,
  way: string,
  region: string | undefined,
  before: string | undefined,
): void {
  if (typeof value === "string") walkText(leaves, value, path, way, region, before);
  else if (Array.isArray(value)) walkList(leaves, value, path, way, region);
  else if (isObject(value)) walkObject(leaves, value, path, way, region);
}

function walkText(
  leaves: Leaf[],
  text: string,
  path: string,
  way: string,
  region: string | undefined,
  before: string | undefined,
): void {
  const json = parseJsonText(text);
  if (json === undefined) leaves.push({ text, path, way, before, region });
  else walk(leaves, json, path, way, region, before);
}

function walkList(
  leaves: Leaf[],
  list: readonly unknown[],
  path: string,
  way: string,
  region: string | undefined,
): void {
  list.forEach((item, index) => {
    const before = list[index - 1];
    walk(leaves, item, pathOf(path, index), way, region, typeof before === "string" ? before : undefined);
  });
}

function walkObject(leaves: Leaf[], object: Attributes, path: string, way: string, outer: string | undefined): void {
  const region = typeof object.region === "string" ? object.region : outer;
  for (const [key, item] of Object.entries(object)) {
    const [innerPath, innerWay] = [pathOf(path, key), pathOf(way, key)];
    // Keys have expressions too: the condition keys of a trust policy begin with the identity provider's name.
    if (key.includes("${")) leaves.push({ text: key, path: innerPath, way: innerWay, before: undefined, region });
    walk(leaves, item, innerPath, innerWay, region, undefined);
  }
}
