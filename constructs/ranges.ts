/** Refuses a value outside an AWS limit, where it is given. @throws RangeError */
export function requireInRange(option: string, value: number, minimum: number, maximum: number, unit = ""): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  const range = maximum === Number.POSITIVE_INFINITY ? `from ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new RangeError(`${option} must be a whole number ${range}${unit && ` (${unit})`} (given ${value})`);
}
