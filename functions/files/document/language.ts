import { franc } from "franc-min";

/** What is looked at, and what is too short to say anything by, characters. */
const shownCharacters = 10_000;
const minimumCharacters = 40;

/** A guess, by the frequency of three letters in a row. */
export function languageOf(text: string): string {
  return franc(text.slice(0, shownCharacters), { minLength: minimumCharacters });
}
