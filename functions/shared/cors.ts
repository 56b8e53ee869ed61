import { exposedHeaders } from "../../routes/headers";

/** As browsers send it: a default port is left out, and so is a path. */
const originPattern = /^https:\/\/[a-z0-9.-]+(:\d+)?$/;

/**
 * Origins whose pages may read what is answered: ALLOWED_ORIGINS, with commas between them. None where it is empty.
 * @throws Error where one isn't an origin: browsers would never send it, or `*` would stand for all
 */
export function allowedOrigins(): ReadonlySet<string> {
  const origins = (process.env.ALLOWED_ORIGINS ?? "").split(",").filter((origin) => origin !== "");
  for (const origin of origins)
    if (!originPattern.test(origin))
      throw new Error(`ALLOWED_ORIGINS must be origins such as https://example.com (given ${JSON.stringify(origin)})`);
  return new Set(origins);
}

/** Caches keep answers to different origins apart, also those to origins that aren't allowed. */
export function corsHeaders(allowed: ReadonlySet<string>, origin = ""): Record<string, string> {
  const isAllowed = allowed.has(origin);
  return {
    vary: "Origin",
    ...(isAllowed && {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": exposedHeaders.join(", "),
    }),
  };
}
