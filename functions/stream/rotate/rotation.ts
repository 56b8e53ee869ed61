import {
  DescribeSecretCommand,
  type DescribeSecretResponse,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { keyBytesOf, newSecretValue } from "../signing-key";

/** One version of a secret, on its way to be the current one. */
export interface Rotation {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  /** Id of the version that is made. */
  readonly token: string;
  readonly signal: AbortSignal;
}

/** What Secrets Manager asks for, in this order. Each may be asked for again, whatever became of it before. */
export const steps: Readonly<Record<string, (rotation: Rotation) => Promise<void>>> = {
  createSecret,
  // Nobody else is to know the key: there is nothing to set.
  setSecret: async () => {},
  testSecret,
  finishSecret,
};

export async function describe({ client, secretId, signal }: Rotation): Promise<DescribeSecretResponse> {
  return await client.send(new DescribeSecretCommand({ SecretId: secretId }), { abortSignal: signal });
}

/** A value that is there stays: it may have been seen. */
async function createSecret(rotation: Rotation): Promise<void> {
  const { client, secretId, token, signal } = rotation;
  if ((await pendingValue(rotation)) !== undefined) return;
  const put = new PutSecretValueCommand({
    SecretId: secretId,
    ClientRequestToken: token,
    SecretString: newSecretValue(),
    VersionStages: ["AWSPENDING"],
  });
  try {
    await client.send(put, { abortSignal: signal });
  } catch (error) {
    // Another made one at the same time.
    if ((error as Error).name !== "ResourceExistsException") throw error;
  }
}

/** Before the version is used: it has a key, and this can be read. */
async function testSecret(rotation: Rotation): Promise<void> {
  keyBytesOf(await pendingValue(rotation));
}

async function finishSecret(rotation: Rotation): Promise<void> {
  const { client, secretId, token, signal } = rotation;
  const { VersionIdsToStages = {} } = await describe(rotation);
  const current = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes("AWSCURRENT"));
  if (current === token) return;
  const update = new UpdateSecretVersionStageCommand({
    SecretId: secretId,
    VersionStage: "AWSCURRENT",
    MoveToVersionId: token,
    // There is none at first.
    ...(current !== undefined && { RemoveFromVersionId: current }),
  });
  await client.send(update, { abortSignal: signal });
}

/** Undefined: the version has no value yet. */
async function pendingValue({ client, secretId, token, signal }: Rotation): Promise<string | undefined> {
  const get = new GetSecretValueCommand({ SecretId: secretId, VersionId: token, VersionStage: "AWSPENDING" });
  try {
    const { SecretString } = await client.send(get, { abortSignal: signal });
    return SecretString;
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
