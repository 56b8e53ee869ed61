/**
 * All of it, in one piece: for what can't be worked on in pieces, and is small enough. The memory is the caller's own;
 * libraries tell a Buffer from a Uint8Array.
 */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const whole = new Uint8Array(parts.reduce((length, { byteLength }) => length + byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
