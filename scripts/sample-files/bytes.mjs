import { constants, deflateRawSync } from "node:zlib";

/** Bytes that look random and are always the same (xorshift32). */
export function noise(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}

/** The text again and again, until it has so many characters. */
export function repeated(text, length) {
  return text.repeat(Math.ceil(length / text.length)).slice(0, length);
}

/**
 * What inflates to `piece`, `times` times over (zlib, RFC 1950), made without ever writing that out: a piece is
 * compressed once, so that it can follow itself. The checksum at the end is wrong, which hardly a reader looks at.
 */
export function bomb(piece, times) {
  const block = deflateRawSync(piece, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const last = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array(times).fill(block), last, Buffer.alloc(4)]);
}

/** UTF-16 in either order, with its mark or without. */
export function utf16(text, { isBigEndian = false, hasMark = true } = {}) {
  const bytes = Buffer.from((hasMark ? "\uFEFF" : "") + text, "utf16le");
  return isBigEndian ? bytes.swap16() : bytes;
}

/** The beginning of a ZIP file with one empty file in it, and its end. */
export function zip() {
  const name = Buffer.from("a.txt");
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(10, 0);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, name]);
  const central = Buffer.alloc(46 + name.length);
  central.write("PK\x01\x02", "latin1");
  central.writeUInt16LE(name.length, 28);
  name.copy(central, 46);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
