import type { Acknowledgement } from "../acknowledgements";
import type { AuditedStack, AuditFinding, AuditResult, RuleMeta } from "../result";
import type { Severity } from "../rule";
import { countBySeverity, inOrder, rulesOf } from "./order";

/**
 * What `tap audit --json` prints. Within a version, keys are added and never change or go. Lists are in a fixed order,
 * so that two reports of the same stacks differ in `milliseconds` alone.
 */
export interface JsonReport {
  readonly version: 1;
  readonly summary: {
    readonly findings: number;
    readonly bySeverity: Readonly<Record<Severity, number>>;
    readonly acknowledged: number;
    readonly rules: number;
    readonly stacks: number;
    readonly resources: number;
    readonly milliseconds: number;
  };
  /** By severity, rule, stack and address. */
  readonly findings: readonly JsonFinding[];
  readonly acknowledged: readonly (JsonFinding & {
    readonly acknowledgement: Pick<Acknowledgement, "reason" | "owner" | "expires">;
  })[];
  /** Rules that were judged, also those without findings; by id. */
  readonly rules: readonly (RuleMeta & { readonly findings: number })[];
  readonly stacks: readonly AuditedStack[];
  /** What was not judged, and why. */
  readonly notes: readonly string[];
}

export interface JsonFinding {
  /** Id of the rule, which `rules` has. */
  readonly rule: string;
  readonly severity: Severity;
  /** Left out where a stack is missing. */
  readonly stack?: string;
  /** Left out where it is about a stack as a whole. */
  readonly address?: string;
  readonly message: string;
  /** Same from run to run: SHA-256, in hex. */
  readonly fingerprint: string;
}

/** An audit for programs. */
export function jsonReport(result: AuditResult): string {
  return `${JSON.stringify(toJson(result), null, 2)}\n`;
}

export function toJson(result: AuditResult): JsonReport {
  const { findings, acknowledged, stacks, milliseconds, notes } = result;
  const rules = rulesOf(result);
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule.id, (counts.get(rule.id) ?? 0) + 1);
  const known = new Map(acknowledged.map(({ finding, acknowledgement }) => [finding, acknowledgement]));
  return {
    version: 1,
    summary: {
      findings: findings.length,
      bySeverity: countBySeverity(findings),
      acknowledged: acknowledged.length,
      rules: rules.length,
      stacks: stacks.length,
      resources: stacks.reduce((sum, stack) => sum + stack.resources, 0),
      milliseconds: Math.round(milliseconds),
    },
    findings: inOrder(findings).map(toFinding),
    acknowledged: inOrder([...known.keys()]).flatMap((finding) => {
      const acknowledgement = known.get(finding);
      if (acknowledgement === undefined) return [];
      const { reason, owner, expires } = acknowledgement;
      return [{ ...toFinding(finding), acknowledgement: { reason, owner, expires } }];
    }),
    rules: rules
      .map((rule) => ({ ...rule, findings: counts.get(rule.id) ?? 0 }))
      .sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))),
    stacks: [...stacks].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))),
    notes,
  };
}

function toFinding({ rule, stack, address, message, fingerprint }: AuditFinding): JsonFinding {
  return {
    rule: rule.id,
    severity: rule.severity,
    ...(stack === undefined ? {} : { stack }),
    ...(address === undefined ? {} : { address }),
    message,
    fingerprint,
  };
}
