import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { DescribeStreamSummaryCommand } from "@aws-sdk/client-kinesis";
import { type StreamHealth, stream as streamApi } from "../../../routes/stream";
import { createHttpHandler } from "../../shared/http";
import { logger, metrics } from "../../shared/powertools";
import { type RecordStream, recordStream } from "../record-stream";

type State = StreamHealth["dependencies"]["stream"];

/** Kinesis answers in a fiftieth of it; whoever asks for health doesn't wait for long. */
const timeoutMilliseconds = 1_000;

/** Kinesis takes 20 such calls per second and account: anybody may ask here, and as often as they like. */
const maximumAgeMilliseconds = 10_000;

export function createHealthHandler(stream: RecordStream) {
  let state: State = "impaired";
  let lookedAt = Number.NEGATIVE_INFINITY;
  return createHttpHandler(streamApi, "health", {
    /** It says 200 wherever it can say anything: what is impaired is in the answer. */
    async getHealth(_, { signal }) {
      if (Date.now() - lookedAt >= maximumAgeMilliseconds) {
        state = await stateOf(stream, signal);
        lookedAt = Date.now();
      }
      metrics.addMetric(state === "ok" ? "DependencyOk" : "DependencyImpaired", MetricUnit.Count, 1);
      const body: StreamHealth = { status: state === "ok" ? "ok" : "degraded", dependencies: { stream: state } };
      return { status: 200, body };
    },
  });
}

async function stateOf({ client, name }: RecordStream, signal: AbortSignal): Promise<State> {
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
  try {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }), {
      abortSignal,
    });
    const status = StreamDescriptionSummary?.StreamStatus;
    // While it gets more shards, or another key, it takes records as ever.
    if (status === "ACTIVE" || status === "UPDATING") return "ok";
    logger.warn("The stream is not ok", { status });
  } catch (error) {
    logger.error("The stream doesn't answer", error as Error);
  }
  return "impaired";
}

export const handler = createHealthHandler(recordStream());
