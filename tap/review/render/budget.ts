/** GitHub takes comments of so many characters. Bytes are counted, so that it holds whatever a character is taken to be. */
export const commentLimit = 65_536;

/** A text that grows in whole pieces up to a limit in bytes. */
export class Budget {
  readonly #pieces: string[] = [];
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  /** Adds a piece as a line of its own, where there is room for it and, behind it, for some bytes more. */
  add(piece: string, keep = 0): boolean {
    const size = Buffer.byteLength(piece) + 1;
    if (size + keep > this.#left) return false;
    this.#left -= size;
    this.#pieces.push(piece);
    return true;
  }

  get left(): number {
    return this.#left;
  }

  /** Adds what there is room for, up to a part of the whole; says how many are left. What has no room isn't even written. */
  fill<Item>(items: readonly Item[], write: (item: Item) => string, most: number): number {
    const floor = Math.max(0, this.#left - most);
    const added = items.findIndex((item) => !this.add(write(item), floor));
    return added === -1 ? 0 : items.length - added;
  }

  toString(): string {
    return `${this.#pieces.join("\n")}\n`;
  }
}
