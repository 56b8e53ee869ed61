import type { Context } from "./context";

/** Progress of something that has a known number of steps: one line, redrawn, on a terminal; nothing else where there is none. */
export function startProgress(
  context: Context,
  what: string,
  total: number,
): { step(name: string): void; end(): void } {
  let done = 0;
  const draw = (text: string) => {
    if (context.interactive) process.stderr.write(`\r\u001b[K${text}`);
  };
  draw(`${what} 0/${total}`);
  return {
    step(name) {
      done += 1;
      draw(`${what} ${done}/${total} ${name}`);
    },
    end: () => draw(""),
  };
}
