import type * as z from "zod/mini";
import { type streamRecord, valuePlaces } from "../../routes/stream";

/** A measurement, as its sender described it. */
export type StreamRecord = z.output<typeof streamRecord>;

/** What is the same for every repetition of a record, and for no other: neither part can have a `#`. */
export function businessKeyOf({ source, id }: StreamRecord): string {
  return `${source}#${id}`;
}

/** A value in its smallest unit, exactly. */
export function unitsOf(value: number): bigint {
  const [whole = "", places = ""] = String(value).split(".");
  return BigInt(whole.startsWith("-") ? `-${placed(whole.slice(1), places)}` : placed(whole, places));
}

const placed = (whole: string, places: string) => whole + places.padEnd(valuePlaces, "0");

/** The other way round, as a decimal. */
export function decimalOf(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(valuePlaces + 1, "0");
  const places = digits.slice(-valuePlaces).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -valuePlaces)}${places && `.${places}`}`;
}
