/**
 * Variables that the infrastructure sets. All that are missing are named at once, at start: a function that can't
 * work is to fail before it takes a request.
 */
export function requiredVariables<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, string>> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`The function's environment lacks ${missing.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}
