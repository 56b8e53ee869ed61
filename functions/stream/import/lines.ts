/** A record has some 400 bytes at most; this is for white space around its parts. */
export const maximumLineBytes = 65_536;

/** How far an object was read. */
export interface Position {
  /** In bytes. */
  readonly offset: number;
  /** It is within a line that is too long, and was told of. */
  readonly isInsideLine: boolean;
}

/** What was read of an object. */
export interface Piece {
  /** A line without its end, or that one is too long. Undefined: more of that one. */
  readonly line: Buffer | "too-long" | undefined;
  /** Behind it. */
  readonly position: Position;
}

const newLine = 0x0a;

/** Makes lines of an object's bytes, as they come. It keeps no more than one line, and of one that is too long nothing. */
export class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;
  private isInsideLine: boolean;
  /** Of the first byte that hasn't been looked at. */
  private offset: number;

  constructor({ offset, isInsideLine }: Position) {
    this.offset = offset;
    this.isInsideLine = isInsideLine;
  }

  *push(chunk: Buffer): Generator<Piece> {
    for (let start = 0; start < chunk.length; ) {
      const end = chunk.indexOf(newLine, start);
      yield* end === -1 ? this.addPart(chunk.subarray(start)) : this.endLine(chunk.subarray(start, end));
      start = end === -1 ? chunk.length : end + 1;
    }
  }

  /** What is left when there is no more: the last line may have no end. */
  *end(): Generator<Piece> {
    if (this.length > 0) yield this.piece(Buffer.concat(this.parts));
  }

  private *addPart(part: Buffer): Generator<Piece> {
    this.offset += part.length;
    if (this.isInsideLine) return yield this.piece(undefined);
    this.length += part.length;
    if (this.length <= maximumLineBytes) this.parts.push(part);
    else yield this.skip("too-long", true);
  }

  private *endLine(part: Buffer): Generator<Piece> {
    this.offset += part.length + 1;
    if (this.isInsideLine) return yield this.skip(undefined, false);
    if (this.length + part.length > maximumLineBytes) return yield this.skip("too-long", false);
    const line = this.parts.length === 0 ? part : Buffer.concat([...this.parts, part]);
    this.parts = [];
    this.length = 0;
    yield this.piece(line);
  }

  private skip(line: "too-long" | undefined, isInsideLine: boolean): Piece {
    this.parts = [];
    this.length = 0;
    this.isInsideLine = isInsideLine;
    return this.piece(line);
  }

  private piece(line: Piece["line"]): Piece {
    return { line, position: { offset: this.offset, isInsideLine: this.isInsideLine } };
  }
}
