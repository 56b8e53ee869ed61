import { push } from "../../graph/sorted";
import type { AuditFinding, AuditResult, RuleMeta } from "../result";
import { type Severity, severities } from "../rule";

/** A rule that doesn't hold everywhere. */
export interface BrokenRule {
  readonly rule: RuleMeta;
  readonly findings: readonly AuditFinding[];
}

/** Findings in the order of reports, whatever order they came in: the worst first, then by rule, stack and address. */
export function inOrder(findings: readonly AuditFinding[]): AuditFinding[] {
  return findings
    .map((finding) => ({ finding, key: keyOf(finding) }))
    .sort((a, b) => weightOf(a.finding) - weightOf(b.finding) || (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ finding }) => finding);
}

/** The same, grouped by rule. */
export function brokenRules(findings: readonly AuditFinding[]): BrokenRule[] {
  const groups = new Map<string, AuditFinding[]>();
  for (const finding of inOrder(findings)) push(groups, finding.rule.id, finding);
  return [...groups.values()].flatMap((group) => (group[0] ? [{ rule: group[0].rule, findings: group }] : []));
}

/** Rules of a result by id; also those that only findings name. */
export function rulesOf({ rules, findings, acknowledged }: AuditResult): RuleMeta[] {
  const all = [...rules, ...findings.map(({ rule }) => rule), ...acknowledged.map(({ finding }) => finding.rule)];
  return [...new Map(all.map((rule) => [rule.id, rule])).values()];
}

/** How many findings there are of each severity. */
export function countBySeverity(findings: readonly AuditFinding[]): Record<Severity, number> {
  const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { rule } of findings) counts[rule.severity] += 1;
  return counts;
}

/** `1 finding`, `2,123 findings`. */
export function counted(count: number, noun: string): string {
  return `${withCommas(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `4,303`: a locale's own way takes a twentieth of a second to load. */
function withCommas(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `0 findings: 124 rules on 39 stacks, 2,123 resources, in 0.9 s`. */
export function summary(result: AuditResult): string {
  const { findings, acknowledged, rules, stacks, milliseconds } = result;
  const counts = countBySeverity(findings);
  const bySeverity = severities.filter((each) => counts[each] > 0).map((each) => `${counts[each]} ${each}`);
  const resources = stacks.reduce((sum, stack) => sum + stack.resources, 0);
  const known = acknowledged.length === 0 ? "" : `, ${withCommas(acknowledged.length)} acknowledged`;
  const found = `${counted(findings.length, "finding")}${bySeverity.length === 0 ? "" : ` (${bySeverity.join(", ")})`}${known}`;
  return `${found}: ${counted(rules.length, "rule")} on ${counted(stacks.length, "stack")}, ${counted(resources, "resource")}, in ${(milliseconds / 1_000).toFixed(1)} s`;
}

function weightOf({ rule }: AuditFinding): number {
  return severities.indexOf(rule.severity);
}

function keyOf({ rule, stack, address, message, fingerprint }: AuditFinding): string {
  return [rule.id, stack ?? "", address ?? "", message, fingerprint].join("\u0000");
}
