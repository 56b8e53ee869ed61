const candidates = [",", ";", "\t", "|"] as const;

export type Delimiter = (typeof candidates)[number];

/** Lines that are looked at. */
const sampleLines = 50;

/**
 * The delimiter of a CSV, by its first lines: the one that most lines have equally often. A comma, where none is there:
 * one column needs no delimiter.
 */
export function guessDelimiter(head: string): Delimiter {
  const lines = linesOf(head);
  const scored = candidates.map((delimiter) => ({ delimiter, score: scoreOf(delimiter, lines) }));
  return scored.reduce((best, next) => (next.score > best.score ? next : best)).delimiter;
}

/** Without what is in quotes, and without the last line, which may go on behind the head. */
function linesOf(head: string): string[] {
  const lines = head.replace(/"(?:[^"]|"")*"/g, "").split(/\r\n|\r|\n/, sampleLines + 1);
  return (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line !== "").slice(0, sampleLines);
}

/** How many lines agree on how often there is one; among equals, the more often. */
function scoreOf(delimiter: Delimiter, lines: readonly string[]): number {
  const agreeing = new Map<number, number>();
  for (const line of lines) {
    const count = line.split(delimiter).length - 1;
    if (count > 0) agreeing.set(count, (agreeing.get(count) ?? 0) + 1);
  }
  return Math.max(0, ...[...agreeing].map(([count, times]) => times + count / 1_000_000));
}
