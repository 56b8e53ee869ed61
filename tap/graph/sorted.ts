/** Items of a sorted list whose keys begin like that, found by halving. */
export function withPrefix<T>(sorted: readonly T[], key: (item: T) => string, prefix: string): T[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(sorted[middle] as T) < prefix) low = middle + 1;
    else high = middle;
  }
  const found: T[] = [];
  for (let index = low; index < sorted.length && key(sorted[index] as T).startsWith(prefix); index += 1)
    found.push(sorted[index] as T);
  return found;
}

/** Adds to the list that a map has for a key. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
