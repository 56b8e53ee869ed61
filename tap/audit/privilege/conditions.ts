import { matchesArn, matchesPattern } from "../../graph/arn";
import type { Condition } from "../../graph/policy";
import { remembering } from "../../graph/remembering";
import { ownValue } from "../../graph/terraform-json";

/**
 * What a request has under a key: its values; `absent`, where it has none; undefined, where nobody knows before it is
 * made. Keys are asked for in lower case.
 */
export type Context = (key: string) => readonly string[] | "absent" | undefined;

type Test = (value: string, wanted: string) => boolean;

const lower =
  (test: Test): Test =>
  (value, wanted) =>
    test(value.toLowerCase(), wanted.toLowerCase());
const equal: Test = (value, wanted) => value === wanted;
const like: Test = (value, wanted) => matchesPattern(wanted, value);
const arn: Test = (value, wanted) => matchesArn(wanted, value);
const numeric =
  (test: (value: number, wanted: number) => boolean): Test =>
  (value, wanted) =>
    test(Number(value), Number(wanted));

/** Operators without what begins or ends them; those of dates and addresses are known, and not judged. */
const tests: Readonly<Record<string, Test | "unjudged">> = {
  stringequals: equal,
  stringequalsignorecase: lower(equal),
  stringlike: like,
  arnequals: arn,
  arnlike: arn,
  bool: lower(equal),
  binaryequals: equal,
  numericequals: numeric((value, wanted) => value === wanted),
  numericlessthan: numeric((value, wanted) => value < wanted),
  numericlessthanequals: numeric((value, wanted) => value <= wanted),
  numericgreaterthan: numeric((value, wanted) => value > wanted),
  numericgreaterthanequals: numeric((value, wanted) => value >= wanted),
  dateequals: "unjudged",
  datelessthan: "unjudged",
  datelessthanequals: "unjudged",
  dategreaterthan: "unjudged",
  dategreaterthanequals: "unjudged",
  ipaddress: "unjudged",
};

/** Operators that have their opposite: `StringNotEquals`, `NotIpAddress`. */
const negatable = /^(string|arn|numericequals|dateequals|ipaddress)/;

/** An operator, taken apart. */
export interface Operator {
  /** `stringequals`; `null` asks whether the key is there. */
  readonly base: string;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly set?: "forallvalues" | "foranyvalue";
}

/** Undefined where IAM has no such operator. */
export const parseOperator: (text: string) => Operator | undefined = remembering((text: string) => {
  const [, set, rest = "", ifExists] =
    /^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$/.exec(text.toLowerCase()) ?? [];
  if (rest === "null") return ifExists === undefined ? { base: rest, negated: false, ifExists: false } : undefined;
  const base = rest.replace(/^(string|arn|numeric|date)not/, "$1").replace(/^not(?=ipaddress)/, "");
  const negated = base !== rest;
  if (!(base in tests) || (negated && !negatable.test(base))) return undefined;
  return {
    base,
    negated,
    ifExists: ifExists !== undefined,
    ...(set === undefined ? {} : { set: set as "forallvalues" | "foranyvalue" }),
  };
});

/** Whether a condition holds for a request; undefined where that can't be known. */
export function holds(condition: Condition, context: Context): boolean | undefined {
  const operator = parseOperator(condition.operator);
  if (operator === undefined) return undefined;
  const given = context(condition.key.toLowerCase());
  if (given === undefined) return undefined;
  if (operator.base === "null") return condition.values.includes(String(given === "absent"));
  if (given === "absent") return holdsWithout(operator);
  return combined(
    operator,
    given.map((value) => holdsFor(operator, value, condition.values)),
  );
}

/** A key that isn't there equals nothing; what must differ from it does. */
function holdsWithout({ ifExists, set, negated }: Operator): boolean {
  if (ifExists || set === "forallvalues") return true;
  return set === undefined && negated;
}

function holdsFor({ base, negated }: Operator, value: string, wanted: readonly string[]): boolean | undefined {
  const test = ownValue(tests, base);
  if (test === undefined || test === "unjudged") return undefined;
  const isOne = wanted.some((each) => test(value, each));
  // A value of the policy that IAM fills in, `${aws:PrincipalTag/team}`, may be the one.
  if (!isOne && wanted.some((each) => each.includes("${"))) return undefined;
  return isOne !== negated;
}

function combined({ set }: Operator, each: readonly (boolean | undefined)[]): boolean | undefined {
  const wanted = set !== "forallvalues";
  if (each.includes(wanted)) return wanted;
  return each.includes(undefined) ? undefined : !wanted;
}
