import {
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  IncreaseStreamRetentionPeriodCommand,
  StartStreamEncryptionCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import type { Arguments } from "../arguments";
import { Http1KinesisClient } from "../kinesis-client";
import { type Computed, type Place, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

/** Hours that a new stream keeps its records. */
const defaultRetentionHours = 24;

const stream: ResourceType = {
  ignored: { ...tagsIgnored, enforce_consumer_deletion: "tap local removes a stream with its consumers" },
  replacedBy: ["name", "shard_count", "stream_mode_details"],
  async create(given, place, begun) {
    const client = place.client(Http1KinesisClient);
    const StreamName = given.text("name");
    const StreamMode = (given.block("stream_mode_details")?.text("stream_mode") ?? "PROVISIONED") as "PROVISIONED";
    const ShardCount = given.numberIf("shard_count");
    await client.send(new CreateStreamCommand({ StreamName, ShardCount, StreamModeDetails: { StreamMode } }));
    const computed = made(StreamName, place);
    begun(computed);
    await waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 }, { StreamName });
    await set(given, place, defaultRetentionHours);
    return computed;
  },
  async update(given, place, before) {
    given.ignore(["shard_count", "stream_mode_details"]);
    await set(given, place, Number(before.values.retention_period ?? defaultRetentionHours));
    return before.computed;
  },
  async remove(place, before) {
    const StreamName = textOf(before, "name");
    await place.client(Http1KinesisClient).send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }));
  },
};

async function set(given: Arguments, place: Place, hoursBefore: number): Promise<void> {
  const client = place.client(Http1KinesisClient);
  const StreamName = given.text("name");
  const RetentionPeriodHours = given.numberIf("retention_period") ?? defaultRetentionHours;
  if (RetentionPeriodHours > hoursBefore)
    await client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
  if (RetentionPeriodHours < hoursBefore)
    await client.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
  const [EncryptionType, KeyId] = [given.textIf("encryption_type"), given.textIf("kms_key_id")];
  if (EncryptionType === "KMS")
    await client.send(new StartStreamEncryptionCommand({ StreamName, EncryptionType, KeyId }));
}

function made(name: string, { region, accountId }: Place): Computed {
  const arn = `arn:aws:kinesis:${region}:${accountId}:stream/${name}`;
  return { id: arn, arn };
}

export const types: ResourceTypes = { aws_kinesis_stream: stream };
