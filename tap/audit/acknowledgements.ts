import { basename } from "node:path";
import { z } from "zod";
import { ConfigError, didYouMean, refuse } from "../../config/errors";
import { validate } from "../../config/validate";
import { dayRule, isDay, latestDay, longestDays } from "../day";
import { readText } from "../graph/read-cdktf";
import { push } from "../graph/sorted";
import { type AcknowledgedFinding, type AuditFinding, auditFindings, type RuleMeta } from "./result";
import { type AuditSettings, defaultSettings } from "./rule";

/** Somebody's word that a finding is known, and why it may stay: of one rule on one resource. */
export interface Acknowledgement {
  /** Id of the rule. */
  readonly rule: string;
  readonly stack: string;
  /** Address of the resource; empty for a finding about the stack as a whole. */
  readonly address: string;
  /** A fact about this design, in a sentence. */
  readonly reason: string;
  /** Who answers for it: a team, or a person. */
  readonly owner: string;
  /** Last day on which it holds, as `2026-12-31`; at most a year away. */
  readonly expires: string;
}

/** What a project's `audit.json` says. */
export interface AuditFile {
  readonly settings: AuditSettings;
  readonly acknowledgements: readonly Acknowledgement[];
}

/** For a project without the file. */
export const noAuditFile: AuditFile = { settings: defaultSettings, acknowledgements: [] };

const shortestReason = 20;

const exactly = (what: string) =>
  z
    .string({ error: `must be ${what}` })
    .min(1, { error: `must be ${what}` })
    .regex(/^[^*?]*$/, { error: `must be ${what}: one alone, without wildcards` });

const address = "the resource's address, e.g. aws_s3_bucket.Uploads; empty for a finding about the whole stack";

const acknowledgementSchema = z.strictObject({
  rule: exactly("a rule's id, e.g. s3-bucket-versioning"),
  stack: exactly("a stack's id, e.g. tap-files-prod-us-east-1"),
  address: z
    .string({ error: `must be ${address}` })
    .regex(/^[^*]*$/, { error: `must be ${address}: one alone, without wildcards` }),
  reason: z.string({ error: `must be a sentence of at least ${shortestReason} letters: the fact that makes it right` }),
  owner: z
    .string({ error: "must be who answers for it, e.g. platform-team" })
    .regex(/\S/, { error: "must be who answers for it, e.g. platform-team" }),
  expires: z.string({ error: dayRule }).refine(isDay, { error: dayRule }),
});

const route = "must be a method and a path, e.g. GET /health";
const concurrency = "must be a whole number from 10 to 1000000: the account's concurrent executions (Lambda quotas)";

const fileSchema = z.strictObject({
  publicRoutes: z
    .array(z.string({ error: route }).regex(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) \/\S*$/, { error: route }), {
      error: 'must be a list of routes, e.g. ["GET /health"]',
    })
    .optional(),
  accountConcurrency: z
    .int({ error: concurrency })
    .min(10, { error: concurrency })
    .max(1_000_000, { error: concurrency })
    .optional(),
  acknowledgements: z
    .array(acknowledgementSchema, { error: "must be a list of acknowledgements; [] for none" })
    .default([]),
});

/**
 * @throws ConfigError with everything that is wrong with the file
 * @throws CommandError where it can't be read
 */
export function readAuditFile(path: string): AuditFile {
  return parseAuditFile(readText(path), basename(path));
}

/** @throws ConfigError with everything that is wrong with the text, by its path in the file */
export function parseAuditFile(text: string, label = "audit.json"): AuditFile {
  const result = validate(fileSchema, parseJson(text, label), label);
  if (!result.ok) throw new ConfigError(result.problems);
  const { publicRoutes, accountConcurrency, acknowledgements } = result.value;
  refuse(repeated(acknowledgements, label));
  return {
    settings: {
      publicRoutes: publicRoutes ?? defaultSettings.publicRoutes,
      accountConcurrency: accountConcurrency ?? defaultSettings.accountConcurrency,
    },
    acknowledgements,
  };
}

function parseJson(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError([{ path: label, message: `is no JSON: ${(error as Error).message}` }]);
  }
}

function repeated(acknowledgements: readonly Acknowledgement[], label: string) {
  const first = new Map<string, number>();
  return acknowledgements.flatMap((each, index) => {
    const earlier = first.get(subjectOf(each));
    if (earlier === undefined) first.set(subjectOf(each), index);
    return earlier === undefined
      ? []
      : [
          {
            path: `${label}.acknowledgements.${index}`,
            message: `is of what ${earlier} is of: one of them is too many`,
          },
        ];
  });
}

const expiredRule: RuleMeta = {
  id: "acknowledgement-expired",
  title: "Acknowledgements are looked at again in time",
  severity: "medium",
  why: "The reason was good for a while; nobody has said that it still is, and the finding stays hidden from all who read reports.",
  fix: "Mend the finding and take the acknowledgement out of audit.json, or let its owner look again and set a new day.",
  references: [],
};

const unusedRule: RuleMeta = {
  id: "acknowledgement-unused",
  title: "Acknowledgements are of findings that there are",
  severity: "low",
  why: "The finding is gone, or the names are wrong. Left alone, it would hide the next finding of that rule on that resource.",
  fix: "Take it out of audit.json, or set right what it names: rule, stack and address are exact.",
  references: [],
};

const malformedRule: RuleMeta = {
  id: "acknowledgement-malformed",
  title: "Acknowledgements give a fact as their reason, and end within a year",
  severity: "medium",
  why: "Without a reason that a reader can check, a finding is hidden and not answered for. Nothing is acknowledged by it.",
  fix: `Give the fact about this design that makes it right, in at least ${shortestReason} letters, and a day at most ${longestDays} days away.`,
  references: [],
};

