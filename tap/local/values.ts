import type { GraphNode } from "../graph/model";

/** A value of Terraform's JSON, with no expression left in it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** What expressions refer to. */
export interface Lookup {
  /** A resource's or data source's attribute: `aws_kms_key.Key`, `arn`; undefined where there is none. */
  attribute(address: string, name: string): Value | undefined;
  /** A variable's default. */
  variable(name: string): Value | undefined;
}

/** An expression that isn't understood, or leads nowhere; with the place where it stands. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/** Arguments of a resource that are Terraform's own: not the provider's. */
const metaArguments = new Set(["//", "depends_on", "lifecycle", "provider", "count", "for_each", "connection"]);

/** All attributes of a node, with every expression replaced by its value. */
export function evaluateNode(node: GraphNode, lookup: Lookup): Record<string, Value> {
  for (const name of ["count", "for_each"])
    if (name in node.attributes) throw new ExpressionError(`${node.id}: ${name} is not understood here`);
  return Object.fromEntries(
    Object.entries(node.attributes)
      .filter(([name, value]) => !metaArguments.has(name) && value !== undefined && value !== null)
      .map(([name, value]) => [name, evaluate(value, lookup, `${node.id}, ${name}`)]),
  );
}

/**
 * A value with its expressions replaced: attributes of resources and data sources, `var`, `split`, `join`, and text
 * around them. What else Terraform has is refused, with the expression and its place.
 */
export function evaluate(value: unknown, lookup: Lookup, place: string): Value {
  if (typeof value === "string") return new Template(value, lookup, place).value();
  if (Array.isArray(value)) return value.map((each, index) => evaluate(each, lookup, `${place}[${index}]`));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== "//")
        .map(([name, each]) => [name, evaluate(each, lookup, `${place}.${name}`)]),
    );
  return value as Value;
}

const identifier = /[A-Za-z_][\w-]*/y;
const blank = /\s*/y;
const wholeNumber = /\d+/y;

type Part = { readonly text: string } | { readonly expression: Value };

/** One text, read from left to right. */
class Template {
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly lookup: Lookup,
    private readonly place: string,
  ) {}

  /** A text that is one expression has its value, of whatever type; any other is a text. */
  value(): Value {
    const parts = this.parts();
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && "expression" in only) return only.expression;
    return parts.map((part) => ("text" in part ? part.text : this.asText(part.expression))).join("");
  }

  /** @param end what ends it: a quote, for a text within an expression */
  private parts(end?: string): Part[] {
    const parts: Part[] = [];
    while (this.position < this.text.length && this.text[this.position] !== end) {
      const part = this.part(end);
      const last = parts.at(-1);
      if ("text" in part && last !== undefined && "text" in last)
        parts[parts.length - 1] = { text: last.text + part.text };
      else parts.push(part);
    }
    return parts.length === 0 ? [{ text: "" }] : parts;
  }

  private part(end: string | undefined): Part {
    const next = this.text.slice(this.position, this.position + 3);
    if (next === "$${" || next === "%%{") {
      this.position += 3;
      return { text: next.slice(1) };
    }
    if (next.startsWith("%{")) this.refuse("a directive %{…}");
    if (next.startsWith("${")) {
      this.position += 2;
      const expression = this.expression();
      this.take("}");
      return { expression };
    }
    if (end !== undefined && next.startsWith("\\")) return { text: this.escaped() };
    this.position += 1;
    return { text: next.charAt(0) };
  }

  private escaped(): string {
    const character = this.text[this.position + 1] ?? "";
    const meant: Record<string, string> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };
    const text = meant[character];
    if (text === undefined) this.refuse(`the escape \\${character}`);
    this.position += 2;
    return text as string;
  }

  private expression(): Value {
    this.match(blank);
    const character = this.text[this.position];
    const value = character === '"' ? this.quoted() : character === "[" ? this.list() : this.named();
    this.match(blank);
    return value;
  }

  private quoted(): string {
    this.take('"');
    const text = this.parts('"').map((part) => ("text" in part ? part.text : this.asText(part.expression)));
    this.take('"');
    return text.join("");
  }

  private list(): Value[] {
    this.take("[");
    return this.until("]");
  }

  private until(closer: string): Value[] {
    const values: Value[] = [];
    this.match(blank);
    while (this.text[this.position] !== closer) {
      values.push(this.expression());
      if (this.text[this.position] !== closer) this.take(",");
      this.match(blank);
    }
    this.take(closer);
    return values;
  }

  private named(): Value {
    const start = this.position;
    const name = this.match(identifier);
    if (name === undefined) return this.refuse("this");
    if (this.text[this.position] === "(") {
      this.position += 1;
      return this.indexed(this.call(name, this.until(")")));
    }
    const names = [name];
    while (this.text[this.position] === ".") {
      this.position += 1;
      names.push(this.match(identifier) ?? this.refuse("this"));
    }
    const value = this.reference(names, this.text.slice(start, this.position));
    return this.indexed(value);
  }

  private reference(names: readonly string[], text: string): Value {
    const [root, second, ...rest] = names;
    if (root === "var" && second !== undefined && rest.length === 0)
      return this.known(this.lookup.variable(second), text);
    const [type, name, attribute, ...more] = root === "data" ? names.slice(1) : names;
    if (type === undefined || name === undefined || attribute === undefined || more.length > 0)
      return this.refuse(text);
    const address = `${root === "data" ? "data." : ""}${type}.${name}`;
    return this.known(this.lookup.attribute(address, attribute), text);
  }

  private indexed(value: Value): Value {
    if (this.text[this.position] !== "[") return value;
    this.position += 1;
    const index = this.match(wholeNumber);
    if (index === undefined || !Array.isArray(value)) return this.refuse("an index");
    this.take("]");
    return this.known((value as Value[])[Number(index)], `[${index}]`);
  }

  private call(name: string, given: readonly Value[]): Value {
    const [separator, what] = given;
    if (given.length === 2 && typeof separator === "string") {
      if (name === "split" && typeof what === "string") return what === "" ? [] : what.split(separator);
      if (name === "join" && Array.isArray(what)) return what.map((each) => this.asText(each)).join(separator);
    }
    return this.refuse(`${name}(…)`);
  }

  private known(value: Value | undefined, text: string): Value {
    if (value === undefined) throw this.error(`${text} has no value here`);
    return value;
  }

  private asText(value: Value): string {
    if (typeof value === "object") return this.refuse("a list or an object within a text");
    return String(value);
  }

  private take(character: string): void {
    if (this.text[this.position] !== character) this.refuse(`what stands where ${character} should be`);
    this.position += 1;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const [matched] = pattern.exec(this.text) ?? [];
    this.position += matched?.length ?? 0;
    return matched;
  }

  private refuse(what: string): never {
    throw this.error(`${what} is not understood (character ${this.position + 1})`);
  }

  private error(problem: string): ExpressionError {
    return new ExpressionError(`${this.place}: ${problem}, in ${JSON.stringify(this.text.slice(0, 300))}`);
  }
}
