import { requiredVariables } from "../shared/variables";

/** A variable that the infrastructure sets. */
export function wholeNumber<Name extends string>(name: Name, pattern: RegExp): number {
  const text = requiredVariables(name)[name];
  if (!pattern.test(text)) throw new Error(`${name} must be a whole number within its range (given ${text})`);
  return Number(text);
}
