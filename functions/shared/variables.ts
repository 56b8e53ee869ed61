/**
 * Variables that the infrastructure sets. All that are missing are named at once, at start: a function that can't
 * work is to fail before it takes a request.
 */
export function requiredVariables<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, string>> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`The function's environment lacks ${missing.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}

/** A variable that is a whole number from the least to the greatest. */
export function wholeNumber<Name extends string>(name: Name, least: number, greatest: number): number {
  const text = requiredVariables(name)[name];
  const value = Number(text);
  if (/^(0|[1-9][0-9]{0,14})$/.test(text) && value >= least && value <= greatest) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${greatest} (given ${text})`);
}
