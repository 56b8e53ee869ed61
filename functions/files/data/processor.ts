import { dataLimits } from "../limits";
import { createProcessorHandler, processApart, processorOf } from "../processor";

/** @param code the module that works on data in a process of its own */
export function createDataHandler(code: URL) {
  return createProcessorHandler(processorOf(undefined, (bucket) => processApart(code, bucket, dataLimits)));
}
