import { imageLimits } from "../limits";
import { imageLabels } from "../model/labels";
import { modelIds, withModel } from "../model/step";
import { createProcessorHandler, processApart, processorOf } from "../processor";

/** @param code the module that works on images in a process of its own */
export function createImageHandler(code: URL) {
  return createProcessorHandler(
    processorOf(modelIds(), (bucket, table) => withModel(table, imageLabels, processApart(code, bucket, imageLimits))),
  );
}
