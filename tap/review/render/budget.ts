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

  /** A part of the whole: what it leaves is there for the next one. */
  fill(pieces: Iterable<string>, most: number): number {
    const floor = this.#left - most;
    let left = 0;
    for (const piece of pieces) if (left > 0 || !this.add(piece, Math.max(0, floor))) left += 1;
    return left;
  }

  toString(): string {
    return `${this.#pieces.join("\n")}\n`;
  }
}
