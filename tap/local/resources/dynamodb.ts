import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { Arguments } from "../arguments";
import {
  type Computed,
  type Place,
  present,
  type ResourceType,
  type ResourceTypes,
  tagsIgnored,
  textOf,
} from "./resource-type";

const table: ResourceType = {
  ignored: {
    ...tagsIgnored,
    deletion_protection_enabled: "tap local down removes all",
    point_in_time_recovery: "the emulator keeps no earlier states",
    replica: "written by DynamoDB itself, between regions",
  },
  replacedBy: ["name", "hash_key", "range_key", "attribute", "global_secondary_index", "stream_enabled"],
  async create(given, place, begun) {
    const client = place.client(DynamoDBClient);
    const name = given.text("name");
    const input: CreateTableCommandInput = {
      TableName: name,
      AttributeDefinitions: given.blocks("attribute").map((attribute) => ({
        AttributeName: attribute.text("name"),
        AttributeType: attribute.text("type") as "S",
      })),
      KeySchema: keySchema(given),
      GlobalSecondaryIndexes: indexes(given),
      ...capacity(given),
      SSESpecification: encryption(given),
      StreamSpecification:
        given.flagIf("stream_enabled") === true
          ? { StreamEnabled: true, StreamViewType: given.text("stream_view_type") as "NEW_IMAGE" }
          : undefined,
    };
    const { TableDescription } = await client.send(new CreateTableCommand(input));
    const made = computed(name, TableDescription);
    begun(made);
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 }, { TableName: name });
    await setTimeToLive(given, place);
    return made;
  },
  async update(given, place, before) {
    const client = place.client(DynamoDBClient);
    given.ignore(table.replacedBy ?? []);
    given.ignore(["stream_view_type"]);
    const TableName = textOf(before, "name");
    await client.send(new UpdateTableCommand({ TableName, ...capacity(given), SSESpecification: encryption(given) }));
    await setTimeToLive(given, place, before.values.ttl !== undefined);
    return before.computed;
  },
  async remove(place, before) {
    await place.client(DynamoDBClient).send(new DeleteTableCommand({ TableName: textOf(before, "name") }));
  },
};

function keySchema(given: Arguments): CreateTableCommandInput["KeySchema"] {
  const range = given.textIf("range_key");
  return [
    { AttributeName: given.text("hash_key"), KeyType: "HASH" },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
  ];
}

function indexes(given: Arguments): CreateTableCommandInput["GlobalSecondaryIndexes"] {
  const all = given.blocks("global_secondary_index").map((index) => ({
    IndexName: index.text("name"),
    KeySchema: keySchema(index),
    Projection: { ProjectionType: index.text("projection_type") as "ALL" },
    ...throughput(index),
  }));
  return all.length === 0 ? undefined : all;
}

function capacity(given: Arguments): Pick<CreateTableCommandInput, "BillingMode" | "ProvisionedThroughput"> {
  return { BillingMode: given.textIf("billing_mode") as "PROVISIONED", ...throughput(given) };
}

function throughput(given: Arguments): Pick<CreateTableCommandInput, "ProvisionedThroughput"> {
  const [read, write] = [given.numberIf("read_capacity"), given.numberIf("write_capacity")];
  return read === undefined || write === undefined
    ? {}
    : { ProvisionedThroughput: { ReadCapacityUnits: read, WriteCapacityUnits: write } };
}

function encryption(given: Arguments): CreateTableCommandInput["SSESpecification"] {
  const block = given.block("server_side_encryption");
  return block?.flagIf("enabled") === true
    ? { Enabled: true, SSEType: "KMS", KMSMasterKeyId: block.textIf("kms_key_arn") }
    : undefined;
}

async function setTimeToLive(given: Arguments, place: Place, wasSet = false): Promise<void> {
  const block = given.block("ttl");
  if (block === undefined) return;
  const [AttributeName, Enabled] = [block.textIf("attribute_name"), block.flagIf("enabled") === true];
  if (AttributeName === undefined || (wasSet && Enabled)) return;
  const TimeToLiveSpecification = { AttributeName, Enabled };
  const TableName = given.text("name");
  await place.client(DynamoDBClient).send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

function computed(
  name: string,
  description: { TableArn?: string | undefined; LatestStreamArn?: string | undefined } | undefined,
): Computed {
  const stream = description?.LatestStreamArn;
  return {
    id: name,
    arn: present(description?.TableArn, "TableArn"),
    ...(stream === undefined ? {} : { stream_arn: stream }),
  };
}

export const types: ResourceTypes = { aws_dynamodb_table: table };
