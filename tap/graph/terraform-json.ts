/** Attributes of a resource, data source, provider or output, as Terraform's JSON has them. */
export type Attributes = Record<string, unknown>;
type Blocks = Record<string, Record<string, Attributes>>;

/** A configuration in Terraform's JSON syntax, in the shape in which cdktf writes it. */
export interface TerraformJson {
  resource?: Blocks;
  data?: Blocks;
  output?: Record<string, Attributes>;
  variable?: Record<string, Attributes>;
  locals?: Attributes;
  /** Calls of modules. */
  module?: Record<string, Attributes>;
  provider?: Record<string, Attributes[]>;
  terraform?: { backend?: Record<string, Attributes>; [key: string]: unknown };
}

/** Whether it is a JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Blocks of an attribute: Terraform's JSON takes one block alone or a list, a plan always has a list. */
export function blocksOf(attributes: Attributes, name: string): Attributes[] {
  const value = attributes[name];
  if (Array.isArray(value)) return value.filter(isObject);
  return isObject(value) ? [value] : [];
}

/** Path of a part: `policy` and `Statement` make `policy.Statement`, an index makes `policy[0]`. */
export function pathOf(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** A table's value for a text of anybody's: none for what every object has, as `constructor`. */
export function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
