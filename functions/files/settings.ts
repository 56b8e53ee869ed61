import { paused, type RuntimeSetting, runtimeSettings } from "../shared/runtime-settings";

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
  if (modelIds !== undefined) return runtimeSettings({ paused, model: oneOf(modelIds) });
  const read = runtimeSettings({ paused });
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
