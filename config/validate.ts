import { z } from "zod";
import { type ConfigProblem, didYouMean } from "./errors";
import { type CheckedEnvironment, environmentSchema } from "./schema";

type Checked<T> = { ok: true; value: T } | { ok: false; problems: ConfigProblem[] };

/** One environment's file against the schema: the checked value, or all that is wrong with it. */
export function validateEnvironment(source: unknown, label: string): Checked<CheckedEnvironment> {
  return validate(environmentSchema, source, label);
}

/** Any value against a schema whose error texts finish the sentence "{path}: {value} …". */
export function validate<T extends z.ZodType>(schema: T, source: unknown, label: string): Checked<z.output<T>> {
  const result = schema.safeParse(source, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap((issue) => describe(schema, issue, label)) };
}

function describe(schema: z.ZodType, issue: z.core.$ZodIssue, label: string): ConfigProblem[] {
  const path = [label, ...issue.path.map(String)].filter((part) => part !== "");
  if (issue.code === "unrecognized_keys") {
    const valid = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      path: [...path, key].join("."),
      message: `is not a key here${didYouMean(key, valid)}; valid are ${valid.join(", ")}`,
    }));
  }
  const message = issue.message.startsWith("must ") ? issue.message : mustBe(schemaAt(schema, issue.path));
  return [
    issue.input === undefined
      ? { path: path.join("."), message: `is missing; it ${message}` }
      : { path: path.join("."), value: issue.input, message },
  ];
}

function mustBe(schema: z.ZodType | undefined): string {
  return schema instanceof z.ZodObject
    ? `must be an object with ${Object.keys(schema.shape).join(", ")}`
    : "must be of another type";
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const at = schemaAt(schema, path);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The schema of the value at a path, through optional, default, list and record wrappers. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return schemaAt(schema.unwrap() as z.ZodType, path);
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (schema instanceof z.ZodObject)
    return key in schema.shape ? schemaAt(schema.shape[key as string] as z.ZodType, rest) : undefined;
  if (schema instanceof z.ZodRecord) return schemaAt(schema.valueType as z.ZodType, rest);
  if (schema instanceof z.ZodArray) return schemaAt(schema.element as z.ZodType, rest);
  return undefined;
}
