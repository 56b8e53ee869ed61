import { randomUUID } from "node:crypto";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { BatchInvocation } from "../../shared/batch";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import { logger, metrics } from "../../shared/powertools";
import type { S3Bucket } from "../../shared/s3-bucket";
import type { ObjectVersion } from "../../shared/s3-notification";
import { isUnavailable } from "../../shared/unavailable";
import { seal } from "../envelope";
import { putEntries, type RecordStream } from "../record-stream";
import type { SigningKeys } from "../signing-keys";
import { LineSplitter } from "./lines";
import { objectBytes } from "./object-bytes";
import { Portion } from "./portion";
import { importIdOf, type Progress, readProgress, saveProgress } from "./progress";

/** What an import works with. */
export interface Importer {
  readonly bucket: S3Bucket;
  readonly stream: RecordStream;
  readonly table: DynamoDbTable;
  readonly keys: SigningKeys;
}

/**
 * - `finished`: the whole object is on the stream
 * - `late`: time is nearly up; some of it is
 * - `busy`: another imports it at the same time
 */
export type Outcome = "finished" | "late" | "busy";

/** Of the time that there is, what saving the progress and sending the message afresh take. */
const reserveMilliseconds = 5_000;

/** Connections to S3 that break without a portion between them. */
const maximumBreaks = 3;

/**
 * Puts an object's lines on the stream, from where the last attempt came to. Lines that are put twice, when an attempt
 * is gone before it can save its progress, count once: whoever consumes the stream sees to it.
 * @throws Error where nothing could be done
 */
export async function importObject(
  importer: Importer,
  object: ObjectVersion,
  invocation: BatchInvocation,
): Promise<Outcome> {
  const progress = await readProgress(importer.table, importIdOf(object), invocation.signal);
  if (progress.isFinished) {
    logger.info("The object was imported before", { import_id: progress.id });
    return "finished";
  }
  return await new Import(importer, object, invocation, progress).run();
}

/** One attempt at an object. */
class Import {
  private readonly owner = randomUUID();
  private readonly revisionBefore: number;

  constructor(
    private readonly importer: Importer,
    private readonly object: ObjectVersion,
    private readonly invocation: BatchInvocation,
    private progress: Progress,
  ) {
    this.revisionBefore = progress.revision;
  }

  async run(): Promise<Outcome> {
    const outcome = await this.readThroughBreaks();
    const { id, revision, lines, imported, refused, refusals } = this.progress;
    // Nothing at all, in all the time that there was: the queue counts its attempts.
    if (outcome === "late" && revision === this.revisionBefore) throw new Error("The stream takes nothing");
    logger.info(`Import is ${outcome}`, { import_id: id, lines, imported, refused, refusals });
    return outcome;
  }

  private async readThroughBreaks(): Promise<Outcome> {
    let breaks = 0;
    for (;;) {
      const { revision } = this.progress;
      try {
        return await this.readOn();
      } catch (error) {
        breaks = this.progress.revision === revision ? breaks + 1 : 1;
        if (!isUnavailable(error) || breaks === maximumBreaks) throw error;
        logger.warn("The connection broke: the import goes on from its progress", error as Error);
      }
    }
  }

  private async readOn(): Promise<Outcome> {
    const { bucket } = this.importer;
    const { position } = this.progress;
    const splitter = new LineSplitter(position);
    let portion = new Portion(this.progress);
    for await (const chunk of objectBytes(bucket, this.object, position.offset, this.invocation.signal))
      for (const piece of splitter.push(chunk)) {
        portion.add(piece);
        if (!portion.isFull) continue;
        const stop = await this.put(portion, false);
        if (stop !== undefined) return stop;
        portion = new Portion(this.progress);
      }
    for (const piece of splitter.end()) portion.add(piece);
    return (await this.put(portion, true)) ?? "finished";
  }

  /** Undefined: it is on the stream, and the progress saved. */
  private async put(portion: Portion, isLast: boolean): Promise<Outcome | undefined> {
    const { table, stream, keys } = this.importer;
    const { signal } = this.invocation;
    const remainingMilliseconds = () => this.invocation.remainingMilliseconds() - reserveMilliseconds;
    if (remainingMilliseconds() <= 0) return "late";
    const key = await keys.current(signal);
    if (key === undefined) throw new Error("The secret has no value yet: rotate it");
    const entries = portion.records.map((record) => ({
      data: seal({ record, correlationId: this.correlationId }, key),
      partitionKey: record.source,
    }));
    const reasons = await putEntries(stream, entries, { signal, remainingMilliseconds });
    if (reasons.some((reason) => reason !== undefined)) return "late";
    const after = portion.progress(this.owner, isLast);
    if (!(await saveProgress(table, after, signal))) return "busy";
    metrics.addMetric("RecordsImported", MetricUnit.Count, after.imported - this.progress.imported);
    metrics.addMetric("LinesRefused", MetricUnit.Count, after.refused - this.progress.refused);
    this.progress = after;
    return undefined;
  }

  private get correlationId(): string {
    return this.progress.id.replace("#", "-").slice(0, 64);
  }
}
