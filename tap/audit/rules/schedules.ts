/** What is wrong with a schedule of EventBridge; undefined where nothing is, or an expression makes it. */
export function scheduleProblem(schedule: string, { at }: { readonly at: boolean }): string | undefined {
  if (schedule.includes("${")) return undefined;
  const [, kind, inner = ""] = /^(rate|cron|at)\((.*)\)$/.exec(schedule) ?? [];
  if (kind === "rate") return rateProblem(inner);
  if (kind === "cron") return cronProblem(inner);
  if (kind === "at" && at)
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner) ? undefined : "at(…) wants yyyy-mm-ddThh:mm:ss";
  return `it is neither rate(…) nor cron(…)${at ? " nor at(…)" : ""}`;
}

/** Seconds from one run to the next, of a rate. */
export function secondsOfRate(schedule: string): number | undefined {
  const [, count, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  const seconds = { minute: 60, hour: 3_600, day: 86_400 }[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds;
}

function rateProblem(inner: string): string | undefined {
  const [, count, unit] = /^(\d+) (minutes?|hours?|days?)$/.exec(inner) ?? [];
  if (count === undefined || unit === undefined) return "rate(…) wants a number and minutes, hours or days";
  if (Number(count) === 0) return "rate(…) wants a number above 0";
  const isOne = Number(count) === 1;
  return isOne === unit.endsWith("s")
    ? `rate(…) wants the ${isOne ? "singular" : "plural"} of ${unit} with ${count}`
    : undefined;
}

/** The lowest and the highest number of each field, and the names that it takes beside. */
const fields: readonly { readonly name: string; readonly range: readonly [number, number]; readonly names?: RegExp }[] =
  [
    { name: "minutes", range: [0, 59] },
    { name: "hours", range: [0, 23] },
    { name: "day of month", range: [1, 31], names: /^(\?|L|LW|L-\d{1,2}|\d{1,2}W)$/ },
    { name: "month", range: [1, 12], names: /^(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)$/i },
    { name: "day of week", range: [1, 7], names: /^(\?|L|[1-7]L|[1-7]#[1-5]|SUN|MON|TUE|WED|THU|FRI|SAT)$/i },
    { name: "year", range: [1970, 2199] },
  ];

function cronProblem(inner: string): string | undefined {
  const parts = inner.trim().split(/\s+/);
  if (parts.length !== fields.length)
    return `cron(…) wants six fields, and has ${inner.trim() === "" ? 0 : parts.length}`;
  const wrong = fields.find(
    (field, index) =>
      !String(parts[index])
        .split(",")
        .every((part) => isPart(part, field)),
  );
  if (wrong !== undefined) return `its ${wrong.name} can't be ${parts[fields.indexOf(wrong)]}`;
  const [day, weekday] = [parts[2], parts[4]];
  return (day === "?") === (weekday === "?") ? "of day of month and day of week, exactly one is to be ?" : undefined;
}

function isPart(part: string, { range: [least, most], names }: (typeof fields)[number]): boolean {
  const [value = "", step, ...others] = part.split("/");
  if (others.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) return false;
  if (value === "*") return true;
  const isValue = (text: string) =>
    names?.test(text) === true || (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most);
  const bounds = value.split("-");
  return isValue(value) || (bounds.length === 2 && bounds.every(isValue));
}
