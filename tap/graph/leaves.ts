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
  readonly before?: string;
  /** What the object around it calls its region: a dashboard's widget may show another one's metrics. */
  readonly region?: string;
}

/** What is no value of the resource: cdktf's remarks, and Terraform's own arguments. */
const notWalked = new Set(["//", "depends_on", "lifecycle", "provider"]);

/** All texts in a resource's attributes, also within texts that hold JSON. */
export const leavesOf = rememberingObjects((attributes: Attributes): readonly Leaf[] => {
  const leaves: Leaf[] = [];
  for (const [key, value] of Object.entries(attributes))
    if (!notWalked.has(key)) walk(value, { path: key, way: key }, leaves);
  return leaves;
});

type Position = Omit<Leaf, "text">;

function walk(value: unknown, at: Position, leaves: Leaf[]): void {
  if (typeof value === "string") walkText(value, at, leaves);
  else if (Array.isArray(value)) walkList(value, at, leaves);
  else if (isObject(value)) walkObject(value, at, leaves);
}

function walkText(text: string, at: Position, leaves: Leaf[]): void {
  const json = parseJsonText(text);
  if (json === undefined) leaves.push({ ...at, text });
  else walk(json, at, leaves);
}

function walkList(list: readonly unknown[], at: Position, leaves: Leaf[]): void {
  list.forEach((item, index) => {
    const before = list[index - 1];
    const { before: _, ...around } = at;
    const position = { ...around, path: pathOf(at.path, index) };
    walk(item, typeof before === "string" ? { ...position, before } : position, leaves);
  });
}

function walkObject(object: Attributes, at: Position, leaves: Leaf[]): void {
  const { before: _, ...outer } = at;
  const around = typeof object.region === "string" ? { ...outer, region: object.region } : outer;
  for (const [key, item] of Object.entries(object)) {
    const position = { ...around, path: pathOf(at.path, key), way: pathOf(at.way, key) };
    // Keys have expressions too: the condition keys of a trust policy begin with the identity provider's name.
    if (key.includes("${")) leaves.push({ ...position, text: key });
    walk(item, position, leaves);
  }
}
