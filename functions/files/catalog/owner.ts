import type { HttpRequest } from "../../shared/http-request";

/**
 * Whose files a request is about: the user's, where the API knows users, else those of the API key. The one is a UUID,
 * the other ten letters and digits: neither can be the other.
 */
export function ownerOf({ userId, apiKeyId }: Pick<HttpRequest, "userId" | "apiKeyId">): string {
  return userId ?? apiKeyId;
}
