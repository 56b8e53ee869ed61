import type { Emulator } from "./emulator";
import { backend } from "./synthesized";

/** Settings of the S3 backend that the emulator needs, and AWS doesn't. */
export const emulatorBackend = [
  "use_path_style=true",
  "skip_credentials_validation=true",
  "skip_requesting_account_id=true",
  "skip_metadata_api_check=true",
];

/** The bucket and the lock table that bootstrap makes in an account; the stand-in provider of the tests makes nothing. */
export async function createStateStorage(emulator: Emulator, bucket: string, region: string): Promise<void> {
  await createBucket(emulator, bucket, region);
  const table = {
    TableName: backend.dynamodb_table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "LockID", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "LockID", KeyType: "HASH" }],
  };
  // The emulator is one account: environments of one region find the table there.
  await emulator.call("DynamoDB_20120810.CreateTable", region, table).catch((error: Error) => {
    if (!error.message.includes("ResourceInUse")) throw error;
  });
}

export async function createBucket(emulator: Emulator, bucket: string, region: string): Promise<void> {
  const location = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
  const { ok, status } = await emulator.s3("PUT", bucket, region === "us-east-1" ? undefined : location);
  if (!ok) throw new Error(`The emulator made no bucket ${bucket}: ${status}`);
}
