export interface Growth<Input> {
  /** What the work is done on; each run has its own, so that nothing remembered is found again. */
  make(size: number, run: number): Input;
  work(input: Input): unknown;
  /** Large enough that the work takes some milliseconds. */
  readonly size: number;
  /** How much larger the other size is. */
  readonly times: number;
}

/** Of each size: what a run has to do by chance, such as to collect garbage, isn't in all of them. */
const runs = 4;

/** Less can't be told from nothing. */
const leastMilliseconds = 1;

/** What takes longer is looked at once: chance isn't what it takes its time for. */
const longMilliseconds = 10_000;

/**
 * How many times as much work there is for so many times the size: about as many where it grows with the size, their
 * square where it grows with the size's square. In time of the CPU for this process, and not of a clock: a machine that
 * is slow, or has others to serve, changes nothing.
 */
export function growth<Input>({ make, work, size, times }: Growth<Input>): number {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 0; run < runs && (run === 0 || Math.max(...least) < longMilliseconds); run += 1)
    for (const [at, each] of [size, size * times].entries()) {
      const input = make(each, run);
      const start = process.cpuUsage();
      work(input);
      const { user, system } = process.cpuUsage(start);
      least[at] = Math.min(least[at] as number, (user + system) / 1_000);
    }
  const [small = 0, large = 0] = least;
  return large / Math.max(leastMilliseconds, small);
}

/** Between linear and quadratic, as far from the one as from the other. */
export function betweenLinearAndQuadratic(times: number): number {
  return times ** 1.5;
}
