import { z } from "zod";

/* Kinds of values that the schema is made of. Each says, as its zod error, what "must be …". */

/** Commercial regions: ARNs are computed with the partition `aws`. */
export const regionPattern = /^(?!us-gov-|cn-)[a-z]{2}-[a-z]+-\d$/;

export const region = text(regionPattern, "a commercial AWS region, e.g. us-east-1");
export const flag = z.boolean({ error: "must be true or false" });

export function text(pattern: RegExp, valid: string) {
  const error = `must be ${valid}`;
  return z.string({ error }).regex(pattern, { error });
}

export function wholeNumber(minimum: number, maximum: number, unit: string) {
  const error = `must be a whole number from ${minimum} to ${maximum} (${unit})`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

export function oneOf<const T extends readonly [string | number, ...(string | number)[]]>(values: T, what: string) {
  return z.literal(values, { error: `must be one of ${values.join(", ")} (${what})` });
}
