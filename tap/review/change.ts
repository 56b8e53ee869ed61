import { isObject, ownValue } from "../graph/terraform-json";
import type { IsConfigured } from "./configured";
import { type Difference, differencesOf, type Sides } from "./differences";
import type { ReviewAction } from "./model";
import type { PlannedChange } from "./plan";
import { cleanSentence, masked, quoted, sensitiveTexts, without, withoutIn } from "./shown";
import type { Values } from "./values";

/** A planned change as rules look at it. */
export interface Change {
  readonly type: string;
  readonly address: string;
  readonly action: ReviewAction;
  /** Sensitive texts are masked: rules may quote what they find. */
  readonly before: Values;
  readonly after: Values;
  readonly differences: readonly Difference[];
  /** Attributes that can't be changed in place, and are. */
  readonly replacedBy: readonly string[];
  readonly planned: PlannedChange;
  /** Whether the configuration gives an argument; undefined where the plan doesn't tell. */
  isConfigured(argument: string): boolean | undefined;
  /** Texts that may not be shown, wherever they stand. */
  readonly secrets: readonly string[];
}

export function changeOf(planned: PlannedChange, isConfigured: IsConfigured = () => undefined): Change {
  const { change } = planned;
  const sides = sidesOf(planned);
  const action = actionOf(planned);
  return {
    type: planned.type,
    address: planned.address,
    action,
    before: asValues(masked(sides.before, sides.beforeSensitive)),
    after: asValues(masked(sides.after, sides.afterSensitive)),
    differences: action === "delete" || action === "forget" ? [] : differencesOf(sides),
    replacedBy: (change.replace_paths ?? []).map(pathText),
    planned,
    isConfigured: (argument) => isConfigured(planned.address, argument),
    secrets: sensitiveTexts(sides),
  };
}

function sidesOf({ change }: PlannedChange): Sides {
  return {
    before: change.before,
    after: change.after,
    unknown: change.after_unknown,
    beforeSensitive: change.before_sensitive,
    afterSensitive: change.after_sensitive,
  };
}

const byActions: Readonly<Record<string, ReviewAction>> = {
  create: "create",
  update: "update",
  delete: "delete",
  "delete,create": "replace",
  "create,delete": "replace",
  read: "read",
  forget: "forget",
  // The old one stays, unwatched; a new one takes its place.
  "create,forget": "forget",
  "forget,create": "forget",
  "no-op": "no-op",
};

function actionOf({ change, previous_address, address }: PlannedChange): ReviewAction {
  const action = ownValue(byActions, change.actions.join(",")) ?? "unknown";
  if (action !== "no-op") return action;
  if (change.importing !== undefined && change.importing !== null) return "import";
  return previous_address !== undefined && previous_address !== address ? "move" : "no-op";
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");
}

function asValues(value: unknown): Values {
  return isObject(value) ? value : {};
}

/** A value in a reason, between quotation marks: what it is, short, and nothing that may not be seen. */
export function quote({ secrets }: Pick<Change, "secrets">, value: unknown): string {
  const shown = withoutIn(value, secrets);
  const text = typeof shown === "string" ? shown : (JSON.stringify(shown) ?? "nothing");
  return quoted(without(cleanSentence(text, 150), secrets));
}
