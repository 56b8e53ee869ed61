import { createHash } from "node:crypto";
import type { S3EventRecord } from "aws-lambda";
import * as z from "zod/mini";
import type { FileVersion } from "./file-item";

/** What is needed of a notification (S3 user guide, event message structure); all else passes. */
const objectCreated = z.object({
  eventName: z.string(),
  s3: z.object({
    object: z.object({
      key: z.string().check(z.minLength(1)),
      size: z.int().check(z.nonnegative()),
      // Of a bucket without versions there is none: which bytes are meant isn't known then.
      versionId: z.string().check(z.minLength(1)),
      sequencer: z.string().check(z.regex(/^[0-9A-Fa-f]{1,64}$/)),
    }),
  }),
});

const notification = z.union([
  z.object({ Records: z.array(z.looseObject({ eventName: z.string() })) }),
  // Sent once, when notifications are set up.
  z.object({ Event: z.literal("s3:TestEvent") }),
]);

/**
 * Objects that were created, as a message of the queue tells of them; none in a test event.
 * @throws Error without any value where the message is no notification of S3
 */
export function readS3Event(body: string): S3EventRecord[] {
  const event = notification.safeParse(parseJson(body));
  if (!event.success) throw new Error("The message is no notification of S3");
  if (!("Records" in event.data)) return [];
  return event.data.Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName)).map((record) => {
    if (!objectCreated.safeParse(record).success)
      throw new Error("A record of the message tells of no version of an object");
    return record as unknown as S3EventRecord;
  });
}

/** The version of a file that an object is. */
export function versionOf({ s3 }: S3EventRecord): FileVersion {
  const { versionId, sequencer, size } = s3.object;
  if (versionId === undefined) throw new Error("The bucket has no versions");
  const key = decodeKey(s3.object.key);
  return { id: fileIdOfKey(key), versionId, key, sequencer, sizeBytes: size };
}

/** As forms encode it: a space is a plus, and a plus isn't. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    // The message of the error that is thrown has no value either, but says nothing of the cause.
    throw new Error("The key of an object is not URL-encoded");
  }
}

/** The id is in the keys that the API signs; other objects have one that nobody chose, and that is always the same. */
export function fileIdOfKey(key: string): string {
  const [, id] = /^uploads\/([A-Za-z0-9_-]{22})\.(?:jpg|png|pdf|txt|csv|json)$/.exec(key) ?? [];
  return id ?? createHash("sha256").update(key).digest("base64url").slice(0, 22);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    return undefined;
  }
}
