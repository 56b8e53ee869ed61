import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";

/** The bucket of the results, and the way to it. */
export interface Results {
  readonly client: S3Client;
  readonly bucketName: string;
}

/** The bucket that the function's environment names. */
export function results(): Results {
  const { BUCKET_NAME } = requiredVariables("BUCKET_NAME");
  return { client: tracer.captureAWSv3Client(new S3Client(awsClientSettings)), bucketName: BUCKET_NAME };
}

const keyOf = (id: string) => `results/${id}.json`;

/** Once: a result that is there is the same, and stays. */
export async function storeResult(
  { client, bucketName }: Results,
  id: string,
  result: object,
  abortSignal: AbortSignal,
): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: bucketName,
    Key: keyOf(id),
    Body: JSON.stringify(result),
    ContentType: "application/json",
    IfNoneMatch: "*",
  });
  try {
    await client.send(put, { abortSignal });
  } catch (error) {
    if ((error as Error).name !== "PreconditionFailed") throw error;
  }
}

/** Long enough to follow a link, too short to hand it on. */
const urlSeconds = 15 * 60;

/** Who has it can read the result, with the function's right, until it is no longer valid: it is for the caller alone. */
export function resultUrl({ client, bucketName }: Results, id: string): Promise<string> {
  return getSignedUrl(client, new GetObjectCommand({ Bucket: bucketName, Key: keyOf(id) }), { expiresIn: urlSeconds });
}
