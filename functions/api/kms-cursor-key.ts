import { GenerateMacCommand, KMSClient } from "@aws-sdk/client-kms";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";
import type { CursorKey } from "./cursor";

/** Whom these keys are for: the key in KMS may serve others. */
const purpose = "cursors of the items API, ";

/**
 * Keys that are made by an HMAC key which never leaves KMS: what KMS signs for a day is the key of that day
 * (NIST SP 800-108). Kept while the execution environment lives: one call a day instead of one a page, and lists go
 * on while KMS doesn't answer.
 */
export function kmsCursorKey(): CursorKey {
  const { CURSOR_KEY_ARN } = requiredVariables("CURSOR_KEY_ARN");
  const client = tracer.captureAWSv3Client(new KMSClient(awsClientSettings));
  const known = new Map<string, Uint8Array>();
  return {
    async ofDay(day, abortSignal) {
      const key = known.get(day) ?? (await generate(client, CURSOR_KEY_ARN, day, abortSignal));
      known.set(day, key);
      return key;
    },
  };
}

async function generate(client: KMSClient, keyArn: string, day: string, abortSignal: AbortSignal): Promise<Uint8Array> {
  const command = new GenerateMacCommand({
    KeyId: keyArn,
    MacAlgorithm: "HMAC_SHA_256",
    Message: Buffer.from(purpose + day),
  });
  const { Mac } = await client.send(command, { abortSignal });
  if (Mac === undefined) throw new Error("KMS answered without a code");
  return Mac;
}
