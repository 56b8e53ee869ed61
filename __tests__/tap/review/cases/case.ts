import type { ReviewClass } from "../../../../tap/review";

/** A change that real Terraform planned, and what a review is to say of it. */
export interface PlanCase {
  readonly name: string;
  /** What was applied, as Terraform's JSON; undefined: nothing. */
  readonly before?: object | undefined;
  /** What is planned then. */
  readonly after?: object | undefined;
  /** What was changed by hand in between, as TF_STANDIN_DRIFT takes it. */
  readonly drift?: object;
  /** Options of terraform plan. */
  readonly options?: readonly string[];
  /** The worst class of all. */
  readonly class: ReviewClass;
  /** Texts that the review has in it, as its JSON. */
  readonly says: readonly string[];
  /** Texts that it hasn't. */
  readonly hides?: readonly string[];
  readonly losesData?: boolean;
}

type Arguments = Readonly<Record<string, unknown>>;

/** A root module with one resource. */
export function only(type: string, given: Arguments | undefined, more: object = {}): object | undefined {
  return given === undefined ? undefined : { resource: { [type]: { It: given } }, ...more };
}

/** Name, arguments before and after beside those that all have, class, text. */
export type Row = readonly [string, Arguments | undefined, Arguments | undefined, ReviewClass, string];

/** Cases of one type of resource. `undefined` before: it is new; after: it is deleted. */
export function casesOf(type: string, base: Arguments, rows: readonly Row[], losesData = false): PlanCase[] {
  const whole = (given: Arguments | undefined) => only(type, given === undefined ? undefined : { ...base, ...given });
  return rows.map(([name, before, after, level, says]) => ({
    name: `${type}: ${name}`,
    before: whole(before),
    after: whole(after),
    class: level,
    says: [says],
    losesData: losesData && level === "irreversible",
  }));
}

/** A policy of some statements, as text. */
export function policy(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
