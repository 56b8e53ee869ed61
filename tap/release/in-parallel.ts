/** As many at once as a store answers without waiting. */
const atOnce = 16;

/** Does something with each; the first failure ends it, once what is under way is over. */
export async function inParallel<T>(all: readonly T[], run: (each: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined && failures.length === 0; next = queue.shift())
      await run(next).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
