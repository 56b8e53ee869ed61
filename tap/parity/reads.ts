import { isObject } from "../graph/terraform-json";

/** Which parts of an object were looked at. */
export interface Reads<T> {
  readonly recorded: T;
  /** Paths of what was read: `jobs.queue.messageRetentionDays`; of an object whose keys were asked for, the object's. */
  readonly paths: ReadonlySet<string>;
}

/** A copy of an object that notes what is read of it: what no stack reads can't make it another one. */
export function recordReads<T extends object>(original: T): Reads<T> {
  const paths = new Set<string>();
  return { recorded: watched(structuredClone(original), "", paths), paths };
}

/** Whether a change of some paths may show to whom these were read. */
export function mayShow(changed: readonly string[], reads: ReadonlySet<string>): boolean {
  return changed.some((path) =>
    [...reads].some((read) => read === "" || path === read || isIn(path, read) || isIn(read, path)),
  );
}

function isIn(path: string, parent: string): boolean {
  return path.startsWith(`${parent}.`);
}

function watched<T extends object>(object: T, path: string, paths: Set<string>): T {
  const inner = new Map<PropertyKey, object>();
  return new Proxy(object, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof key === "symbol") return value;
      const at = path === "" ? key : `${path}.${key}`;
      if (!isObject(value)) {
        paths.add(at);
        return value;
      }
      const known = inner.get(key) ?? watched(value, at, paths);
      inner.set(key, known);
      return known;
    },
    has(target, key) {
      if (typeof key === "string") paths.add(path === "" ? key : `${path}.${key}`);
      return Reflect.has(target, key);
    },
    ownKeys(target) {
      paths.add(path);
      return Reflect.ownKeys(target);
    },
    getOwnPropertyDescriptor(target, key) {
      paths.add(path);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}
