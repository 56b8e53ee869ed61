import type * as z from "zod/mini";

/** The rules that something breaks, with their places: never a value. */
export function rulesBroken({ issues }: z.core.$ZodError): string[] {
  return issues.map(({ path, message }) => `${path.map((key) => `/${String(key)}`).join("")} ${message}`.trim());
}
