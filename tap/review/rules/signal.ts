import { remembering } from "../../graph/remembering";
import { type Change, quote } from "../change";
import type { ReviewClass } from "../classes";
import type { Difference } from "../differences";
import type { Judgement, Reason, Rule } from "../reason";
import { isEmpty, unknownValue } from "../values";

/** An attribute whose change means something by itself. */
export interface Signal {
  /** @default any type: the name means the same wherever it stands */
  readonly types?: RegExp;
  /** Name of the attribute; below blocks without places in lists. */
  readonly name: RegExp;
  readonly when: Test;
  readonly class: ReviewClass;
  /** What happens; `$before` and `$after` are put in. */
  readonly text: string;
  readonly losesData?: true;
}

export interface Test {
  /** Whether values mean it; `before` is undefined where there was nothing. */
  readonly is: (before: unknown, after: unknown) => boolean;
  /** Whether it is to be told of something new. */
  readonly atCreation: boolean;
}

const test = (is: Test["is"], atCreation = false): Test => ({ is, atCreation });
const isKnown = (value: unknown) => value !== unknownValue;

export const turnedOff = test((before, after) => isYes(before) && isKnown(after) && !isYes(after));
export const turnedOn = test((before, after) => !isYes(before) && isYes(after), true);
/** Of something new it says nothing. */
export const turnedOnLater = test((before, after) => !isYes(before) && isYes(after));
export const notTurnedOn = test((before, after) => before === undefined && isNo(after), true);
export const changed = test(() => true);
export const given = test((_, after) => !isEmpty(after), true);
export const unset = test((before, after) => !isEmpty(before) && isEmpty(after));
export const set = test((before, after) => isEmpty(before) && !isEmpty(after));
export const exchanged = test((before, after) => !isEmpty(before) && !isEmpty(after) && isKnown(after));
export const unclear = test((before, after) => !isEmpty(before) && !isKnown(after));
export const lowered = test((before, after) => numberOf(after) < numberOf(before));
export const raised = test((before, after) => numberOf(after) > numberOf(before));
/** For log groups 0 days are for ever. */
export const keptShorter = test((before, after) => isKnown(after) && forEver(after) < forEver(before));
export const shrunk = test(
  (before, after) => Array.isArray(before) && !(Array.isArray(after) && before.every((item) => after.includes(item))),
);
export const becomes = (pattern: RegExp, atCreation = false) =>
  test((before, after) => matches(pattern, after) && !matches(pattern, before), atCreation);
export const wasNot = (pattern: RegExp) =>
  test((before, after) => matches(pattern, before) && isKnown(after) && !matches(pattern, after));

/** Terraform has switches as words, too. */
function isYes(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(?:true|enabled?|on)$/i.test(value));
}

function isNo(value: unknown): boolean {
  return value === false || (typeof value === "string" && /^(?:false|disabled|suspended|off)$/i.test(value));
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function forEver(value: unknown): number {
  return value === 0 || isEmpty(value) ? Number.POSITIVE_INFINITY : numberOf(value);
}

function matches(pattern: RegExp, value: unknown): boolean {
  return [value].flat().some((each) => typeof each === "string" && pattern.test(each));
}

/** The rule that finds a table's signals in a change: of each difference the first that applies. */
export function ruleOf(signals: readonly Signal[]): Rule {
  // Plans have few types, and many changes of each.
  const ofType = remembering((type) => signals.filter(({ types }) => types?.test(type) !== false));
  const atCreation = remembering((type) => ofType(type).filter(({ when }) => when.atCreation));
  return (change) => judge(change, change.action === "create" ? atCreation(change.type) : ofType(change.type));
}

function judge(change: Change, signals: readonly Signal[]): Judgement {
  const judged: Difference[] = [];
  const reasons: Reason[] = [];
  for (const difference of change.differences) {
    const signal = signals.find((each) => applies(each, difference));
    if (signal === undefined) continue;
    judged.push(difference);
    reasons.push(reasonOf(signal, change, difference));
  }
  return { judged, reasons };
}

function applies({ name, when }: Signal, difference: Difference): boolean {
  return name.test(difference.name) && when.is(difference.before, difference.after);
}

function reasonOf({ class: level, text, losesData }: Signal, change: Change, difference: Difference): Reason {
  const value = (side: unknown) => {
    if (difference.isSensitive) return "(sensitive)";
    if (side === unknownValue) return "(known after apply)";
    return isEmpty(side) ? "none" : quote(change, side);
  };
  return {
    class: level,
    text: text
      .replace("$name", () => quote(change, difference.name))
      .replace("$before", () => value(difference.before))
      .replace("$after", () => value(difference.after)),
    ...(losesData === undefined ? {} : { losesData }),
  };
}
