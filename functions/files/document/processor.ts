import { documentLimits } from "../limits";
import { modelIds, withModel } from "../model/step";
import { documentSummary } from "../model/summary";
import { createProcessorHandler, processApart, processorOf } from "../processor";

/** @param code the module that works on documents in a process of its own */
export function createDocumentHandler(code: URL) {
  return createProcessorHandler(
    processorOf(modelIds(), (bucket, table) =>
      withModel(table, documentSummary, processApart(code, bucket, documentLimits)),
    ),
  );
}
