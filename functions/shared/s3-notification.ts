import * as z from "zod/mini";
import { parseJson } from "./json";

/** A version of an object, as S3 tells of it. */
export interface ObjectVersion {
  readonly bucketName: string;
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Which of two versions of one key is the newer, in hexadecimal digits. */
  readonly sequencer: string;
}

/** What is needed of a notification (S3 user guide, event message structure); all else passes. */
const notification = z.union([
  z.object({ Records: z.array(z.looseObject({ eventName: z.string() })) }),
  // Sent once, when notifications are set up.
  z.object({ Event: z.literal("s3:TestEvent") }),
]);

const created = z.object({
  s3: z.object({
    bucket: z.object({ name: z.string().check(z.minLength(1)) }),
    object: z.object({
      key: z.string().check(z.minLength(1)),
      // Of a bucket without versions there is none: which bytes are meant isn't known then.
      versionId: z.string().check(z.minLength(1)),
      size: z.int().check(z.nonnegative()),
      sequencer: z.string().check(z.regex(/^[0-9A-Fa-f]{1,64}$/)),
    }),
  }),
});

/**
 * Objects that were created, as a message of S3 tells of them; none in a test event.
 * @throws Error without any value where it is no such message
 */
export function createdObjects(body: string): ObjectVersion[] {
  const { data } = notification.safeParse(parseJson(body));
  if (data === undefined) throw new Error("The message is no notification of S3");
  if (!("Records" in data)) return [];
  return data.Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName)).map(versionOf);
}

function versionOf(record: unknown): ObjectVersion {
  const { data } = created.safeParse(record);
  if (data === undefined) throw new Error("A record of the message tells of no version of an object");
  const { bucket, object } = data.s3;
  const { versionId, size: sizeBytes, sequencer } = object;
  return { bucketName: bucket.name, key: decodeKey(object.key), versionId, sizeBytes, sequencer };
}

/** As forms encode it: a space is a plus, and a plus isn't. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    throw new Error("The key of an object is not URL-encoded");
  }
}
