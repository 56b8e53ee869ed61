import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CommandError } from "../context";
import { type Clients, clientsOf } from "./clients";
import { Http1KinesisClient } from "./kinesis-client";
import type { LocalState } from "./state";
import { findTarget, type Target, targetsOf } from "./targets";

export interface SendOptions {
  readonly region: string | undefined;
  /** Partition key of a record. */
  readonly partitionKey: string;
  /** Content type of an object. */
  readonly contentType?: string;
}

/** What was sent where, and how AWS calls it. */
export interface Sent {
  readonly to: string;
  readonly kind: "message" | "record" | "object";
  readonly id: string;
}

const streams = ["aws_sqs_queue", "aws_kinesis_stream", "aws_sns_topic"];

/** Sends data, as the account's own user: a message to a queue or topic, a record to a stream, or an object to s3://bucket/key. */
export async function send(state: LocalState, to: string, data: Buffer, options: SendOptions): Promise<Sent> {
  const clients = clientsOf(state);
  if (to.startsWith("s3://")) return putObject(state, clients, to.slice("s3://".length), data, options);
  const { resource, name } = findTarget(state, to, streams, "queue, topic or stream", options.region);
  const client = clients.in(resource.region);
  if (resource.type === "aws_kinesis_stream") {
    const { SequenceNumber = "" } = await client(Http1KinesisClient).send(
      new PutRecordCommand({ StreamName: name, PartitionKey: options.partitionKey, Data: data }),
    );
    return { to: name, kind: "record", id: SequenceNumber };
  }
  const text = data.toString();
  const { MessageId = "" } =
    resource.type === "aws_sns_topic"
      ? await client(SNSClient).send(new PublishCommand({ TopicArn: String(resource.computed.arn), Message: text }))
      : await client(SQSClient).send(
          new SendMessageCommand({ QueueUrl: String(resource.computed.url), MessageBody: text }),
        );
  return { to: name, kind: "message", id: MessageId };
}

async function putObject(
  state: LocalState,
  clients: Clients,
  path: string,
  data: Buffer,
  { region, contentType }: SendOptions,
): Promise<Sent> {
  const { target, key } = bucketOf(state, path, region);
  await clients
    .in(target.resource.region)(S3Client)
    .send(new PutObjectCommand({ Bucket: target.name, Key: key, Body: data, ContentType: contentType }));
  return { to: target.name, kind: "object", id: key };
}

/** The bucket that a path begins with, by its name or its short one, and the key behind it. */
function bucketOf(state: LocalState, path: string, region: string | undefined): { target: Target; key: string } {
  const isHome = ({ resource }: Target) => resource.region === (region ?? state.primaryRegion);
  const all = targetsOf(state, ["aws_s3_bucket"]);
  const buckets = [...all.filter(isHome), ...all.filter((target) => region === undefined && !isHome(target))];
  for (const target of buckets)
    for (const name of [target.name, target.shortName])
      if (path.startsWith(`${name}/`)) return { target, key: path.slice(name.length + 1) };
  const names = buckets.map(({ shortName }) => shortName);
  throw new CommandError(
    `s3://${path} begins with no bucket of ${state.environment}, or has no key behind it; buckets are ${names.join(", ")}`,
  );
}
