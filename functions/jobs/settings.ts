import { maximumInputBytes } from "../../routes/jobs";
import { paused, type RuntimeSetting, type RuntimeSettings, runtimeSettings } from "../shared/runtime-settings";

/** Of a job's input, as JSON in UTF-8; larger ones fail. */
const maximumBytes: RuntimeSetting<number> = {
  rule: `must be a whole number from 1 to ${maximumInputBytes} (bytes)`,
  parse: (text) => (/^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= maximumInputBytes ? Number(text) : undefined),
  default: maximumInputBytes,
};

/** By the names of their parameters under CONFIG_PATH. */
const definitions = { paused, "maximum-input-bytes": maximumBytes };

export type JobSettings = RuntimeSettings<typeof definitions>;

/** What operators change while the worker works (PLAT-18). */
export function jobSettings(): () => Promise<JobSettings> {
  return runtimeSettings(definitions);
}
