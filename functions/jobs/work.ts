import type { JobInput } from "./job";
import { Refusal } from "./refusal";

/** Does a job's work: the same for the same input, whenever and however often it is done. */
export function work({ input }: JobInput): number {
  return typeof input === "string" ? countWords(input) : sum(input);
}

/** Words are what white space separates, as `wc -w` counts them. */
function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** In the order given, in double precision. */
function sum(numbers: readonly number[]): number {
  const total = numbers.reduce((before, number) => before + number, 0);
  // JSON has no infinity.
  if (!Number.isFinite(total)) throw new Refusal("/input has a sum that is beyond the range of a number");
  return total;
}
