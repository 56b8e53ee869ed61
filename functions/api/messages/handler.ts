import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { createBatchHandler } from "../../shared/batch";
import { parseJson } from "../../shared/json";
import { logger, metrics } from "../../shared/powertools";
import { Problem } from "../../shared/problem";
import { parseRequest } from "../../shared/request";
import { keepCopy } from "../copies";
import { type ItemTable, itemTable } from "../item-table";
import { type PeerMessage, peerMessage } from "../message";
import { keepHeartbeat } from "../peers";

/**
 * Takes in what other regions publish: messages of their topics, delivered raw. What fails is delivered again, and
 * goes to the dead letters in the end: a message that is malformed too.
 */
export function createMessagesHandler(table: ItemTable) {
  return createBatchHandler(async ({ body, messageId }, { signal }) => {
    // Messages of a batch are handled at once: each has a logger of its own.
    const log = logger.createChild();
    log.appendKeys({ message_id: messageId });
    try {
      const message = parseRequest(peerMessage, parseJson(body));
      if (message.kind === "change") log.setCorrelationId(message.correlationId);
      const outcome = await takeIn(table, message, signal);
      log.info(outcomes[outcome], contentsOf(message));
      metrics.addMetric(outcome, MetricUnit.Count, 1);
    } catch (error) {
      if (error instanceof Problem && !error.isOfThisSide) {
        log.error("A message is malformed", { errors: error.details.errors });
        metrics.addMetric("MalformedMessage", MetricUnit.Count, 1);
      } else {
        log.error("A message can't be taken in now", error as Error);
        metrics.addMetric("MessageFailed", MetricUnit.Count, 1);
      }
      throw error;
    }
  });
}

/** What can become of a message, each a metric of its own. */
const outcomes = {
  MessageTakenIn: "Message taken in",
  MessageKnown: "Message known: it changes nothing",
  EchoRefused: "Message of this region itself refused",
} as const;

async function takeIn(table: ItemTable, message: PeerMessage, signal: AbortSignal): Promise<keyof typeof outcomes> {
  // This region alone says what its items are.
  if (message.origin === table.region) return "EchoRefused";
  const keep = message.kind === "change" ? keepCopy(table, message, signal) : keepHeartbeat(table, message, signal);
  return (await keep) ? "MessageTakenIn" : "MessageKnown";
}

function contentsOf(message: PeerMessage): Record<string, string | number> {
  const { kind, origin } = message;
  return kind === "heartbeat"
    ? { kind, origin }
    : { kind, origin, itemId: message.item.id, version: message.item.version };
}

export const handler = createMessagesHandler(itemTable());
