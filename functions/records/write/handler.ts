import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { type DynamoDbTable, ownTable } from "../../shared/dynamodb-table";
import { createHandler } from "../../shared/handler";
import { logger, metrics } from "../../shared/powertools";
import { type RecordView, writeRequest } from "../record";
import { writeRecord } from "../record-table";

/** 201: created; 200: a new version. */
export interface WriteAnswer {
  readonly status: 200 | 201;
  readonly record: RecordView;
}

export function createWriteHandler(table: DynamoDbTable) {
  return createHandler(writeRequest, async (request, invocation): Promise<WriteAnswer> => {
    const { record, repeated } = await writeRecord(table, request, invocation);
    logger.info(repeated ? "Record was written before" : "Record written", { version: record.version });
    metrics.addMetric(repeated ? "RepeatedWrite" : "RecordWritten", MetricUnit.Count, 1);
    return { status: record.version === 1 ? 201 : 200, record };
  });
}

export const handler = createWriteHandler(ownTable());
