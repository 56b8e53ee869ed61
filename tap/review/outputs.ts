import type { OutputReview } from "./model";
import type { ChangedValues } from "./plan";
import { cleanText, sensitiveText, shownValue } from "./shown";
import { hasMark, isEmpty, unknownValue } from "./values";

/** Outputs that come, change or go: others may read them. */
export function reviewOutputs(outputs: Readonly<Record<string, ChangedValues>>): OutputReview[] {
  return Object.entries(outputs).flatMap(([name, change]) => {
    const action = actionOf(change);
    if (action === undefined) return [];
    return [
      {
        name: cleanText(name, 100),
        action,
        class: action === "delete" ? "review" : "safe",
        attribute: shown(name, change),
      },
    ];
  });
}

function actionOf({ actions }: ChangedValues): OutputReview["action"] | undefined {
  const action = actions.join();
  return action === "create" || action === "update" || action === "delete" ? action : undefined;
}

function shown(name: string, change: ChangedValues): OutputReview["attribute"] {
  // A secret anywhere in an output hides all of it: where it is can't be told from outside.
  const isSensitive = hasMark(change.before_sensitive) || hasMark(change.after_sensitive);
  const after = change.after_unknown === true ? unknownValue : change.after;
  const text = (value: unknown) =>
    isEmpty(value) ? undefined : isSensitive ? sensitiveText : shownValue(value, name, false);
  const [from, to] = [text(change.before), text(after)];
  return {
    path: cleanText(name, 100),
    ...(from === undefined ? {} : { before: from }),
    ...(to === undefined ? {} : { after: to }),
  };
}
