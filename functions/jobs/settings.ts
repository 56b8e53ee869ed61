import { maximumInputBytes } from "../../routes/jobs";
import { type RuntimeSetting, type RuntimeSettings, runtimeSettings } from "../shared/runtime-settings";
import { requiredVariables } from "../shared/variables";

const flags = new Map([
  ["true", true],
  ["false", false],
]);

/** Nothing is worked on: what is in the queue stays there. */
const paused: RuntimeSetting<boolean> = {
  rule: 'must be "true" or "false"',
  parse: (text) => flags.get(text),
  default: false,
};

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
  const { CONFIG_PATH } = requiredVariables("CONFIG_PATH");
  if (!/^\/.+\/$/.test(CONFIG_PATH))
    throw new Error(`CONFIG_PATH must start and end with a slash (given ${JSON.stringify(CONFIG_PATH)})`);
  return runtimeSettings(CONFIG_PATH, definitions);
}
