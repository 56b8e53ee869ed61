import { createHash } from "node:crypto";

/**
 * An id that is the same for every repetition of one request, and for no other (132 bits of SHA-256).
 * @param owner who asks: neither it nor the key can have a slash
 */
export function idempotentId(owner: string, idempotencyKey: string): string {
  return createHash("sha256").update(`${owner}/${idempotencyKey}`).digest("base64url").slice(0, 22);
}
