import { crc32, deflateSync } from "node:zlib";

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

export const colorTypes = { gray: 0, rgb: 2, palette: 3, rgba: 6 };

export function chunk(type, data = Buffer.alloc(0)) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

export function header({ width, height, depth = 8, color = colorTypes.gray }) {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data[8] = depth;
  data[9] = color;
  return chunk("IHDR", data);
}

/** A PNG of these chunks, and its end. */
export function png(...chunks) {
  return Buffer.concat([signature, ...chunks, chunk("IEND")]);
}

/** Black, or transparent, all over: rows of zeros, each behind its filter. */
export function blackPixels({ width, height, depth = 8, samples = 1 }) {
  const rowBytes = 1 + Math.ceil((width * depth * samples) / 8);
  return chunk("IDAT", deflateSync(Buffer.alloc(rowBytes * height)));
}

/** A text within a PNG, compressed: `zTXt`, or `iCCP` for what is said to be a colour profile. */
export function compressedText(type, compressed) {
  return chunk(type, Buffer.concat([Buffer.from("Comment\0\0", "latin1"), compressed]));
}
