import { analyse } from "chardet";
import { Refusal } from "./refusal";

/** Byte order marks, the longer first. */
const marks: readonly (readonly [encoding: string, ...bytes: number[]])[] = [
  ["utf-32", 0xff, 0xfe, 0x00, 0x00],
  ["utf-32", 0x00, 0x00, 0xfe, 0xff],
  ["utf-8", 0xef, 0xbb, 0xbf],
  ["utf-16le", 0xff, 0xfe],
  ["utf-16be", 0xfe, 0xff],
];

/** Below it, chardet says as much by chance (it goes up to 100). */
const minimumConfidence = 20;

/** Of control characters other than white space and escape: more are no text. */
const maximumControlShare = 0.01;

/**
 * The encoding of a text, by its beginning, in TextDecoder's words. UTF-8 is taken where it fits: text in another
 * encoding hardly ever does.
 * @throws Refusal where there is none that can be read
 */
export function encodingOf(head: Uint8Array, isWhole: boolean): string {
  const known = markOf(head) ?? unmarkedUtf16(head);
  if (known === "utf-32") throw new Refusal("bad-encoding");
  if (known !== undefined) return known;
  if (isUtf8(head, isWhole)) return "utf-8";
  const guess = analyse(head).find(({ name, confidence }) => confidence >= minimumConfidence && isLegacy(name));
  if (guess === undefined) throw new Refusal("bad-encoding");
  return new TextDecoder(guess.name).encoding;
}

/** Text in UTF-16 has NULs by nature; in any other encoding that is read, they are no text. */
export function isBinary(head: Uint8Array): boolean {
  if ((markOf(head) ?? unmarkedUtf16(head)) !== undefined) return false;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return true;
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) controls += 1;
  }
  return controls > head.length * maximumControlShare;
}

/** Whether a text begins with a byte order mark, also one of an encoding that isn't read. */
export function hasMark(head: Uint8Array): boolean {
  return markOf(head) !== undefined;
}

function markOf(head: Uint8Array): string | undefined {
  return marks.find(([, ...bytes]) => bytes.every((byte, index) => head[index] === byte))?.[0];
}

/** Text of mostly Latin letters has a NUL in every second place, and next to none in the others. */
function unmarkedUtf16(head: Uint8Array): string | undefined {
  const pairs = head.length >> 1;
  if (pairs < 2) return undefined;
  let even = 0;
  let odd = 0;
  for (let index = 0; index < pairs * 2; index += 2) {
    if (head[index] === 0) even += 1;
    if (head[index + 1] === 0) odd += 1;
  }
  if (odd > pairs * 0.4 && even === 0) return "utf-16le";
  if (even > pairs * 0.4 && odd === 0) return "utf-16be";
  return undefined;
}

function isUtf8(head: Uint8Array, isWhole: boolean): boolean {
  try {
    // The last character may go on behind the head.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}

/** Encodings that TextDecoder knows, but those that were looked for before. */
function isLegacy(name: string): boolean {
  if (/^(UTF|ASCII)/i.test(name)) return false;
  try {
    new TextDecoder(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Text of a file, piece by piece, without its byte order mark.
 * @throws Refusal where bytes are no text in that encoding
 */
export async function* decoded(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new Refusal("bad-encoding");
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}
