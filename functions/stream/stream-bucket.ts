import { S3Client } from "@aws-sdk/client-s3";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";

/** The bucket of what is to be imported and of what was consumed, and the way to it. */
export interface StreamBucket {
  readonly client: S3Client;
  readonly name: string;
}

/** The bucket that the function's environment names. */
export function streamBucket(): StreamBucket {
  const { BUCKET_NAME } = requiredVariables("BUCKET_NAME");
  return { client: tracer.captureAWSv3Client(new S3Client(awsClientSettings)), name: BUCKET_NAME };
}