/** What is judged about acknowledgements themselves. */
export const acknowledgementRules: readonly RuleMeta[] = [expiredRule, unusedRule, malformedRule];

/** What acknowledgements leave of findings. */
export interface Applied {
  /** Findings that nobody answers for. */
  readonly left: readonly AuditFinding[];
  readonly acknowledged: readonly AcknowledgedFinding[];
  /** What is wrong with acknowledgements. */
  readonly problems: readonly AuditFinding[];
}

/** What was judged: nobody knows of anything else whether its acknowledgements are used. */
export interface Judged {
  /** Whether a stack's acknowledgements can be told to be unused. @default all */
  readonly isStack?: (id: string) => boolean;
  /** Ids of the rules that were judged. @default all */
  readonly rules?: ReadonlySet<string>;
  /** Ids of the rules that there are: one that names none of them is unused, whatever was judged. @default `rules` */
  readonly knownRules?: readonly string[];
}

/**
 * Takes out what is acknowledged.
 *
 * @param today `2026-01-31`
 */
export function applyAcknowledgements(
  findings: readonly AuditFinding[],
  acknowledgements: readonly Acknowledgement[],
  today: string,
  judged: Judged = {},
): Applied {
  const states = acknowledgements.map((acknowledgement) => ({
    acknowledgement,
    malformed: whatIsMalformed(acknowledgement, today),
    expired: acknowledgement.expires < today,
  }));
  const valid = new Map(
    states
      .filter(({ malformed, expired }) => malformed.length === 0 && !expired)
      .map(({ acknowledgement }) => [subjectOf(acknowledgement), acknowledgement]),
  );
  const acknowledged = findings.flatMap((finding) => {
    const acknowledgement = valid.get(subjectOfFinding(finding));
    return acknowledgement === undefined ? [] : [{ finding, acknowledgement }];
  });
  const found = new Set(findings.map(subjectOfFinding));
  const rulesAt = new Map<string, string[]>();
  for (const { rule, stack = "", address: of = "" } of findings) push(rulesAt, placeOf(stack, of), rule.id);
  const known = new Set(judged.knownRules);
  const isUnknown = ({ rule }: Acknowledgement) => known.size > 0 && !known.has(rule);
  const isUnused = (each: Acknowledgement) =>
    !found.has(subjectOf(each)) &&
    (isUnknown(each) || ((judged.isStack?.(each.stack) ?? true) && (judged.rules?.has(each.rule) ?? true)));
  const whyUnused = (each: Acknowledgement) => {
    const near = didYouMean(each.rule, rulesAt.get(placeOf(each.stack, each.address)) ?? []);
    if (isUnknown(each)) return `names no rule that there is${near || didYouMean(each.rule, [...known])}`;
    return `is of no finding${near}`;
  };
  const problems = [
    ...auditFindings(
      expiredRule,
      states
        .filter(({ expired }) => expired)
        .map(({ acknowledgement: each }) => about(each, `ended on ${each.expires}`)),
    ),
    ...auditFindings(
      unusedRule,
      acknowledgements.filter(isUnused).map((each) => about(each, whyUnused(each))),
    ),
    ...auditFindings(
      malformedRule,
      states.flatMap(({ acknowledgement, malformed }) => malformed.map((what) => about(acknowledgement, what))),
    ),
  ];
  return { left: findings.filter((finding) => !valid.has(subjectOfFinding(finding))), acknowledged, problems };
}

function about({ rule, stack, address: of, owner }: Acknowledgement, what: string) {
  return {
    stack,
    ...(of === "" ? {} : { address: of }),
    message: `has an acknowledgement of ${rule}, by ${owner}, that ${what}`,
  };
}

function whatIsMalformed({ reason, expires }: Acknowledgement, today: string): string[] {
  const latest = latestDay(today);
  const plain = reason.trim();
  return [
    ...(plain.length < shortestReason || saysNothing(plain)
      ? [`gives no fact as its reason (${JSON.stringify(reason)})`]
      : []),
    ...(expires > latest ? [`ends on ${expires}, after the latest day that it may, ${latest}`] : []),
  ];
}

/** What could stand at any finding. */
const saidOfAnything =
  /\b(not? (needed|necessary|required|relevant|applicable|important|an? (issue|problem|risk))|false positives?|to-?do|fix-?me|tbd|wip|n\/a|ignored?|(risk )?accepted( risk)?|won'?t ?fix|by design|skip(ped)?)\b/gi;
const fillers: ReadonlySet<string> = new Set(
  "a actually all and any anyway are at be but by case check currently do does doesn't don't finding fine fix fixed for here in is it it's its just known later mend moment need needed needs no not now of ok okay on or our please really rule should so some soon that the then there they think this time to us was we will with yet".split(
    " ",
  ),
);

/** Whether nothing is left of a reason without phrases that fit everywhere. */
function saysNothing(reason: string): boolean {
  const words =
    reason
      .toLowerCase()
      .replaceAll(saidOfAnything, " ")
      .match(/[\p{L}\p{N}'_.-]+/gu) ?? [];
  return new Set(words.filter((word) => !fillers.has(word))).size < 3;
}

function placeOf(stack: string, of: string): string {
  return JSON.stringify([stack, of]);
}

function subjectOf({ rule, stack, address: of }: Acknowledgement): string {
  return JSON.stringify([rule, stack, of]);
}

function subjectOfFinding({ rule, stack, address: of }: AuditFinding): string {
  return JSON.stringify([rule.id, stack ?? "", of ?? ""]);
}
