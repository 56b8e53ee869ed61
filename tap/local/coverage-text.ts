import { columns, table } from "../text";
import type { Counted, Coverage, RoleCoverage } from "./coverage";

/** What `tap local coverage` says to people. */
export function coverageText(environment: string, coverage: Coverage): string {
  const { roles, used, enforced, percent, otherRoles, ownCalls, unreadable } = coverage;
  const rows = roles.map((role) => [
    role.role,
    String(role.used.length),
    String(role.unused.length),
    String(role.notExercised.length),
  ]);
  const total = (of: (role: RoleCoverage) => readonly unknown[]) =>
    String(roles.reduce((sum, role) => sum + of(role).length, 0));
  const totals = [
    `${roles.length} roles`,
    total((role) => role.used),
    total((role) => role.unused),
    total((role) => role.notExercised),
  ];
  return [
    table(["Role", "Used", "Not used", "Not exercised"], rows, totals),
    "",
    listed("Granted, and used by no call:", roles.flatMap(unusedOf)),
    listed("Granted, and not to be exercised here, by reason:", reasonsOf(roles)),
    listed("Denied:", roles.flatMap(deniedOf)),
    listed("Calls of functions of which it isn't known what they ask for:", countsOf(coverage.unknownCalls)),
    listed("Calls by keys that nobody knows:", countsOf(coverage.unknownKeys)),
    `No function runs under ${otherRoles.length} other roles${otherRoles.length === 0 ? "" : `: ${otherRoles.join(", ")}`}.`,
    `${ownCalls} calls were the account's own.${unreadable === 0 ? "" : ` ${unreadable} lines can't be read.`}`,
    `${environment}: ${used} of ${enforced} granted actions that the emulator enforces have been used: ${percent.toFixed(1)} %.`,
  ]
    .filter((part) => part !== undefined)
    .join("\n");
}

/** Nothing where there is nothing to list. */
function listed(title: string, rows: readonly (readonly [string, string])[]): string | undefined {
  return rows.length === 0 ? undefined : `${title}\n${columns(rows).replaceAll(/^/gm, "  ")}\n`;
}

function unusedOf({ role, unused }: RoleCoverage): [string, string][] {
  return unused.length === 0 ? [] : [[role, unused.join(", ")]];
}

function deniedOf({ role, denied }: RoleCoverage): [string, string][] {
  return denied.map(({ what, calls }) => [role, `${what} (${calls})`]);
}

function countsOf(counts: readonly Counted[]): [string, string][] {
  return counts.map(({ what, calls }) => [what, String(calls)]);
}

function reasonsOf(roles: readonly RoleCoverage[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const { reason } of roles.flatMap(({ notExercised }) => notExercised))
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => [String(count), reason]);
}
