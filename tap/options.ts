import { UsageError } from "./context";

/** What an option says that takes a number. @throws UsageError where it is no whole one of the range */
export function wholeNumber(option: string, text: string, least: number, most = Number.POSITIVE_INFINITY): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  const range = most === Number.POSITIVE_INFINITY ? `from ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`${option} takes a whole number ${range} (given ${JSON.stringify(text)})`);
}
