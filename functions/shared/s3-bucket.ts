import { PutObjectCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { awsClientSettings } from "./aws-client";
import { tracer } from "./powertools";
import { requiredVariables } from "./variables";

/** A bucket, and the way to it. */
export interface S3Bucket {
  readonly client: S3Client;
  readonly name: string;
}

/** The bucket that the function's environment names. @param settings of its client */
export function ownBucket(settings: S3ClientConfig = awsClientSettings): S3Bucket {
  const { BUCKET_NAME } = requiredVariables("BUCKET_NAME");
  return { client: tracer.captureAWSv3Client(new S3Client(settings)), name: BUCKET_NAME };
}

/** What is to lie in a bucket. */
export interface StoredObject {
  readonly key: string;
  readonly body: string;
  readonly contentType: string;
}

/** Once: what is there is the same, and stays. */
export async function storeOnce(
  { client, name }: S3Bucket,
  { key, body, contentType }: StoredObject,
  abortSignal: AbortSignal,
): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: name,
    Key: key,
    Body: body,
    ContentType: contentType,
    IfNoneMatch: "*",
  });
  try {
    await client.send(put, { abortSignal });
  } catch (error) {
    if ((error as Error).name !== "PreconditionFailed") throw error;
  }
}
