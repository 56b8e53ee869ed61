import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { logger, metrics } from "../../shared/powertools";
import type { Change } from "./file-changes";

const actions = {
  create: { message: "File announced", metric: "FileAnnounced" },
  delete: { message: "File deleted", metric: "FileDeleted" },
} as const;

/**
 * A line of the audit log for each change: who, what, when, and nothing of what the file is called or holds. The
 * correlation id is in every line.
 * @param who id of a user, or of an API key
 */
export function logChange(action: keyof typeof actions, { id, at, isRepeated }: Change, who: string): void {
  const { message, metric } = actions[action];
  logger.info(isRepeated ? `${message} before` : message, {
    audit: { action, fileId: id, who, at, ...(isRepeated && { repeated: true }) },
  });
  metrics.addMetric(isRepeated ? "RepeatedChange" : metric, MetricUnit.Count, 1);
}
