import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { CommandError } from "../context";
import { interpolationsOf, type Subject, subjectOf } from "./expression";
import { type Attributes, isObject, type TerraformJson } from "./terraform-json";

/*
 * Local modules, as parts of the stack that calls them: their resources under the addresses that Terraform has for
 * them, their variables, local values and outputs as local values of the stack. So expressions lead through them as
 * through any others.
 */

/** A module's blocks, as they are in the stack. */
export interface ReadModule {
  /** `module.m.`, with all modules around it. */
  readonly prefix: string;
  readonly json: Pick<TerraformJson, "resource" | "data">;
}

/** A configuration with the local modules that it calls. */
export interface WithModules {
  readonly json: TerraformJson;
  readonly modules: readonly ReadModule[];
  /** Calls of what isn't there, with the source: `network (terraform-aws-modules/vpc/aws)`. */
  readonly unread: readonly string[];
}

/** Where an expression stands. */
interface Scope {
  /** `module.m.`; nothing in the root module. */
  readonly prefix: string;
  /** Beginning of the local values that stand for the module's: `module-m-`. */
  readonly names: string;
  /** Modules that are called here and were read; of one with several instances, no output is of one of them. */
  readonly outputs: ReadonlySet<string>;
}

type ReadFolder = (folder: string) => TerraformJson;

/** @param read reads a folder as Terraform does; throws CommandError where it can't */
export function withModules(folder: string, json: TerraformJson, read: ReadFolder): WithModules {
  if (json.module === undefined || Object.keys(json.module).length === 0) return { json, modules: [], unread: [] };
  const reader = new ModuleReader(read);
  const scope = reader.calls(folder, json, { prefix: "", names: "" }, [resolve(folder)]);
  const rewritten = rewrittenBlocks(json, scope);
  const { output, locals } = json;
  return {
    json: {
      ...json,
      ...rewritten,
      ...(output === undefined ? {} : { output: inScope(output, scope) as Record<string, Attributes> }),
      locals: { ...(inScope(locals ?? {}, scope) as Attributes), ...reader.locals },
    },
    modules: reader.modules,
    unread: reader.unread,
  };
}

class ModuleReader {
  readonly modules: ReadModule[] = [];
  readonly unread: string[] = [];
  readonly locals: Attributes = {};

  constructor(private readonly read: ReadFolder) {}

  /** Reads what a module calls, and returns its scope. */
  calls(
    folder: string,
    { module: calls = {} }: TerraformJson,
    { prefix, names }: Pick<Scope, "prefix" | "names">,
    around: readonly string[],
  ): Scope {
    const found = Object.entries(calls).map(([name, call]) => ({ name, call, ...this.folderOf(folder, call, around) }));
    const single = found.filter(({ json, call }) => json !== undefined && !("count" in call || "for_each" in call));
    const scope: Scope = { prefix, names, outputs: new Set(single.map(({ name }) => name)) };
    for (const { name, call, json, path } of found)
      if (json === undefined || path === undefined) this.unread.push(`${prefix}${name} (${String(call.source)})`);
      else this.module(name, call, json, scope, path, around);
    return scope;
  }

