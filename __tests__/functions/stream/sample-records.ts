import { createHmac } from "node:crypto";
import type { KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";

/** What the infrastructure, and Lambda itself, set for the functions of the stream system. */
export const streamVariables: Readonly<Record<string, string>> = {
  STREAM_NAME: "records",
  SECRET_NAME: "signing-key",
  TABLE_NAME: "stream",
  BUCKET_NAME: "tap-stream",
  ALLOWED_ORIGINS: "https://app.example.com",
  POWERTOOLS_SERVICE_NAME: "stream",
  POWERTOOLS_METRICS_NAMESPACE: "tap",
  POWERTOOLS_TRACE_ENABLED: "false",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  _HANDLER: "index.handler",
};

/** Ids of versions of the secret, and their keys. */
export const versionIds = ["11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"] as const;
export const keyOf = (version: string) => Buffer.alloc(32, version);
export const secretValueOf = (version: string) => JSON.stringify({ key: keyOf(version).toString("base64") });

export interface SampleRecord {
  readonly id: string;
  readonly source: string;
  readonly metric: string;
  readonly value: number;
  readonly occurredAt: string;
}

export function sampleRecord(changes: Partial<SampleRecord> = {}): SampleRecord {
  return {
    id: "record-1",
    source: "press-7",
    metric: "temperature-celsius",
    value: 71.25,
    occurredAt: "2026-01-01T07:30:00.000Z",
    ...changes,
  };
}

/** A record as the stream carries it, by the contract's words and not by the functions' code. */
export function sealed(record: SampleRecord, version: string = versionIds[0], changes: object = {}): string {
  const { id, source, metric, value, occurredAt } = record;
  const signature = createHmac("sha256", keyOf(version))
    .update(JSON.stringify([id, source, metric, value, occurredAt]))
    .digest("base64");
  return JSON.stringify({ record, correlationId: "correlation-1", keyId: version, signature, ...changes });
}

/** What Lambda reads of a shard. */
export interface OnShard {
  readonly sequenceNumber: string;
  readonly data: string;
}

export function shardEvent(shardId: string, records: readonly OnShard[], streamName = "records"): KinesisStreamEvent {
  return {
    Records: records.map(
      ({ sequenceNumber, data }): KinesisStreamRecord => ({
        eventID: `${shardId}:${sequenceNumber}`,
        eventName: "aws:kinesis:record",
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventSourceARN: `arn:aws:kinesis:us-east-1:111111111111:stream/${streamName}`,
        awsRegion: "us-east-1",
        invokeIdentityArn: "arn:aws:iam::111111111111:role/consume",
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "press-7",
          sequenceNumber,
          data: Buffer.from(data).toString("base64"),
          approximateArrivalTimestamp: 1767225600,
        },
      }),
    ),
  };
}
