/** A function's code as esbuild made it: a folder with `index.mjs` and its source map. */
export interface FunctionBundle {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** SHA-256 of what is in it, hex: the same on every machine (API-15). */
  readonly hash: string;
}

/** All functions by their entry, `{component}/{function}`: `records/write` is functions/records/write/handler.ts. */
export type FunctionBundles = Readonly<Record<string, FunctionBundle>>;
