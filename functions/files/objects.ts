import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from "@aws-sdk/client-s3";
import { awsClientSettings } from "../shared/aws-client";
import { ownBucket, type S3Bucket } from "../shared/s3-bucket";
import type { Output } from "./apart-messages";
import type { FileVersion } from "./file-item";
import { Refusal } from "./refusal";

/** What is read or written at once may take longer than a small request. */
const transferMilliseconds = 20_000;

/** The bucket that the function's environment names, for objects as large as files are. */
export function ownFiles(): S3Bucket {
  const requestHandler = {
    ...awsClientSettings.requestHandler,
    requestTimeout: transferMilliseconds,
    // Of a body that stops half way.
    socketTimeout: transferMilliseconds,
  };
  return ownBucket({ ...awsClientSettings, requestHandler });
}

/** Of one request: S3 closes connections that are read slowly, and a range that broke can be read again. */
const rangeBytes = 8 * 1_048_576;

/** How often a range is read whose body broke off. */
const maximumReads = 3;

/**
 * The bytes of exactly this version, in pieces; the next is on its way while one is worked on.
 * @throws Refusal where there is no such version, or it is larger than it may be
 */
export async function* readObject(
  bucket: S3Bucket,
  version: FileVersion,
  maximumBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const read = (offset: number) => readRange(bucket, version, offset, maximumBytes, signal);
  let next: Promise<Range> | undefined = read(0);
  for (let offset = 0; next !== undefined; ) {
    const range: Range = await next;
    offset += range.bytes.byteLength;
    const isLast: boolean = range.bytes.byteLength === 0 || offset >= range.totalBytes;
    next = isLast ? undefined : read(offset);
    // Where nobody wants it any more, nobody hears of its end either.
    next?.catch(() => undefined);
    if (range.bytes.byteLength > 0) yield range.bytes;
  }
}

interface Range {
  readonly bytes: Uint8Array;
  readonly totalBytes: number;
}

async function readRange(
  bucket: S3Bucket,
  version: FileVersion,
  offset: number,
  maximumBytes: number,
  signal: AbortSignal,
  reads = 1,
): Promise<Range> {
  const output = await getRange(bucket, version, offset, signal);
  if (output === undefined) return { bytes: new Uint8Array(), totalBytes: 0 };
  const totalBytes = Number(output.ContentRange?.split("/")[1] ?? output.ContentLength);
  if (!(totalBytes <= maximumBytes)) {
    (output.Body as { destroy?: () => void } | undefined)?.destroy?.();
    throw new Refusal("too-large");
  }
  try {
    return { bytes: (await output.Body?.transformToByteArray()) ?? new Uint8Array(), totalBytes };
  } catch (error) {
    // The SDK repeats what wasn't answered, and not what broke off in the middle of the answer.
    if (reads >= maximumReads || signal.aborted) throw error;
    return await readRange(bucket, version, offset, maximumBytes, signal, reads + 1);
  }
}

/** Undefined: the object is empty, it has no ranges. */
async function getRange(
  { client, name: bucketName }: S3Bucket,
  { key, versionId }: FileVersion,
  offset: number,
  abortSignal: AbortSignal,
): Promise<GetObjectCommandOutput | undefined> {
  const get = new GetObjectCommand({
    Bucket: bucketName,
    Key: key,
    VersionId: versionId,
    Range: `bytes=${offset}-${offset + rangeBytes - 1}`,
  });
  try {
    return await client.send(get, { abortSignal });
  } catch (error) {
    const { name } = error as Error;
    if (name === "InvalidRange") return undefined;
    // A delete marker answers MethodNotAllowed.
    if (["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"].includes(name)) throw new Refusal("gone");
    throw error;
  }
}

/** Where what came of a version is stored: the same each time that it is worked on. */
export function resultKey({ id, versionId }: FileVersion, name: string): string {
  return `results/${id}/${versionId}/${name}`;
}

export async function storeOutput(
  { client, name: bucketName }: S3Bucket,
  version: FileVersion,
  { name, contentType, bytes }: Output,
  abortSignal: AbortSignal,
): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: bucketName,
    Key: resultKey(version, name),
    Body: bytes,
    ContentType: contentType,
  });
  await client.send(put, { abortSignal });
}
