import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { awsClientSettings } from "../shared/aws-client";
import { logger, tracer } from "../shared/powertools";
import { isUnavailable } from "../shared/unavailable";
import { requiredVariables } from "../shared/variables";
import { keyBytesOf, type SigningKey } from "./signing-key";

/** How old the current key may be, seconds: what a rotation made is used within it. */
const maximumAgeSeconds = 300;

/** How old a version may be that records are judged by, seconds: a key that was taken back is refused within it. */
const maximumVersionAgeSeconds = 3_600;

/** Versions that are kept: far more than a stream has records of. */
const maximumVersions = 32;

/** Of versions that are good: the newest, and the one before. Others can still be read, and were taken back (Secrets Manager user guide, versions). */
const goodStages = ["AWSCURRENT", "AWSPREVIOUS"];

/** The keys that records are signed with: versions of one secret. */
export interface SigningKeys {
  /** The one to sign with. Undefined: the secret has no value yet. */
  current(signal: AbortSignal): Promise<SigningKey | undefined>;
  /** The one that a record names, also of the rotation before. Undefined: there is none, or it is good no longer. */
  ofVersion(id: string, signal: AbortSignal): Promise<SigningKey | undefined>;
}

/** Those of the secret that the function's environment names. */
export function signingKeys(): SigningKeys {
  const { SECRET_NAME } = requiredVariables("SECRET_NAME");
  return signingKeysOf(tracer.captureAWSv3Client(new SecretsManagerClient(awsClientSettings)), SECRET_NAME);
}

export function signingKeysOf(client: SecretsManagerClient, secretName: string): SigningKeys {
  const versions = new Map<string, { readonly key: SigningKey; readonly readAt: number }>();
  let current: SigningKey | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const remember = (key: SigningKey): SigningKey => {
    const [oldest] = versions.keys();
    if (versions.size >= maximumVersions && oldest !== undefined) versions.delete(oldest);
    versions.delete(key.id);
    versions.set(key.id, { key, readAt: Date.now() });
    return key;
  };

  return {
    async current(signal) {
      if (current !== undefined && Date.now() - readAt < maximumAgeSeconds * 1_000) return current;
      const read = await readKey(client, secretName, {}, signal).catch((error) => {
        // It is as good as it was: whoever reads records knows it for long.
        if (current === undefined || !isUnavailable(error)) throw error;
        logger.warn("The signing key can't be read again: the last one is used", error as Error);
        return current;
      });
      readAt = Date.now();
      current = read && remember(read);
      return current;
    },
    async ofVersion(id, signal) {
      const known = versions.get(id);
      if (known !== undefined && Date.now() - known.readAt < maximumVersionAgeSeconds * 1_000) return known.key;
      const read = await readKey(client, secretName, { VersionId: id }, signal);
      return read && remember(read);
    },
  };
}

async function readKey(
  client: SecretsManagerClient,
  secretName: string,
  version: { readonly VersionId?: string },
  abortSignal: AbortSignal,
): Promise<SigningKey | undefined> {
  const get = new GetSecretValueCommand({ SecretId: secretName, ...version });
  try {
    const { VersionId = "", SecretString, VersionStages = [] } = await client.send(get, { abortSignal });
    if (!VersionStages.some((stage) => goodStages.includes(stage))) return undefined;
    return { id: VersionId, bytes: keyBytesOf(SecretString) };
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
