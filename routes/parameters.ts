import * as z from "zod/mini";
import type { Parameter } from "./route";

/** A text of a certain form. @param rule what it must be, in words: "must be …" */
export function text(pattern: RegExp, rule: string) {
  return z.string(rule).check(z.regex(pattern, rule));
}

/** Header of a request that makes something: with it, the request can be repeated. @param made what is answered again */
export function idempotencyKey(made: string, example: string): Parameter {
  return {
    description: `The same for every repetition of one request: ${made} is answered again`,
    schema: text(/^[A-Za-z0-9_-]{8,64}$/, "must be 8 to 64 of A-Z a-z 0-9 _ -"),
    required: true,
    example,
  };
}
