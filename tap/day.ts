/* Days are texts as `2026-12-31`, of UTC: the order of the texts is theirs. */

/** What is wanted of a text that is no day. */
export const dayRule = "must be a day as YYYY-MM-DD, e.g. 2026-12-31";

/** What somebody answers for has to be looked at again after a year. */
export const longestDays = 366;

/** Whether a text is a day of the calendar: `2026-02-30` is none. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && dayOf(new Date(time)) === text;
}

export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

export function todaysDay(): string {
  return dayOf(new Date());
}

/** Last day up to which somebody may answer for something. */
export function latestDay(today: string): string {
  return dayOf(new Date(Date.parse(today) + longestDays * 86_400_000));
}
