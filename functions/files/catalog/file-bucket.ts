import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { awsClientSettings } from "../../shared/aws-client";
import { tracer } from "../../shared/powertools";
import { requiredVariables } from "../../shared/variables";

/** The bucket of the files, and the way to it. */
export interface FileBucket {
  readonly client: S3Client;
  readonly name: string;
}

/** The bucket that the function's environment names. */
export function fileBucket(): FileBucket {
  const { BUCKET_NAME } = requiredVariables("BUCKET_NAME");
  return { client: tracer.captureAWSv3Client(new S3Client(awsClientSettings)), name: BUCKET_NAME };
}

/** Its versions stay for 30 days, as old ones (FIL-01); where there is no such object, S3 says the same. */
export async function deleteObject({ client, name }: FileBucket, key: string, abortSignal: AbortSignal): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), { abortSignal });
}
