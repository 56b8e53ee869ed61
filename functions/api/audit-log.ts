import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { logger, metrics } from "../shared/powertools";
import type { Change } from "./item-changes";

const actions = {
  create: { message: "Item created", metric: "ItemCreated" },
  update: { message: "Item updated", metric: "ItemUpdated" },
  delete: { message: "Item deleted", metric: "ItemDeleted" },
} as const;

/**
 * A line of the audit log for each change (API-11): who, what, when, and nothing of what the item has. A repeated
 * request has its line too: of the one before, nobody knows whether it came as far as this. One change is one item and
 * version, however many lines it has.
 * @param who id of an API key
 */
export function logChange(action: keyof typeof actions, { item, isRepeated }: Change, who: string): void {
  const { message, metric } = actions[action];
  const { id, version, updatedAt, correlationId } = item;
  logger.info(isRepeated ? `${message} before` : message, {
    audit: { action, itemId: id, version, who, correlationId, at: updatedAt, ...(isRepeated && { repeated: true }) },
  });
  metrics.addMetric(isRepeated ? "RepeatedChange" : metric, MetricUnit.Count, 1);
}
