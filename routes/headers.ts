/** Of every response, errors of the gateway included (API-09): nothing here is for a browser to show, run or keep. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  // Two years, as browsers' lists ask for.
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Names one request in all logs: taken from the request, else made; returned, and carried on (API-10). */
export const correlationIdHeader = "x-correlation-id";

/** What a browser's code may read of a response, beside what it always may. */
export const exposedHeaders: readonly string[] = ["etag", "location", "retry-after", correlationIdHeader];
