/** Names come from anybody's configuration: what would steer the terminal is shown as `�`. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** Lines narrower than this are no easier to read. */
const narrowest = 40;

/** A text behind some spaces, broken between words at a width; words are never broken: names are copied. */
export function wrapped(text: string, indent: number, columns: number | undefined): string {
  const margin = " ".repeat(indent);
  if (columns === undefined) return `${margin}${text}`;
  const room = Math.max(narrowest, columns) - indent;
  const lines: string[] = [];
  // Two spaces stay together with the word after them.
  for (const word of text.split(/ (?! )/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.trimStart());
  }
  return lines.map((line) => `${margin}${line}`).join("\n");
}

/**
 * Paths or names in one, as shells take them: `stacks/tap-api-{dev,prod}-us-east-1/cdk.tf.json`. Cut between words
 * alone, so that each can still be read.
 */
export function inBraces(names: readonly string[]): string {
  const [first = "", ...others] = names;
  if (others.length === 0) return first;
  const words = names.map((name) => name.split(/(?<=[-/._])/));
  const shortest = Math.min(...words.map(({ length }) => length));
  const shared = (at: (parts: readonly string[], index: number) => string | undefined, most: number) => {
    let count = 0;
    while (count < most && words.every((parts) => at(parts, count) === at(words[0] ?? [], count))) count += 1;
    return count;
  };
  // What differs is at least one word of each.
  const start = shared((parts, index) => parts[index], shortest - 1);
  const end = shared((parts, index) => parts[parts.length - 1 - index], shortest - 1 - start);
  const inside = words.map((parts) => parts.slice(start, parts.length - end).join(""));
  const [before, after] = [words[0]?.slice(0, start).join(""), words[0]?.slice((words[0]?.length ?? 0) - end).join("")];
  // A separator at the end of all belongs behind the brace.
  const last = inside[0]?.slice(-1) ?? "";
  const isShared = /[-/._]/.test(last) && inside.every((each) => each.endsWith(last) && each.length > 1);
  const cut = isShared ? inside.map((each) => each.slice(0, -1)) : inside;
  return `${before}{${cut.join(",")}}${isShared ? last : ""}${after}`;
}
