import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod/mini";
import { streamRecord } from "../../routes/stream";
import { correlationIdPattern } from "../shared/correlation-id";
import { parseJson } from "../shared/json";
import { rulesBroken } from "../shared/rules";
import { Poison } from "./poison";
import type { StreamRecord } from "./record";
import type { SigningKey } from "./signing-key";
import type { SigningKeys } from "./signing-keys";

/** A record as the stream carries it: whose it is, and that this system put it there. */
export interface Envelope {
  readonly record: StreamRecord;
  readonly correlationId: string;
}

const text = (rule: string, pattern: RegExp) => z.string(rule).check(z.regex(pattern, rule));

const envelope = z.strictObject(
  {
    record: streamRecord,
    correlationId: text("must be 8 to 64 of A-Z a-z 0-9 _ -", correlationIdPattern),
    keyId: text("must be the id of a secret's version", /^[A-Za-z0-9-]{32,64}$/),
    signature: text("must be base64 of 32 bytes", /^[A-Za-z0-9+/]{43}=$/),
  },
  "must be an object with record, correlationId, keyId and signature, and no other keys",
);

/** Signed: only who can read the secret can put records on the stream that count. */
export function seal({ record, correlationId }: Envelope, key: SigningKey): string {
  return JSON.stringify({ record, correlationId, keyId: key.id, signature: sign(record, key).toString("base64") });
}

/** @throws Poison where it is no record, or not signed by a key of the secret */
export async function open(sealed: string, keys: SigningKeys, signal: AbortSignal): Promise<Envelope> {
  const { data, error } = envelope.safeParse(parseJson(sealed));
  if (error) throw new Poison(rulesBroken(error).join("; "));
  const { record, correlationId, keyId, signature } = data;
  const key = await keys.ofVersion(keyId, signal);
  if (key === undefined) throw new Poison("The record is signed with a key that there isn't", correlationId);
  if (!timingSafeEqual(sign(record, key), Buffer.from(signature, "base64")))
    throw new Poison("The record's signature is wrong", correlationId);
  return { record, correlationId };
}

/** Of all that a record says, in one order. */
function sign({ id, source, metric, value, occurredAt }: StreamRecord, { bytes }: SigningKey): Buffer {
  return createHmac("sha256", bytes)
    .update(JSON.stringify([id, source, metric, value, occurredAt]))
    .digest();
}
