/** Builds under way in this process: they share one service process, which ends with the last of them. */
let building = 0;

/**
 * esbuild's build, in a service process that is shared by all callers of the moment.
 * @param {import("esbuild").BuildOptions} options
 */
export async function build(options) {
  building += 1;
  const { build: start, stop } = await import("esbuild");
  try {
    return await withoutGarbageCollector(() => start({ logLevel: "silent", ...options }));
  } finally {
    building -= 1;
    if (building === 0) await stop();
  }
}

/**
 * Starts esbuild's process with Go's garbage collector off: it is gone before that could pay off. Not for
 * longer, because Terraform is a Go program too, and inherits this process's environment.
 */
function withoutGarbageCollector(start) {
  const before = process.env.GOGC;
  process.env.GOGC = "off";
  try {
    return start();
  } finally {
    if (before === undefined) delete process.env.GOGC;
    else process.env.GOGC = before;
  }
}

/** What is wrong with the project's source, by file and line; anything else as it says itself. */
export function explain(error) {
  const problems = error?.errors ?? [];
  if (problems.length === 0) return String(error?.message ?? error);
  const lines = problems.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return `The project's source doesn't build; nothing was written.\n\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
