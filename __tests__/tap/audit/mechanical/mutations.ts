import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Attributes, isObject, pathOf } from "../../../../tap/graph/terraform-json";

/*
 * Changes of synthesized JSON that are found by looking at the JSON alone, and not at any rule: whatever stands there can
 * be left out, turned round, lowered, raised, pointed elsewhere or widened.
 */

/** A change of one resource. */
export interface MechanicalMutation {
  readonly stack: string;
  readonly address: string;
  /** Where in the attributes; empty: the whole resource. */
  readonly path: string;
  readonly kind: "dropped" | "flipped" | "halved" | "doubled" | "renamed" | "swapped" | "widened" | "removed";
  /** What it is changed to, in a few words. */
  readonly to: string;
  /** Changes the stack in place. */
  apply(stack: StackJson): void;
}

/** What cdktf and Terraform read, and no service. */
const notMutated = new Set(["//", "provider"]);

/** All changes of a stack's resources. */
export function mutationsOf(stack: StackJson): MechanicalMutation[] {
  return Object.entries(stack.json.resource ?? {}).flatMap(([type, instances]) =>
    Object.entries(instances).flatMap(([name, attributes]) => ofResource(stack, type, name, attributes)),
  );
}

function ofResource(stack: StackJson, type: string, name: string, attributes: Attributes): MechanicalMutation[] {
  const address = `${type}.${name}`;
  const at = { stack: stack.id, address };
  const removed: MechanicalMutation = {
    ...at,
    path: "",
    kind: "removed",
    to: "nothing",
    apply: ({ json }) => {
      delete json.resource?.[type]?.[name];
    },
  };
  const changes = Object.keys(attributes)
    .filter((key) => !notMutated.has(key))
    .flatMap((key) => changesOf(attributes[key], [key], othersOf(stack, type, name)));
  return [
    removed,
    ...changes.map(({ way, kind, to, value }) => ({
      ...at,
      path: way.reduce<string>((path, step) => pathOf(path, step), ""),
      kind,
      to,
      apply: ({ json }: StackJson) => change(json.resource?.[type]?.[name] as Attributes, way, value),
    })),
  ];
}

type Step = string | number;

interface Change {
  readonly way: readonly Step[];
  readonly kind: MechanicalMutation["kind"];
  readonly to: string;
  /** Undefined: it is left out. */
  readonly value: unknown;
}

/** Changes of a value and of all that is in it, also of JSON in a text. */
function changesOf(value: unknown, way: readonly Step[], others: Others): Change[] {
  const dropped: Change = { way, kind: "dropped", to: "nothing", value: undefined };
  const set = (kind: Change["kind"], to: unknown): Change => ({ way, kind, to: JSON.stringify(to), value: to });
  if (typeof value === "boolean") return [dropped, set("flipped", !value)];
  if (typeof value === "number") return [dropped, set("halved", Math.floor(value / 2)), set("doubled", value * 2 + 1)];
  if (typeof value === "string") {
    const document = documentOf(value);
    if (document !== undefined) return [dropped, ...inDocument(document, way, others)];
    return [dropped, ...textChanges(value, others).map(([kind, to]) => set(kind, to))];
  }
  if (Array.isArray(value))
    return [dropped, ...value.flatMap((item, index) => changesOf(item, [...way, index], others))];
  if (!isObject(value)) return [];
  return [dropped, ...Object.keys(value).flatMap((key) => changesOf(value[key], [...way, key], others))];
}

/** The JSON that a text holds: a policy, a dashboard, a pattern of events. */
function documentOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function inDocument(document: object, way: readonly Step[], others: Others): Change[] {
  const inner = changesOf(document, [], others).filter((each) => each.way.length > 0);
  const asText = (value: object) => JSON.stringify(value);
  const changed = inner.map((each) => {
    const copy = structuredClone(document) as Attributes;
    change(copy, each.way, each.value);
    return { way, kind: each.kind, to: `${each.way.join(".")} ${each.to}`, value: asText(copy) };
  });
  return [...changed, ...widened(document, way)];
}

/** Statements of a policy that let more through. */
function widened(document: object, way: readonly Step[]): Change[] {
  const { Statement } = document as { Statement?: unknown };
  if (!Array.isArray(Statement)) return [];
  return Statement.flatMap((statement: unknown, index) =>
    (isObject(statement) ? widerThan(statement) : []).map(([to, changed]) => ({
      way,
      kind: "widened" as const,
      to: `statement ${index}: ${to}`,
      value: JSON.stringify({ ...document, Statement: Statement.with(index, changed) }),
    })),
  );
}

function widerThan(statement: Attributes): [string, Attributes][] {
  if (statement.Effect !== "Allow") return [["allows what it denied", { ...statement, Effect: "Allow" }]];
  const service = String([statement.Action].flat()[0]).split(":")[0];
  const wider: [string, string, unknown][] = [
    ["Action", "any action", ["*"]],
    ["Action", `any of ${service}`, [`${service}:*`]],
    ["Resource", "any resource", ["*"]],
    ["Principal", "anybody", { AWS: "*" }],
  ];
  return wider
    .filter(([member]) => member in statement)
    .map(([member, to, value]) => [to, { ...statement, [member]: value }]);
}

/** Attributes of other resources of a type in the stack, by the type. */
type Others = (type: string, name: string) => string | undefined;

function othersOf(stack: StackJson, ownType: string, ownName: string): Others {
  return (type, name) =>
    Object.keys(stack.json.resource?.[type] ?? {}).find(
      (other) => other !== name && !(type === ownType && other === ownName),
    );
}

/** A reference leads to another resource of its type, or nowhere; a name becomes another one. */
function textChanges(text: string, others: Others): [Change["kind"], string][] {
  const reference = /\$\{([a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z0-9_]+)\}/.exec(text);
  if (reference !== null) {
    const [whole, type = "", name = "", attribute = ""] = reference;
    const other = others(type, name);
    return other === undefined ? [] : [["swapped", text.replace(whole, `\${${type}.${other}.${attribute}}`)]];
  }
  return text === "" || text.includes("${") ? [] : [["renamed", `${text}-x`]];
}

/** Sets or leaves out what lies at the end of a way. */
function change(within: Attributes, way: readonly Step[], value: unknown): void {
  const last = way.at(-1) as Step;
  const holder = way.slice(0, -1).reduce<unknown>((inner, step) => (inner as Attributes)[step as string], within);
  if (Array.isArray(holder)) {
    if (value === undefined) holder.splice(Number(last), 1);
    else holder[Number(last)] = value;
  } else if (value === undefined) delete (holder as Attributes)[last];
  else (holder as Attributes)[last] = value;
}
