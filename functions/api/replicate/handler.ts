import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent, ScheduledEvent } from "aws-lambda";
import { createEventHandler } from "../../shared/event-handler";
import { logger, metrics } from "../../shared/powertools";
import { storedItemOf } from "../item-attributes";
import { type ChangeMessage, changeMessage } from "../message";
import { type PeerTopic, peerTopic, publish } from "../topic";

/**
 * Tells the other regions what has changed in this one: the stream of the items table (new images), and each minute,
 * by a schedule, that this region works.
 */
export function createReplicateHandler(topic: PeerTopic) {
  return createEventHandler(
    async (event: DynamoDBStreamEvent | ScheduledEvent, signal): Promise<DynamoDBBatchResponse> => {
      if ("Records" in event) return await publishChanges(topic, event.Records, signal);
      if (event.source !== "aws.events") throw new Error("The event is neither of a stream nor of a schedule");
      const at = new Date().toISOString();
      await publish(topic, { kind: "heartbeat", origin: topic.region, at }, event.id, signal);
      metrics.addMetric("HeartbeatPublished", MetricUnit.Count, 1);
      return { batchItemFailures: [] };
    },
  );
}

/** One after the other, up to the first that can't be published: the stream comes back to it, and to all after it. */
async function publishChanges(
  topic: PeerTopic,
  records: readonly DynamoDBRecord[],
  signal: AbortSignal,
): Promise<DynamoDBBatchResponse> {
  for (const record of records) {
    const message = ownChange(record, topic.region);
    if (message === undefined) continue;
    const { correlationId, item } = message;
    logger.setCorrelationId(correlationId);
    try {
      await publish(topic, message, correlationId, signal);
    } catch (error) {
      logger.error("A change can't be published now", error as Error);
      metrics.addMetric("PublishFailed", MetricUnit.Count, 1);
      return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? "" }] };
    }
    logger.info("Change published", { itemId: item.id, version: item.version });
    metrics.addMetric("ChangePublished", MetricUnit.Count, 1);
  }
  return { batchItemFailures: [] };
}

/**
 * What the others are to know: versions of this region's items. Copies would echo. What DynamoDB removes, every region
 * removes by itself when its time is up.
 */
function ownChange({ dynamodb }: DynamoDBRecord, region: string): ChangeMessage | undefined {
  const image = dynamodb?.NewImage;
  if (image?.origin?.S !== region) return undefined;
  try {
    return changeMessage(storedItemOf(image));
  } catch (error) {
    // Written by hand: it never becomes right, and everything behind it would wait.
    logger.error("A change can't be published ever", error as Error);
    metrics.addMetric("UnpublishableChange", MetricUnit.Count, 1);
    return undefined;
  }
}

export const handler = createReplicateHandler(peerTopic());
