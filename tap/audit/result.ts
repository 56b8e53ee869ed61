import { createHash } from "node:crypto";
import { push } from "../graph/sorted";
import type { Acknowledgement } from "./acknowledgements";
import type { Finding } from "./requirement";
import type { Rule } from "./rule";

/** What a report says of a rule. */
export type RuleMeta = Pick<Rule, "id" | "title" | "severity" | "why" | "fix" | "references">;

/** Where a rule doesn't hold. */
export interface AuditFinding {
  readonly rule: RuleMeta;
  /** Id of the stack; left out where one is missing. */
  readonly stack?: string;
  /** Address of the resource, where it is about one. */
  readonly address?: string;
  /** Part of a sentence, as `must have versioning on (it has Suspended)`. */
  readonly message: string;
  /** Same from run to run, whatever the order: tools tell new findings from old by it. */
  readonly fingerprint: string;
}

/** A stack that was judged. */
export interface AuditedStack {
  readonly id: string;
  /** How many resources it has. */
  readonly resources: number;
  /** The file that it was read from, relative to the folder that was audited, with `/`. */
  readonly file?: string;
}

/** What an audit came to. */
export interface AuditResult {
  readonly stacks: readonly AuditedStack[];
  /** Rules that were judged, also those without findings. */
  readonly rules: readonly RuleMeta[];
  readonly findings: readonly AuditFinding[];
  /** Findings that somebody answers for. */
  readonly acknowledged: readonly AcknowledgedFinding[];
  readonly milliseconds: number;
  /** What was not judged, and why. */
  readonly notes: readonly string[];
}

export interface AcknowledgedFinding {
  readonly finding: AuditFinding;
  readonly acknowledgement: Acknowledgement;
}

/** What a report says of a rule, without its examples and its judge. */
export function metaOf({ id, title, severity, why, fix, references }: RuleMeta): RuleMeta {
  return { id, title, severity, why, fix, references };
}

/**
 * Findings of a rule as reports have them; all of a rule go in at once. The fingerprint is the SHA-256 of rule, stack
 * and address, and of the place among findings of the same three: not of the message, whose numbers may change.
 */
export function auditFindings(rule: RuleMeta, findings: readonly Finding[]): AuditFinding[] {
  const meta = metaOf(rule);
  const places = new Map<string, Finding[]>();
  for (const finding of findings) push(places, placeOf(finding), finding);
  const fingerprints = new Map<Finding, string>();
  for (const [place, same] of places)
    for (const [index, finding] of same.sort(byMessage).entries())
      fingerprints.set(finding, sha256(JSON.stringify([rule.id, place, index])));
  return findings.map((finding) => ({ ...finding, rule: meta, fingerprint: fingerprints.get(finding) ?? "" }));
}

function placeOf({ stack, address }: Finding): string {
  return JSON.stringify([stack ?? null, address ?? null]);
}

/** Whatever order the rule gave them in; numbers decide last, because they change. */
function byMessage(a: Finding, b: Finding): number {
  return compare(kindOf(a), kindOf(b)) || compare(a.message, b.message);
}

function kindOf({ message }: Finding): string {
  return message.replaceAll(/\d+/g, "0");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
