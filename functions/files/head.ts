/** A file's beginning, and all of it. */
export interface Headed {
  readonly head: Uint8Array;
  /** Nothing follows the head. */
  readonly isWhole: boolean;
  /** From the first byte on. */
  readonly all: AsyncIterable<Uint8Array>;
}

/** Reads as much of a file's beginning as is to be looked at, before anything is made of it. */
export async function headed(chunks: AsyncIterable<Uint8Array>, headBytes: number): Promise<Headed> {
  const iterator = chunks[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  while (length < headBytes && !isWhole) {
    const { value, done } = await iterator.next();
    if (done) isWhole = true;
    else {
      read.push(value);
      length += value.byteLength;
    }
  }
  const head = Buffer.concat(read).subarray(0, headBytes);
  return { head, isWhole: isWhole && length <= headBytes, all: continued(read, iterator) };
}

async function* continued(
  read: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* read;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
