import { randomBytes } from "node:crypto";

/** What a record is signed with. */
export interface SigningKey {
  /** The version of the secret. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** As long as what HMAC-SHA256 makes of it (RFC 2104, 3). */
const keyLength = 32;

/** A value of the secret, as nobody has seen it. */
export function newSecretValue(): string {
  return JSON.stringify({ key: randomBytes(keyLength).toString("base64") });
}

/** @throws Error where it is none, without saying what it is */
export function keyBytesOf(secretValue: string | undefined): Buffer {
  const bytes = Buffer.from(keyTextOf(secretValue), "base64");
  if (bytes.length !== keyLength) throw new Error(`The secret's value must be {"key": base64 of ${keyLength} bytes}`);
  return bytes;
}

function keyTextOf(secretValue = ""): string {
  try {
    const { key } = JSON.parse(secretValue) as { key?: unknown };
    return typeof key === "string" ? key : "";
  } catch {
    // The parser's own message quotes the text.
    return "";
  }
}
