import { createHash } from "node:crypto";
import type { HttpRequest } from "../../shared/http-request";

/**
 * Whose files a request is about: the user's, where the API knows users, else those of the API key. The one is a UUID,
 * the other ten letters and digits: neither can be the other.
 */
export function ownerOf({ userId, apiKeyId }: Pick<HttpRequest, "userId" | "apiKeyId">): string {
  return userId ?? apiKeyId;
}

/** The same for every repetition of one request, and for no other (132 bits of SHA-256). */
export function fileIdOf(owner: string, idempotencyKey: string): string {
  // Neither of them can have a slash.
  return createHash("sha256").update(`${owner}/${idempotencyKey}`).digest("base64url").slice(0, 22);
}
