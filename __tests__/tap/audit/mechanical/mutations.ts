import type { StackJson } from "../../../../tap/audit/stack-json";
import type { DirectReference, Graph } from "../../../../tap/graph/model";
import { type Attributes, isObject, pathOf } from "../../../../tap/graph/terraform-json";
import { switchesOf } from "./schema";

/*
 * Changes of synthesized JSON that are found by looking at the JSON, the graph and the provider's schema, and not at any
 * rule: whatever stands there can be left out, turned round, lowered, raised, pointed elsewhere, called otherwise or widened.
 */

export type Kind =
  | "dropped"
  | "flipped"
  | "halved"
  | "doubled"
  | "renamed"
  | "swapped"
  | "widened"
  | "removed"
  | "readdressed";

/** A change of one resource. */
export interface MechanicalMutation {
  readonly stack: string;
  readonly type: string;
  readonly address: string;
  /** `policy.Statement[0].Action[1]`: as references of the graph have it; empty: the whole resource. */
  readonly path: string;
  readonly kind: Kind;
  /** What it is changed to, in a few words; the same in every environment and region. */
  readonly what: string;
  /** Whether anything of its stack refers to the resource by its address. */
  readonly isReferredTo: boolean;
  /** The value that is changed, as it was. */
  readonly before: unknown;
  /** What it becomes; undefined: nothing. */
  after(): unknown;
  /** The stack with the change; what it doesn't touch is the same objects. */
  applied(stack: StackJson): StackJson;
}

/** What cdktf and Terraform read, and no service. */
const notMutated = new Set(["//", "provider"]);

/** All changes of a stack's resources. */
export function mutationsOf(stack: StackJson, graph: Graph): MechanicalMutation[] {
  return Object.entries(stack.json.resource ?? {}).flatMap(([type, instances]) =>
    Object.keys(instances).flatMap((name) => mutationsOfResource(stack, graph, type, name)),
  );
}

/** Changes of one resource; none where the stack doesn't have it. */
export function mutationsOfResource(stack: StackJson, graph: Graph, type: string, name: string): MechanicalMutation[] {
  const attributes = stack.json.resource?.[type]?.[name];
  if (attributes === undefined) return [];
  const node = graph.node(`${stack.id}/${type}.${name}`);
  const isReferredTo =
    node !== undefined && graph.referencesTo(node).some(({ kind }) => kind === "expression" || kind === "depends_on");
  const at = { stack: stack.id, type, address: `${type}.${name}`, isReferredTo };
  const inside = changesIn(attributes, "", surroundingsOf(stack, graph, type, name));
  return [
    whole(at, "removed", "nothing", attributes, (json) => withInstances(json, type, without(json, type, name))),
    // Terraform's name of it; whatever refers to it keeps the old one.
    whole(at, "readdressed", `${name}_x`, attributes, (json) =>
      withInstances(json, type, { ...without(json, type, name), [`${name}_x`]: attributes }),
    ),
    ...[...inside, ...switchedOn(type, attributes)].map(
      ({ path, kind, what, before, after, value }): MechanicalMutation => ({
        ...at,
        path,
        kind,
        what,
        before,
        after,
        applied: (given) =>
          withJson(given, (json) =>
            withInstances(json, type, { ...json.resource?.[type], [name]: value() as Attributes }),
          ),
      }),
    ),
  ];
}

function whole(
  at: Pick<MechanicalMutation, "stack" | "type" | "address" | "isReferredTo">,
  kind: Kind,
  what: string,
  before: Attributes,
  change: (json: StackJson["json"]) => StackJson["json"],
): MechanicalMutation {
  return { ...at, path: "", kind, what, before, after: () => undefined, applied: (given) => withJson(given, change) };
}

function withJson({ json, ...rest }: StackJson, change: (json: StackJson["json"]) => StackJson["json"]): StackJson {
  return { ...rest, json: change(json) };
}

function withInstances(json: StackJson["json"], type: string, instances: Record<string, Attributes>) {
  return { ...json, resource: { ...json.resource, [type]: instances } };
}

function without(json: StackJson["json"], type: string, name: string): Record<string, Attributes> {
  const { [name]: _, ...others } = json.resource?.[type] ?? {};
  return others;
}

interface Change {
  readonly path: string;
  readonly kind: Kind;
  readonly what: string;
  readonly before: unknown;
  readonly after: () => unknown;
  /** The value that it is a change in, changed; undefined: it is left out. */
  readonly value: () => unknown;
}

/** Changes of what is in an object. */
function changesIn(object: Attributes, path: string, around: Surroundings): Change[] {
  return Object.keys(object)
    .filter((key) => path !== "" || !notMutated.has(key))
    .flatMap((key) =>
      changesOf(object[key], pathOf(path, key), around).map((change) => ({
        ...change,
        value: () => withKey(object, key, change.value()),
      })),
    );
}

function withKey(object: Attributes, key: string, value: unknown): Attributes {
  if (value !== undefined) return { ...object, [key]: value };
  const { [key]: _, ...others } = object;
  return others;
}

