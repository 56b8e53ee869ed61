import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Attributes, isObject } from "../../../../tap/graph/terraform-json";

/*
 * What `terraform validate` refuses by itself, as the provider's schema and the checks beside it have it (schema.json;
 * extract-schema.mjs writes it): the first gate of every change, so that no rule need say it again.
 */

interface ValueCheck {
  readonly path: string;
  readonly enum?: readonly string[];
  readonly enum_number?: readonly number[];
  readonly pattern?: string;
  readonly not_pattern?: string;
  readonly range?: readonly [number | null, number | null];
  readonly length?: readonly [number | null, number | null];
  readonly arn?: true;
  readonly cidr?: true;
  readonly json?: true;
}

interface TypeSchema {
  /** Paths without indices: `rule.id`. */
  readonly required: readonly string[];
  /** Optional booleans of the resource itself, and what they are by default, where that is known. */
  readonly switches: Readonly<Record<string, boolean | null>>;
  readonly values: readonly ValueCheck[];
  readonly oneOf: readonly (readonly string[])[];
  readonly requires: readonly {
    readonly if: string;
    readonly equals?: string | string[];
    readonly requires: readonly string[];
  }[];
}

const schemas = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as Readonly<
  Record<string, TypeSchema>
>;

/** Optional booleans that a type has, with their defaults. */
export function switchesOf(type: string): TypeSchema["switches"] {
  return schemas[type]?.switches ?? {};
}

/** Why Terraform refuses a change of an attribute; undefined where it takes it, or nobody knows. */
export function refusal(type: string, path: string, after: unknown, attributes: Attributes): string | undefined {
  const schema = schemas[type];
  if (schema === undefined || path === "") return undefined;
  const place = path.replace(/\[\d+\]/g, "");
  const isIndexed = path.endsWith("]");
  if (after === undefined) return isIndexed ? undefined : withoutIt(schema, place, attributes);
  const check = schema.values.find((each) => each.path === place && !passes(each, after));
  return check && `${place} can't be ${JSON.stringify(after)}`;
}

function withoutIt(schema: TypeSchema, place: string, attributes: Attributes): string | undefined {
  if (schema.required.includes(place)) return `${place} is required`;
  if (
    schema.oneOf.some(
      (names) => names.includes(place) && names.filter((name) => attributes[name] !== undefined).length === 1,
    )
  )
    return `${place} is the one of its kind that there is, and one is required`;
  const row = schema.requires.find(
    (each) =>
      each.requires.includes(place) &&
      attributes[each.if] !== undefined &&
      (each.equals === undefined || [each.equals].flat().includes(String(attributes[each.if]))),
  );
  return row && `${place} is required with ${row.if}`;
}

function passes(check: ValueCheck, value: unknown): boolean {
  if (typeof value === "number")
    return (check.enum_number?.includes(value) ?? true) && (check.range === undefined || isWithin(check.range, value));
  if (typeof value !== "string" || value.includes("${")) return true;
  const lengths = check.length === undefined || isWithin(check.length, value.length);
  return lengths && (check.enum?.includes(value) ?? true) && isOfForm(check, value);
}

function isOfForm({ pattern, not_pattern, arn, cidr, json }: ValueCheck, text: string): boolean {
  return (
    (pattern === undefined || new RegExp(pattern).test(text)) &&
    (not_pattern === undefined || !new RegExp(not_pattern).test(text)) &&
    (arn === undefined || text.startsWith("arn:")) &&
    (cidr === undefined || /^[0-9a-f.:]+\/\d+$/.test(text)) &&
    (json === undefined || isJson(text))
  );
}

function isWithin([least, most]: readonly [number | null, number | null], value: number): boolean {
  return value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY);
}

function isJson(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}