  private folderOf(
    folder: string,
    { source }: Attributes,
    around: readonly string[],
  ): { path?: string; json?: TerraformJson } {
    if (typeof source !== "string" || !/^\.{1,2}\//.test(source)) return {};
    const path = join(folder, source);
    // One that calls itself Terraform refuses.
    if (!existsSync(path) || !statSync(path).isDirectory() || around.includes(resolve(path))) return {};
    try {
      return { path, json: this.read(path) };
    } catch (error) {
      if (error instanceof CommandError) return {};
      throw error;
    }
  }

  private module(
    name: string,
    call: Attributes,
    json: TerraformJson,
    caller: Scope,
    path: string,
    around: readonly string[],
  ): void {
    const own = { prefix: `${caller.prefix}module.${name}.`, names: `${caller.names}module-${name}-` };
    const scope = this.calls(path, json, own, [...around, resolve(path)]);
    for (const [variable, { default: otherwise }] of Object.entries(json.variable ?? {})) {
      const value = variable in call ? inScope(call[variable], caller) : otherwise;
      if (value !== undefined) this.locals[`${own.names}var-${variable}`] = value;
    }
    for (const [local, value] of Object.entries(json.locals ?? {}))
      this.locals[`${own.names}local-${local}`] = inScope(value, scope);
    for (const [output, { value }] of Object.entries(json.output ?? {}))
      this.locals[`${own.names}output-${output}`] = inScope(value, scope);
    const providers = isObject(call.providers) ? call.providers : {};
    this.modules.push({ prefix: own.prefix, json: rewrittenBlocks(json, scope, providers) });
  }
}

function rewrittenBlocks(
  { resource, data }: TerraformJson,
  scope: Scope,
  providers: Attributes = {},
): Pick<TerraformJson, "resource" | "data"> {
  const all = (types: NonNullable<TerraformJson["resource"]>) =>
    Object.fromEntries(
      Object.entries(types).map(([type, blocks]) => [
        type,
        Object.fromEntries(
          Object.entries(blocks).map(([name, block]) => [name, rewrittenBlock(type, block, scope, providers)]),
        ),
      ]),
    );
  return {
    ...(resource === undefined ? {} : { resource: all(resource) }),
    ...(data === undefined ? {} : { data: all(data) }),
  };
}

/** `depends_on` has bare addresses; providers are the caller's, by the names that it hands them on under. */
function rewrittenBlock(type: string, block: Attributes, scope: Scope, providers: Attributes): Attributes {
  const { depends_on, provider, ...rest } = block;
  const named = typeof provider === "string" ? provider.replace(/^\$\{(.*)\}$/, "$1") : (type.split("_")[0] ?? type);
  const handed = providers[named] ?? provider;
  return {
    ...(inScope(rest, scope) as Attributes),
    ...(depends_on === undefined
      ? {}
      : { depends_on: [depends_on].flat().map((text) => addressIn(String(text), scope)) }),
    ...(handed === undefined ? {} : { provider: handed }),
  };
}

function addressIn(text: string, { prefix }: Scope): string {
  return text.startsWith("${") ? text.replace("${", `\${${prefix}`) : prefix + text;
}

/** A value with expressions that mean in the stack what they mean in their module. */
function inScope(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return textIn(value, scope);
  if (Array.isArray(value)) return value.map((item) => inScope(item, scope));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [textIn(key, scope), inScope(item, scope)]));
}

function textIn(text: string, scope: Scope): string {
  let rewritten = "";
  let position = 0;
  for (const { start, end, traversals } of interpolationsOf(text)) {
    const heads = new Map(traversals.flatMap((traversal) => headIn(subjectOf(traversal), scope)));
    rewritten += text.slice(position, start) + withHeads(text.slice(start, end), heads);
    position = end;
  }
  return position === 0 ? text : rewritten + text.slice(position);
}

/** How a traversal begins, and how it begins in the stack. */
function headIn(subject: Subject | undefined, { prefix, names, outputs }: Scope): [string, string][] {
  if (subject === undefined) return [];
  const { kind, address } = subject;
  if (kind === "variable") return prefix === "" ? [] : [[address, `local.${names}var-${subject.name}`]];
  if (kind === "local") return prefix === "" ? [] : [[address, `local.${names}local-${subject.name}`]];
  const [, called = "", output] = /^module\.([\w-]+)\.([\w-]+)$/.exec(address) ?? [];
  if (kind === "module" && outputs.has(called)) return [[address, `local.${names}module-${called}-output-${output}`]];
  return prefix === "" ? [] : [[address, prefix + address]];
}

/** One that begins another is lengthened by the same beginning. */
function withHeads(expression: string, heads: ReadonlyMap<string, string>): string {
  if (heads.size === 0) return expression;
  const alternatives = [...heads.keys()].map((head) => head.replace(/[.[\]"$]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\w.-])(?:${alternatives.join("|")})`, "g");
  return expression.replace(pattern, (head) => heads.get(head) ?? head);
}

/** What is to be said of modules that weren't read. */
export function noteOnModules(
  stacks: readonly { readonly id: string; readonly unread?: readonly string[] }[],
): string[] {
  return stacks
    .filter(({ unread = [] }) => unread.length > 0)
    .map(
      ({ id, unread = [] }) =>
        `Of ${basename(id)}, what these modules make was not judged, because their sources aren't local JSON: ${unread.join(", ")}. A plan has it: terraform show -json <plan>.`,
    );
}
