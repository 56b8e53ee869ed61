export { type DriftOptions, detectDrift } from "./detect";
export { type KnownDrift, readKnownDrift } from "./known";
export type { AttributeDrift, DriftedResource, DriftReport, KnownResource } from "./report";
export { counts } from "./told";
