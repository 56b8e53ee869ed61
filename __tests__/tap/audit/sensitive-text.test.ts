import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { entropyOf, looksSecret, secretIn } from "../../../tap/audit/sensitive-text";
import { betweenLinearAndQuadratic, growth } from "../../support/growth";

/* What is taken for a secret, and what is let off. No key here was ever one. */

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const text = (characters: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: length, maxLength: length });

/** Each with the name of what issues it. */
const issued: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "an AWS access key": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16).map((rest) => `AKIA${rest}`),
  "a private key": fc.constantFrom("RSA ", "EC ", "OPENSSH ", "").map((kind) => `-----BEGIN ${kind}PRIVATE KEY-----`),
  "a token of GitHub": text(letters + digits, 36).map((rest) => `ghp_${rest}`),
  "a token of npm": text(letters + digits, 36).map((rest) => `npm_${rest}`),
  "a key of Stripe": text(letters + digits, 24).map((rest) => `sk_live_${rest}`),
  "a key of Google": text(letters + digits, 35).map((rest) => `AIza${rest}`),
  "a password in an address": text(letters + digits, 12).map((rest) => `postgres://shop:${rest}@db.example.com/shop`),
};

test.each(Object.entries(issued))("finds %s, whatever it is called and wherever it stands", (what, secrets) => {
  fc.assert(
    fc.property(
      secrets,
      fc.constantFrom("", "x ", 'key="'),
      fc.constantFrom("", " ", '"\n'),
      (secret, before, after) => {
        expect(secretIn("description", before + secret + after)).toBe(what);
      },
    ),
  );
});

const secretNames = [
  "DB_PASSWORD",
  "dbPassword",
  "db-password",
  "API_KEY",
  "clientSecret",
  "github.token",
  "PRIVATE_KEY",
];

test("finds any text under a secret's name that has a digit, unless it is a number or a pointer", () => {
  fc.assert(
    fc.property(fc.constantFrom(...secretNames), text(letters + digits, 9), (name, rest) => {
      expect(looksSecret(name, `${rest}7x`)).toBe(true);
    }),
  );
});

test.each([
  ["DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf"],
  ["DB_PASSWORD", "${random_password.Db.result}"],
  ["API_KEY", "/shop/prod/api-key"],
  ["SIGNING_SECRET", "shop-stream-signing"],
  ["TOKEN_TTL", "3600"],
  ["MAX_TOKENS", "4096"],
  ["accessToken", "true"],
  ["credentials", "include"],
  ["SECRET_NAME", "shop/prod/db1"],
  ["password", "********"],
  ["CURSOR_KEY_ARN", "arn:aws:kms:us-east-1:111111111111:key/6f1c1d2e-1111-2222-3333-444455556666"],
  ["source_code_hash", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
  ["queue", "https://sqs.us-east-1.amazonaws.com/111111111111/tap-api-peer-messages-dead-letters-dev-us-east-1"],
  ["commit", "2907322b2dd53a81d203878455baac45fb9fe9a875204e17ea5d26c7b7ef0989"],
  ["topic", "TapApiItemsDeadLettersDevUsEast1ProcessorFunction"],
  ["id", "6f1c1d2e-1111-2222-3333-444455556666"],
])("lets %s off that is %s", (name, value) => {
  expect(secretIn(name, value)).toBeUndefined();
});

test("finds nearly every key of random bytes by itself", () => {
  const found = Array.from({ length: 1_000 }, () => randomBytes(30).toString("base64")).filter((key) =>
    looksSecret("setting", `value=${key}`),
  );
  expect(found.length).toBeGreaterThan(930);
});

test("lets off names of things, made of words, regions and accounts", () => {
  const words = fc.constantFrom(
    "tap",
    "files",
    "orders",
    "dead",
    "letters",
    "dev",
    "us-east-1",
    "111111111111",
    "v2",
    "Api",
  );
  fc.assert(
    fc.property(
      fc.array(words, { minLength: 1, maxLength: 8 }),
      fc.constantFrom("-", "/", "_", "."),
      (parts, separator) => {
        expect(secretIn("name", parts.join(separator))).toBeUndefined();
        expect(secretIn("arn", `arn:aws:sqs:us-east-1:111111111111:${parts.join(separator)}`)).toBeUndefined();
      },
    ),
    { examples: [[["v2", "tap", "us-east-1", "v2", "files", "Api"], "-"]] },
  );
});

test("takes any text, of any length, in linear time", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (name, value) => typeof looksSecret(name, value) === "boolean"));
  const parts = ["a", "eyJ", "://", "AKIA", "-----BEGIN ", "${a}", "xoxb-", "Aa1"];
  const grown = growth({
    size: 5_000,
    times: 10,
    make: (size, run) => parts.map((part) => [part.repeat(size / 5), `${run} ${part.repeat(size)}`] as const),
    work: (texts) => texts.map(([name, value]) => looksSecret(name, value)),
  });
  expect(grown).toBeLessThan(betweenLinearAndQuadratic(10));
});

test("entropy is that of Shannon, in bits per character", () => {
  expect(entropyOf("")).toBe(0);
  expect(entropyOf("aaaa")).toBe(0);
  expect(entropyOf("abab")).toBe(1);
  expect(entropyOf("abcd")).toBe(2);
});
