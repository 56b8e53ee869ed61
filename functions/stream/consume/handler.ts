import type { KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import { ownTable } from "../../shared/dynamodb-table";
import { createEventHandler } from "../../shared/event-handler";
import { logger } from "../../shared/powertools";
import { ownBucket } from "../../shared/s3-bucket";
import { signingKeys } from "../signing-keys";
import { type Consumer, consume } from "./consumption";
import { shardBatchOf } from "./shard-batch";

export function createConsumeHandler(consumer: Consumer) {
  return createEventHandler<KinesisStreamEvent, KinesisStreamBatchResponse>(async (event, signal) => {
    const batch = shardBatchOf(event);
    logger.appendKeys({ shard_id: batch.shardId });
    const undone = await consume(consumer, batch, signal);
    logger.info("Batch consumed", { records: batch.records.length, whole: undone === undefined });
    return { batchItemFailures: undone === undefined ? [] : [{ itemIdentifier: undone }] };
  });
}

export const handler = createConsumeHandler({ table: ownTable(), bucket: ownBucket(), keys: signingKeys() });
