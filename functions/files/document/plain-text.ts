import { headBytes } from "../content-type";
import type { DocumentLimits } from "../limits";
import { Refusal } from "../refusal";
import { encodingOf } from "../text-encoding";

/**
 * The text of a file that is nothing else.
 * @throws Refusal where it is in no encoding, or too long
 */
export function plainText(bytes: Uint8Array, { maximumCharacters }: DocumentLimits) {
  const head = bytes.subarray(0, headBytes);
  const encoding = encodingOf(head, head.byteLength === bytes.byteLength);
  const text = decode(bytes, encoding);
  if (text.length > maximumCharacters) throw new Refusal("too-much-text");
  if (text === "") throw new Refusal("empty");
  return { format: "text" as const, encoding, text };
}

function decode(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal("bad-encoding");
  }
}
