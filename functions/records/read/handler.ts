import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { type DynamoDbTable, ownTable } from "../../shared/dynamodb-table";
import { createHandler } from "../../shared/handler";
import { logger, metrics } from "../../shared/powertools";
import { type RecordView, readRequest } from "../record";
import { readRecord } from "../record-table";

export interface ReadAnswer {
  readonly status: 200;
  readonly record: RecordView;
}

export function createReadHandler(table: DynamoDbTable) {
  return createHandler(readRequest, async ({ id }, invocation): Promise<ReadAnswer> => {
    const record = await readRecord(table, id, invocation);
    logger.info("Record read", { version: record.version });
    metrics.addMetric("RecordRead", MetricUnit.Count, 1);
    return { status: 200, record };
  });
}

export const handler = createReadHandler(ownTable());
