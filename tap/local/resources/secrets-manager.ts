import {
  CreateSecretCommand,
  DeleteSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from "@aws-sdk/client-secrets-manager";
import { present, put, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const secret: ResourceType = {
  ignored: { ...tagsIgnored, recovery_window_in_days: "a secret goes with the emulator" },
  replacedBy: ["name"],
  async create(given, place) {
    const { ARN } = await place.client(SecretsManagerClient).send(
      new CreateSecretCommand({
        Name: given.text("name"),
        Description: given.textIf("description"),
        KmsKeyId: given.textIf("kms_key_id"),
      }),
    );
    const arn = present(ARN, "ARN");
    return { id: arn, arn };
  },
  async update(given, place, before) {
    given.ignore(["name"]);
    const [Description, KmsKeyId] = [given.textIf("description"), given.textIf("kms_key_id")];
    const SecretId = textOf(before, "arn");
    await place.client(SecretsManagerClient).send(new UpdateSecretCommand({ SecretId, Description, KmsKeyId }));
    return before.computed;
  },
  async remove(place, before) {
    const SecretId = textOf(before, "arn");
    await place
      .client(SecretsManagerClient)
      .send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  },
};

const rotation = put(async (given, place) => {
  const SecretId = given.text("secret_id");
  const rules = given.block("rotation_rules");
  await place.client(SecretsManagerClient).send(
    new RotateSecretCommand({
      SecretId,
      RotationLambdaARN: given.text("rotation_lambda_arn"),
      RotationRules: {
        AutomaticallyAfterDays: rules?.numberIf("automatically_after_days"),
        ScheduleExpression: rules?.textIf("schedule_expression"),
        Duration: rules?.textIf("duration"),
      },
      RotateImmediately: given.flagIf("rotate_immediately"),
    }),
  );
  return { id: SecretId };
});

export const types: ResourceTypes = { aws_secretsmanager_secret: secret, aws_secretsmanager_secret_rotation: rotation };
