/**
 * Lines of a table, its first column to the left and the others to the right.
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (row) =>
    widths
      .map((width, column) => (column === 0 ? (row[0] ?? "").padEnd(width) : (row[column] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 3 : 1)} s`;
/** Zero: this system tells no process's memory. */
export const megabytes = (bytes) => (bytes > 0 ? `${Math.round(bytes / 1e6)} MB` : "unknown");
export const times = (ratio) => `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;
