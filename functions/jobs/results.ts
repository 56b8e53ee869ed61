import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type S3Bucket, storeOnce } from "../shared/s3-bucket";

const keyOf = (id: string) => `results/${id}.json`;

/** Once: a result that is there is the same, and stays. */
export async function storeResult(bucket: S3Bucket, id: string, result: object, signal: AbortSignal): Promise<void> {
  const object = { key: keyOf(id), body: JSON.stringify(result), contentType: "application/json" };
  await storeOnce(bucket, object, signal);
}

/** Long enough to follow a link, too short to hand it on. */
const urlSeconds = 15 * 60;

/** Who has it can read the result, with the function's right, until it is no longer valid: it is for the caller alone. */
export function resultUrl({ client, name }: S3Bucket, id: string): Promise<string> {
  return getSignedUrl(client, new GetObjectCommand({ Bucket: name, Key: keyOf(id) }), { expiresIn: urlSeconds });
}
