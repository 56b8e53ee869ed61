import { type RuntimeSetting, runtimeSettings } from "../shared/runtime-settings";
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

/** What operators change while the processors work (PLAT-18). */
export interface FileSettings {
  readonly paused: boolean;
  /** Id of a model that may be called, or "". */
  readonly model: string;
}

/**
 * @param modelIds models that may be called, in some environments none; undefined: never one, and no setting of one
 */
export function fileSettings(modelIds: readonly string[] | undefined): () => Promise<FileSettings> {
  const { CONFIG_PATH } = requiredVariables("CONFIG_PATH");
  if (!/^\/.+\/$/.test(CONFIG_PATH))
    throw new Error(`CONFIG_PATH must start and end with a slash (given ${JSON.stringify(CONFIG_PATH)})`);
  if (modelIds !== undefined) return runtimeSettings(CONFIG_PATH, { paused, model: oneOf(modelIds) });
  const read = runtimeSettings(CONFIG_PATH, { paused });
  return async () => ({ ...(await read()), model: "" });
}

/** Another value than one of them skips the step, and breaks no rule. */
function oneOf(modelIds: readonly string[]): RuntimeSetting<string> {
  return {
    rule: "must be the id of a model that is allowed; another value skips the step",
    parse: (text) => (modelIds.includes(text) ? text : ""),
    default: "",
  };
}
