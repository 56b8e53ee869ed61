import { addAbortSignal, type Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { S3Bucket } from "../../shared/s3-bucket";
import type { ObjectVersion } from "../../shared/s3-notification";

/**
 * Bytes of a version of an object from an offset on, as they are asked for: whoever is slow has no more in memory.
 * @throws Error with the code ECONNRESET where the connection breaks before the end
 */
export async function* objectBytes(
  { client }: S3Bucket,
  { bucketName, key, versionId }: ObjectVersion,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const get = new GetObjectCommand({
    Bucket: bucketName,
    Key: key,
    VersionId: versionId,
    // Of an empty object there is no range at all.
    ...(offset > 0 && { Range: `bytes=${offset}-` }),
  });
  const answer = await client.send(get, { abortSignal: signal }).catch(endOfObject);
  if (answer === undefined) return;
  // From elsewhere, lines would be put down under wrong numbers, and others missed.
  if (offset > 0 && !answer.ContentRange?.startsWith(`bytes ${offset}-`))
    throw new Error("S3 answered with another range");
  // The client's own timeouts are over once there is an answer.
  const body = addAbortSignal(signal, answer.Body as Readable);
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    yield chunk;
  }
  if (length !== answer.ContentLength) throw Object.assign(new Error("The object ended early"), { code: "ECONNRESET" });
}

/** The offset is behind its last byte: there is no such range. */
function endOfObject(error: Error): undefined {
  if (error.name !== "InvalidRange") throw error;
}
