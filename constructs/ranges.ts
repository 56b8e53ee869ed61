/** Refuses a value outside an AWS limit, where it is given. @throws RangeError */
export function requireInRange(option: string, value: number, minimum: number, maximum: number, unit = ""): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  const range = maximum === Number.POSITIVE_INFINITY ? `from ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new RangeError(`${option} must be a whole number ${range}${unit && ` (${unit})`} (given ${value})`);
}

/** The same for a value that needn't be whole. @throws RangeError */
export function requireNumberInRange(
  option: string,
  value: number,
  minimum: number,
  maximum: number,
  unit: string,
): void {
  if (value >= minimum && value <= maximum) return;
  throw new RangeError(`${option} must be a number from ${minimum} to ${maximum} (${unit}) (given ${value})`);
}
