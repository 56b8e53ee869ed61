/** What a kind of file may take, before it is decoded and while it is. */
export interface Limits {
  readonly maximumBytes: number;
  /** Of V8's heap in the process that works on the file. */
  readonly heapMegabytes: number;
  /** Of the function, where its environment doesn't say it. */
  readonly memoryMegabytes: number;
}

const mebibyte = 1_048_576;

export const imageLimits = {
  maximumBytes: 64 * mebibyte,
  heapMegabytes: 256,
  memoryMegabytes: 2_048,
  /**
   * Decoded as a whole, which interlaced and turned images have to be, a pixel of 16 bits with alpha takes 8 bytes,
   * and there is more than one copy for a moment.
   */
  maximumPixels: 50_000_000,
} as const;

export const documentLimits = {
  maximumBytes: 64 * mebibyte,
  heapMegabytes: 384,
  memoryMegabytes: 1_024,
  maximumPages: 2_000,
  maximumCharacters: 10_000_000,
} as const;

export const dataLimits = {
  maximumBytes: 2_048 * mebibyte,
  heapMegabytes: 160,
  memoryMegabytes: 512,
  maximumRows: 50_000_000,
  maximumColumns: 1_000,
  /** Of one row, in characters. */
  maximumRowLength: 1_048_576,
  maximumDepth: 32,
  /** Of all rows: those with another number of cells than the first. */
  maximumRaggedShare: 0.1,
} as const;

export type ImageLimits = { readonly [Name in keyof typeof imageLimits]: number };
export type DocumentLimits = { readonly [Name in keyof typeof documentLimits]: number };
export type DataLimits = { readonly [Name in keyof typeof dataLimits]: number };
