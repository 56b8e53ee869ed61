/**
 * Runs each task as soon as those that it comes after are done, so many at a time. Of tasks that could start, the one
 * that was given first starts first. Tasks that wait for each other in a ring start when nothing else can.
 */
export async function schedule<T>(
  ids: readonly string[],
  after: ReadonlyMap<string, readonly string[]>,
  parallelism: number,
  run: (id: string) => Promise<T>,
): Promise<Map<string, T>> {
  const done = new Map<string, T>();
  const waiting = new Set(ids);
  const running = new Map<string, Promise<void>>();
  const errors: unknown[] = [];
  const isReady = (id: string) => (after.get(id) ?? []).every((other) => other === id || !isOpen(other));
  const isOpen = (id: string) => waiting.has(id) || running.has(id);
  const start = (id: string) => {
    waiting.delete(id);
    running.set(
      id,
      run(id)
        .then(
          (result) => done.set(id, result),
          (error: unknown) => {
            errors.push(error);
            waiting.clear();
          },
        )
        .then(() => void running.delete(id)),
    );
  };
  while (waiting.size > 0 || running.size > 0) {
    for (const id of [...waiting].filter(isReady).slice(0, parallelism - running.size)) start(id);
    const [first] = waiting;
    if (running.size === 0 && first !== undefined) start(first);
    await Promise.race(running.values());
  }
  if (errors.length > 0) throw errors[0];
  return new Map(ids.flatMap((id) => (done.has(id) ? [[id, done.get(id) as T] as const] : [])));
}
