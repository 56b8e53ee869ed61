import { styleText } from "node:util";
import type { AuditFinding, AuditResult } from "../result";
import { type Severity, severities } from "../rule";
import { type BrokenRule, brokenRules, counted, inOrder, summary } from "./order";

export interface TextOptions {
  /** Whether to write a terminal's colour codes. */
  readonly colour: boolean;
  /** Most findings that are listed of one rule. @default 20 */
  readonly perRule?: number;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const styles: Readonly<Record<Severity, Style>> = {
  critical: ["bold", "white", "bgRed"],
  high: ["bold", "red"],
  medium: ["bold", "yellow"],
  low: ["bold", "cyan"],
};

/** An audit for people: by severity and rule, with what to do once for each rule, and the verdict last. */
export function textReport(result: AuditResult, { colour, perRule = 20 }: TextOptions): string {
  const paint: Paint = (style, text) => (colour ? styleText(style, text) : text);
  const files = new Map(result.stacks.map(({ id, file }) => [id, file]));
  const broken = brokenRules(result.findings);
  const groups = severities.flatMap((severity) => {
    const rules = broken.filter(({ rule }) => rule.severity === severity);
    if (rules.length === 0) return [];
    return [
      paint(styles[severity], ` ${severity.toUpperCase()} `),
      ...rules.map((each) => ruleText(each, files, perRule, paint)),
    ];
  });
  const notes = result.notes.map((note) => paint("dim", `Note: ${printable(note)}`));
  return [...groups, [...notes, verdict(result, paint), ...nextSteps(result, paint)].join("\n")].join("\n\n");
}

function ruleText(
  { rule, findings }: BrokenRule,
  files: ReadonlyMap<string, string | undefined>,
  perRule: number,
  paint: Paint,
): string {
  const left = findings.length - perRule;
  return [
    `${paint("bold", rule.id)}  ${rule.title}`,
    ...findings.slice(0, perRule).map((finding) => findingText(finding, files, paint)),
    ...(left > 0 ? [paint("dim", `  … and ${counted(left, "more finding")}: --json and --html have all`)] : []),
    paint("dim", `  ${rule.why}`),
    `  ${paint("green", "Fix:")} ${rule.fix}`,
    ...(rule.references.length > 0 ? [paint("dim", `  See ${rule.references.join(", ")}`)] : []),
  ].join("\n");
}

function findingText(
  { stack, address, message }: AuditFinding,
  files: ReadonlyMap<string, string | undefined>,
  paint: Paint,
): string {
  const place = [stack, address].filter((part) => part !== undefined).join("/") || "everywhere";
  const file = stack === undefined ? undefined : files.get(stack);
  const path = file === undefined ? "" : paint("dim", ` (${printable(file)})`);
  return `  ${paint("cyan", printable(place))}${path}\n    ${printable(message)}`;
}

function verdict(result: AuditResult, paint: Paint): string {
  return paint(["bold", result.findings.length === 0 ? "green" : "red"], summary(result));
}

function nextSteps({ findings, acknowledged }: AuditResult, paint: Paint): string[] {
  const [first] = inOrder(findings);
  const steps =
    first === undefined
      ? [
          [
            "tap audit --html audit.html",
            `all stacks as graphs${acknowledged.length > 0 ? ", and what is acknowledged" : ""}`,
          ],
        ]
      : [
          [`tap audit --explain ${first.rule.id}`, "a rule, with an example that breaks it and one that doesn't"],
          ["tap audit --html audit.html", "one page: search, filters, a graph of each stack"],
          ["tap audit --changed <folder>", "only what is new against another synthesis"],
        ];
  const width = Math.max(...steps.map(([command = ""]) => command.length));
  return steps.map(([command = "", what = ""]) => paint("dim", `  ${command.padEnd(width)}  ${what}`));
}

/** Names come from anybody's configuration: what would steer the terminal is shown as `�`. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
