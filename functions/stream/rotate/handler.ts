import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SecretsManagerRotationEvent } from "aws-lambda";
import { awsClientSettings } from "../../shared/aws-client";
import { createEventHandler } from "../../shared/event-handler";
import { logger, tracer } from "../../shared/powertools";
import { describe, type Rotation, steps } from "./rotation";

export function createRotateHandler(client: SecretsManagerClient) {
  return createEventHandler<SecretsManagerRotationEvent, void>(async (event, signal) => {
    const { SecretId, ClientRequestToken, Step } = event;
    logger.appendKeys({ step: Step, version_id: ClientRequestToken });
    const step = Object.hasOwn(steps, Step) ? steps[Step] : undefined;
    if (step === undefined) throw new Error("There is no such step of a rotation");
    const rotation = { client, secretId: SecretId, token: ClientRequestToken, signal };
    if (await isDone(rotation)) return logger.info("The version is current already");
    await step(rotation);
    logger.info("Step of the rotation done");
  });
}

/** @throws Error where the version isn't one that Secrets Manager rotates to */
async function isDone(rotation: Rotation): Promise<boolean> {
  const { RotationEnabled, VersionIdsToStages = {} } = await describe(rotation);
  if (!RotationEnabled) throw new Error("The secret's rotation isn't enabled");
  const stages = VersionIdsToStages[rotation.token];
  if (stages === undefined) throw new Error("The secret has no such version");
  if (stages.includes("AWSCURRENT")) return true;
  if (!stages.includes("AWSPENDING")) throw new Error("The version isn't staged as AWSPENDING");
  return false;
}

export const handler = createRotateHandler(tracer.captureAWSv3Client(new SecretsManagerClient(awsClientSettings)));
