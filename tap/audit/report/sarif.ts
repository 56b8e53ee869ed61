import { isAbsolute, relative, sep } from "node:path";
import { version } from "../../../package.json";
import type { Acknowledgement } from "../acknowledgements";
import type { AuditFinding, AuditResult, RuleMeta } from "../result";
import type { Severity } from "../rule";
import { type Location, type Locator, locatorOf, rootOf } from "./location";
import { inOrder, rulesOf } from "./order";

export interface SarifOptions {
  /** What was audited: a folder, or a plan. */
  readonly folder: string;
  /** Folder that code scanning takes paths from, that of the repository. @default the working directory */
  readonly root?: string;
}

/**
 * An audit as SARIF 2.1.0, for code scanning. Every rule that was judged is in it, acknowledged findings are suppressed
 * ones, and each finding names the line of its resource.
 */
export function sarifReport(result: AuditResult, { folder, root = process.cwd() }: SarifOptions): string {
  const log = toSarif(result, locatorOf(folder, result.stacks), prefixOf(rootOf(folder), root));
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** @param prefix Path from the repository's root to the audited folder, with `/` at its end; empty for none */
export function toSarif(result: AuditResult, locator: Locator, prefix = ""): object {
  const rules = rulesOf(result);
  const indices = new Map(rules.map(({ id }, index) => [id, index]));
  const acknowledgements = new Map(
    result.acknowledged.map(({ finding, acknowledgement }) => [finding, acknowledgement]),
  );
  const anyStack = result.stacks[0]?.id;
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "tap audit", semanticVersion: version, rules: rules.map(descriptor) } },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: result.notes.map((text) => ({ level: "note", message: { text } })),
          },
        ],
        columnKind: "utf16CodeUnits",
        results: inOrder([...result.findings, ...acknowledgements.keys()]).map((finding) => ({
          ruleId: finding.rule.id,
          ruleIndex: indices.get(finding.rule.id),
          level: levels[finding.rule.severity],
          message: { text: messageOf(finding) },
          locations: [locationOf(finding, locator.locate(finding.stack ?? anyStack ?? "", finding.address), prefix)],
          partialFingerprints: {
            "tapAudit/v1": finding.fingerprint,
            // The only one that GitHub's code scanning reads.
            primaryLocationLineHash: finding.fingerprint,
          },
          suppressions: suppressionsOf(acknowledgements.get(finding)),
        })),
      },
    ],
  };
}

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
};

/** Scores from which code scanning makes the same four again: over 9, from 7, from 4, below. */
const scores: Readonly<Record<Severity, string>> = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.0" };

function descriptor({ id, title, severity, why, fix, references }: RuleMeta): object {
  const pages = references.filter((each) => each.startsWith("https://"));
  const seeAlso = references.length === 0 ? "" : `\n\nSee ${references.join(", ")}`;
  return {
    id,
    name: id.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: {
      text: `${why}\n\nFix: ${fix}${seeAlso}`,
      markdown: `${why}\n\n**Fix:** ${fix}${seeAlso}`,
    },
    ...(pages[0] === undefined ? {} : { helpUri: pages[0] }),
    defaultConfiguration: { level: levels[severity] },
    properties: {
      tags: ["security", ...references.filter((each) => !each.startsWith("https://"))],
      precision: "very-high",
      "problem.severity": levels[severity] === "note" ? "recommendation" : levels[severity],
      "security-severity": scores[severity],
    },
  };
}

function messageOf({ stack, address, message }: AuditFinding): string {
  return `${[stack, address].filter((part) => part !== undefined).join("/") || "Every stack together"} ${message}`;
}

function locationOf({ stack, address }: AuditFinding, location: Location | undefined, prefix: string): object {
  return {
    ...(location === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: encodePath(`${prefix}${location.file}`) },
            region: { startLine: location.line },
          },
        }),
    ...(stack === undefined
      ? {}
      : {
          logicalLocations: [
            {
              name: address ?? stack,
              fullyQualifiedName: address === undefined ? stack : `${stack}/${address}`,
              kind: address === undefined ? "module" : "resource",
            },
          ],
        }),
  };
}

/** Either all results say whether they are suppressed or none (SARIF 2.1.0, 3.27.23). */
function suppressionsOf(acknowledgement: Acknowledgement | undefined): object[] {
  if (acknowledgement === undefined) return [];
  const { reason, owner, expires } = acknowledgement;
  return [{ kind: "external", status: "accepted", justification: `${reason} (${owner}, until ${expires})` }];
}

/** A folder outside the root has no path from there: its files are named from the folder itself. */
function prefixOf(folder: string, root: string): string {
  const path = relative(root, folder);
  return path === "" || path.startsWith("..") || isAbsolute(path) ? "" : `${path.split(sep).join("/")}/`;
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
