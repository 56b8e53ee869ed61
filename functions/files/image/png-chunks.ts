import { Refusal } from "../refusal";

const signatureBytes = 8;
/** Length, type and checksum of a chunk. */
const frameBytes = 12;

/**
 * Walks over a PNG's chunks (PNG specification, 5.3) without decoding any: a decoder can't tell a file that was cut
 * from one that is wrong.
 * @throws Refusal where the file ends before its last chunk
 */
export function checkPngChunks(png: Uint8Array): void {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let offset = signatureBytes;
  while (offset + frameBytes <= png.byteLength) {
    const length = view.getUint32(offset);
    const type = view.getUint32(offset + 4);
    if (!isChunkType(type)) throw new Refusal("corrupt");
    offset += frameBytes + length;
    if (type === endType && offset <= png.byteLength) return;
  }
  throw new Refusal("truncated");
}

/** IEND */
const endType = 0x49454e44;

/** Four letters. */
function isChunkType(type: number): boolean {
  return [24, 16, 8, 0].every((shift) => /[A-Za-z]/.test(String.fromCharCode((type >> shift) & 0xff)));
}
