/*
 * Names and values of a plan are anybody's. In Markdown they stand in code alone: there GitHub knows no link, no
 * mention, no reference and no HTML. All that can end code is its own fence, and the end of a line.
 */

/** A text as inline code; longer runs of backticks than any in it stand around it. */
export function inlineCode(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, " ");
  if (line.trim() === "") return "` `";
  const fence = "`".repeat(longestRun(line) + 1);
  const margin = /^[` ]|[` ]$/.test(line) ? " " : "";
  return `${fence}${margin}${line}${margin}${fence}`;
}

/** Within a table no bar may stand, not even in code: `\|` ends a cell where a backslash is before it. */
export function cellCode(text: string): string {
  return inlineCode(text.replaceAll("|", "\u2223").replaceAll("\\", "\u2216"));
}

/** Within HTML, where Markdown isn't read. */
export function htmlCode(text: string): string {
  return `<code>${text.replaceAll(/[^A-Za-z0-9 _-]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

/** A sentence of our own; what is between its quotation marks isn't, and becomes code, and so does any word with marks in it. */
export function prose(text: string): string {
  return text
    .split(/(“[^”]*”)/)
    .map((part, at) => (at % 2 === 1 ? inlineCode(part.slice(1, -1)) : part.replaceAll(/[^ ]+/g, word)))
    .join("");
}

function word(text: string): string {
  return /^[A-Za-z0-9'’,;:()-]*[.]?$/.test(text) ? text : inlineCode(text);
}

/** Lines as a block of code. */
export function codeBlock(language: string, lines: readonly string[]): string {
  const text = lines.map((line) => line.replaceAll(/[\r\n]+/g, " ")).join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
