import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request with a presigned URL, as S3 gets it. */
export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case, `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Why S3 would refuse a request for its signature, or undefined (Signature Version 4, query parameters; UNSIGNED-PAYLOAD
 * as presigned URLs have it).
 */
export function refusalOf({ method, url, headers }: SignedRequest, secretAccessKey: string): string | undefined {
  const query = [...url.searchParams].filter(([name]) => name !== "X-Amz-Signature");
  const given = (name: string) => url.searchParams.get(name) ?? "";
  const signedHeaders = given("X-Amz-SignedHeaders").split(";");
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (unsigned.length > 0) return "There were headers present in the request which were not signed";

  const canonicalRequest = [
    method,
    url.pathname
      .split("/")
      .map((part) => encode(decodeURIComponent(part)))
      .join("/"),
    query
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim()}`),
    "",
    signedHeaders.join(";"),
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const [, ...scope] = given("X-Amz-Credential").split("/");
  const stringToSign = [
    given("X-Amz-Algorithm"),
    given("X-Amz-Date"),
    scope.join("/"),
    createHash("sha256").update(canonicalRequest).digest("hex"),
  ].join("\n");
  const key = scope.reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secretAccessKey}`);
  const right = hmac(key, stringToSign);
  const signature = Buffer.from(given("X-Amz-Signature"), "hex");
  return signature.length === right.length && timingSafeEqual(signature, right) ? undefined : "SignatureDoesNotMatch";
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** RFC 3986: all but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