/** Changes of a value and of all that is in it, also of JSON in a text. */
function changesOf(value: unknown, path: string, around: Surroundings): Change[] {
  const set = (kind: Kind, after: unknown, what = JSON.stringify(after)): Change => {
    const give = () => after;
    return { path, kind, what, before: value, after: give, value: give };
  };
  const dropped = set("dropped", undefined, "nothing");
  if (typeof value === "boolean") return [dropped, set("flipped", !value)];
  if (typeof value === "number")
    return [dropped, ...(value === 0 ? [] : [set("halved", Math.floor(value / 2))]), set("doubled", value * 2 + 1)];
  if (typeof value === "string") {
    const document = documentOf(value);
    if (document === undefined)
      return [dropped, ...textChanges(value, path, around).map(([kind, after, what]) => set(kind, after, what))];
    return [
      dropped,
      ...[...(Array.isArray(document) ? inList(document, path, around) : changesIn(document, path, around))],
      ...widened(document, path),
    ].map((change) => (change === dropped ? dropped : { ...change, value: () => JSON.stringify(change.value()) }));
  }
  if (Array.isArray(value)) return [dropped, ...inList(value, path, around)];
  return isObject(value) ? [dropped, ...changesIn(value, path, around)] : [];
}

function inList(list: readonly unknown[], path: string, around: Surroundings): Change[] {
  return list.flatMap((item, index) =>
    changesOf(item, pathOf(path, index), around).map((change) => ({
      ...change,
      value: () => {
        const changed = change.value();
        return changed === undefined ? list.toSpliced(index, 1) : list.with(index, changed);
      },
    })),
  );
}

/** The JSON that a text holds: a policy, a dashboard, a pattern of events. */
function documentOf(text: string): Attributes | unknown[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Attributes;
  } catch {
    return undefined;
  }
}

/** Statements of a policy that let more through. */
function widened(document: Attributes | unknown[], path: string): Change[] {
  const { Statement } = document as Attributes;
  if (!Array.isArray(Statement)) return [];
  return Statement.flatMap((statement: unknown, index) =>
    (isObject(statement) ? widerThan(statement) : []).map(([what, changed]): Change => {
      const at = pathOf(pathOf(path, "Statement"), index);
      const value = () => ({ ...document, Statement: Statement.with(index, changed) });
      return { path: at, kind: "widened", what, before: statement, after: () => changed, value };
    }),
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
    .filter(
      ([member, , value]) =>
        member in statement && JSON.stringify([statement[member]].flat()) !== JSON.stringify([value].flat()),
    )
    .map(([member, what, value]) => [what, { ...statement, [member]: value }]);
}

/** What else there is that a resource could be pointed at. */
interface Surroundings {
  /** Another resource of a type in the stack. */
  other(type: string, name: string): string | undefined;
  /** What a text tells of another resource of the stack's kind, said of yet another one: an ARN, a name. */
  elsewhere(path: string): readonly [from: string, to: string, who: string][];
}

function surroundingsOf(stack: StackJson, graph: Graph, ownType: string, ownName: string): Surroundings {
  const other = (type: string, name: string) =>
    Object.keys(stack.json.resource?.[type] ?? {}).find(
      (each) => each !== name && !(type === ownType && each === ownName),
    );
  const node = graph.node(`${stack.id}/${ownType}.${ownName}`);
  const byPath = new Map<string, DirectReference[]>();
  for (const reference of node === undefined ? [] : graph.referencesFrom(node))
    if (reference.kind === "arn" || reference.kind === "name")
      byPath.set(reference.path, [...(byPath.get(reference.path) ?? []), reference]);
  return {
    other,
    elsewhere: (path) =>
      (byPath.get(path) ?? []).flatMap(({ to, kind }) => {
        const name = to.stack.id === stack.id ? other(to.type, to.name) : undefined;
        const found = name === undefined ? undefined : graph.node(`${stack.id}/${to.type}.${name}`);
        const [from, instead] = kind === "arn" ? [to.arn, found?.arn] : [to.physicalName, found?.physicalName];
        return from === undefined || instead === undefined || from === instead
          ? []
          : [[from, instead, `${to.type}.${name}`] as [string, string, string]];
      }),
  };
}

/** A reference leads to another resource of its type, or nowhere; a name becomes another one; a range, all there is. */
function textChanges(text: string, path: string, around: Surroundings): [Kind, string, string][] {
  const references = [...text.matchAll(/\$\{([a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z0-9_]+)\}/g)];
  const swapped = references.flatMap(([whole, type = "", name = "", attribute = ""]): [Kind, string, string][] => {
    const other = around.other(type, name);
    if (other === undefined) return [];
    return [["swapped", text.replace(whole, `\${${type}.${other}.${attribute}}`), `${type}.${other}`]];
  });
  const elsewhere = around
    .elsewhere(path)
    .filter(([from]) => text.includes(from))
    .map(([from, to, who]): [Kind, string, string] => ["swapped", text.replace(from, to), who]);
  const isReferenceAlone = references.length === 1 && references[0]?.[0] === text;
  const renamed: [Kind, string, string][] = text === "" || isReferenceAlone ? [] : [["renamed", `${text}-x`, "-x"]];
  return [...swapped, ...elsewhere, ...renamed, ...wider(text)];
}

function wider(text: string): [Kind, string, string][] {
  if (/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(text) && text !== "0.0.0.0/0") return [["widened", "0.0.0.0/0", "any address"]];
  const [whole, head] = /^(arn:.*[:/])[^:/*]+$/.exec(text) ?? [];
  return whole === undefined ? [] : [["widened", `${head}*`, "any of its name"]];
}

/** Switches that aren't set, set to what isn't their default. */
function switchedOn(type: string, attributes: Attributes): Change[] {
  return Object.entries(switchesOf(type))
    .filter(([name]) => attributes[name] === undefined)
    .map(([name, byDefault]): Change => {
      const value = byDefault !== true;
      const what = `${value}, where it wasn't set`;
      const after = () => value;
      return {
        path: name,
        kind: "flipped",
        what,
        before: undefined,
        after,
        value: () => ({ ...attributes, [name]: value }),
      };
    });
}
