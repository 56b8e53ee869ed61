import type { GraphNode } from "../../graph/model";
import { ownValue } from "../../graph/terraform-json";
import type { Context } from "./conditions";
import { arnOf } from "./role-rights";

/** Something that is done under a function's role: by its code, or by Lambda for it. */
export interface Use {
  readonly action: string;
  /** Patterns of what it is done to. */
  readonly resources: readonly string[];
  readonly by: "code" | "lambda";
  /** What is known of the request beside that, by keys in lower case. */
  readonly known?: Readonly<Record<string, readonly string[] | "absent">>;
}

/** Something that fails where none of its uses is allowed. */
export interface Need {
  readonly anyOf: readonly Use[];
  /** `calls dynamodb:GetItem on …` */
  readonly does: string;
}

/** What a function needs, and what it may use besides. */
export interface Uses {
  readonly needs: readonly Need[];
  readonly may: readonly Use[];
}

export function merged(all: readonly Uses[]): Uses {
  return { needs: all.flatMap(({ needs }) => needs), may: all.flatMap(({ may }) => may) };
}

/** A need for each of some actions on a thing. */
export function needsFor(actions: readonly string[], resources: readonly string[], does: string): Uses {
  return {
    needs: actions.map((action) => ({
      anyOf: [{ action, resources, by: "lambda" as const }],
      does: `${does} by ${action}`,
    })),
    may: [],
  };
}

/** A thing, and what is in it: objects, indices, streams, log streams. */
export function withParts(arn: string): string[] {
  return [arn, `${arn}/*`, `${arn}:*`];
}

/** What is known of a function's request. */
export function contextFor(lambda: GraphNode, { by, known = {} }: Use): Context {
  const account = lambda.accountId === undefined ? undefined : [lambda.accountId];
  const always: Readonly<Record<string, readonly string[] | "absent" | undefined>> = {
    "aws:principalaccount": account,
    "aws:principalisawsservice": ["false"],
    "aws:securetransport": ["true"],
    "kms:calleraccount": account,
    // Lambda says whose code asks; what it does itself by the role has no such key (Lambda developer guide, execution role).
    "lambda:sourcefunctionarn": by === "lambda" ? "absent" : [arnOf(lambda)],
  };
  const isEncryption = Object.keys(known).some((key) => key.startsWith(encryptionContext));
  return (key) => {
    if (key in known) return known[key];
    if (isEncryption && key.startsWith(encryptionContext) && !chosenByAws.has(key)) return "absent";
    return ownValue(always, key);
  };
}

export const encryptionContext = "kms:encryptioncontext:";

/** Parts of an encryption context that a service adds, and whose values nobody knows before. */
const chosenByAws: ReadonlySet<string> = new Set([
  `${encryptionContext}secretversionid`,
  `${encryptionContext}aws:dynamodb:subscriberid`,
]);
