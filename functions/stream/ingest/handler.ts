import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { type IngestResults, stream as streamApi } from "../../../routes/stream";
import { createHttpHandler, type HttpInvocation } from "../../shared/http";
import type { HttpAnswer } from "../../shared/http-response";
import { logger, metrics } from "../../shared/powertools";
import { unavailable } from "../../shared/unavailable";
import { seal } from "../envelope";
import type { StreamRecord } from "../record";
import { type FailureReason, putEntries, type RecordStream, recordStream } from "../record-stream";
import { type SigningKeys, signingKeys } from "../signing-keys";

interface IngestRequest {
  readonly body: { readonly records: readonly StreamRecord[] };
  readonly apiKeyId: string;
}

/** Of the time that there is, what the answer itself takes. */
const answerMilliseconds = 250;

export function createIngestHandler(stream: RecordStream, keys: SigningKeys) {
  const processRecords = async (
    { body: { records }, apiKeyId }: IngestRequest,
    { correlationId, signal, remainingMilliseconds }: HttpInvocation,
  ): Promise<HttpAnswer> => {
    const key = await keys.current(signal);
    if (key === undefined) {
      logger.error("The secret has no value yet: rotate it");
      throw unavailable();
    }
    const reasons = await putEntries(
      stream,
      records.map((record) => ({ data: seal({ record, correlationId }, key), partitionKey: record.source })),
      { signal, remainingMilliseconds: () => remainingMilliseconds() - answerMilliseconds },
    );
    return answer(resultsOf(records, reasons), apiKeyId);
  };
  return createHttpHandler(streamApi, "ingest", { processRecords });
}

function resultsOf(records: readonly StreamRecord[], reasons: readonly (FailureReason | undefined)[]): IngestResults {
  const results = records.map(({ id }, index): IngestResults["results"][number] => {
    const reason = reasons[index];
    return reason === undefined ? { index, id, status: "accepted" } : { index, id, status: "failed", reason };
  });
  const failed = reasons.filter((reason) => reason !== undefined).length;
  return { accepted: records.length - failed, failed, results };
}

function answer(body: IngestResults, who: string): HttpAnswer {
  const { accepted, failed } = body;
  logger.info("Records put on the stream", { who, accepted, failed });
  metrics.addMetric("RecordsAccepted", MetricUnit.Count, accepted);
  metrics.addMetric("RecordsFailed", MetricUnit.Count, failed);
  if (accepted === 0) throw unavailable();
  return { status: failed === 0 ? 200 : 207, body };
}

export const handler = createIngestHandler(recordStream(), signingKeys());
