import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DeleteAliasCommand,
  EnableKeyRotationCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import { present, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const key: ResourceType = {
  ignored: { ...tagsIgnored, deletion_window_in_days: "a key goes with the emulator" },
  replacedBy: ["customer_master_key_spec", "key_usage", "multi_region"],
  async create(given, place, begun) {
    const client = place.client(KMSClient);
    const { KeyMetadata } = await client.send(
      new CreateKeyCommand({
        Description: given.textIf("description"),
        KeySpec: given.textIf("customer_master_key_spec") as CreateKeyCommandInput["KeySpec"],
        KeyUsage: given.textIf("key_usage") as CreateKeyCommandInput["KeyUsage"],
        MultiRegion: given.flagIf("multi_region"),
        Policy: given.textIf("policy"),
      }),
    );
    const KeyId = present(KeyMetadata?.KeyId, "KeyId");
    const computed = { id: KeyId, key_id: KeyId, arn: present(KeyMetadata?.Arn, "Arn") };
    begun(computed);
    if (given.flagIf("enable_key_rotation") === true) await client.send(new EnableKeyRotationCommand({ KeyId }));
    return computed;
  },
  async update(given, place, before) {
    const client = place.client(KMSClient);
    given.ignore(["customer_master_key_spec", "key_usage", "multi_region"]);
    const KeyId = textOf(before, "key_id");
    await client.send(new PutKeyPolicyCommand({ KeyId, PolicyName: "default", Policy: given.text("policy") }));
    await client.send(new UpdateKeyDescriptionCommand({ KeyId, Description: given.textIf("description") ?? "" }));
    if (given.flagIf("enable_key_rotation") === true) await client.send(new EnableKeyRotationCommand({ KeyId }));
    return before.computed;
  },
  async remove(place, before) {
    const KeyId = textOf(before, "key_id");
    await place.client(KMSClient).send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  },
};

const alias: ResourceType = {
  replacedBy: ["name"],
  async create(given, place) {
    const [AliasName, TargetKeyId] = [given.text("name"), given.text("target_key_id")];
    await place.client(KMSClient).send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    return { id: AliasName, arn: `arn:aws:kms:${place.region}:${place.accountId}:${AliasName}` };
  },
  async update(given, place, before) {
    const [AliasName, TargetKeyId] = [given.text("name"), given.text("target_key_id")];
    await place.client(KMSClient).send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
    return before.computed;
  },
  async remove(place, before) {
    await place.client(KMSClient).send(new DeleteAliasCommand({ AliasName: textOf(before, "name") }));
  },
};

export const types: ResourceTypes = { aws_kms_alias: alias, aws_kms_key: key };
