/** What a value is, as far as its writing says. */
export type ValueType = "integer" | "number" | "boolean" | "date" | "string" | "object";

export interface Typed {
  readonly type: ValueType;
  /** Of an integer or a number. */
  readonly number?: number;
}

const numberPattern = /^[+-]?(?:0|[1-9]\d*)(\.\d+)?(?:[eE]([+-]?\d{1,3}))?$/;
const datePattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/;

const boolean: Typed = { type: "boolean" };
const date: Typed = { type: "date" };
const string: Typed = { type: "string" };
const object: Typed = { type: "object" };

/**
 * The type of a cell: numbers as JSON writes them, with a sign of either kind (so that 007 is none: it would come back
 * as another text), dates as ISO 8601 writes them, true and false.
 */
export function typeOfText(text: string): Typed {
  const first = text.charCodeAt(0);
  // Digit, + or -: all else is quickly told.
  if ((first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d) return numberOrDate(text);
  if (text.length <= 5 && /^(?:true|false)$/i.test(text)) return boolean;
  return string;
}

export function typeOfJson(value: unknown): Typed {
  if (typeof value === "number") return typeOfNumber(value, Number.isInteger(value));
  if (typeof value === "boolean") return boolean;
  if (typeof value !== "string") return object;
  return datePattern.test(value) && isCalendarDate(value) ? date : string;
}

function numberOrDate(text: string): Typed {
  const number = numberPattern.exec(text);
  if (number !== null) return typeOfNumber(Number(text), number[1] === undefined && number[2] === undefined);
  return datePattern.test(text) && isCalendarDate(text) ? date : string;
}

/** Beyond 2^53, doubles don't hold every integer. */
function typeOfNumber(number: number, isWhole: boolean): Typed {
  if (!Number.isFinite(number)) return string;
  return { type: isWhole && Number.isSafeInteger(number) ? "integer" : "number", number };
}

function isCalendarDate(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
