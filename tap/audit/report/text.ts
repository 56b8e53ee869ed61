import { join } from "node:path";
import { styleText } from "node:util";
import type { AuditResult } from "../result";
import { type Severity, severities } from "../rule";
import { inBraces, printable, wrapped } from "./lines";
import type { Locator } from "./location";
import {
  type BrokenRule,
  brokenRules,
  counted,
  inOrder,
  type RepeatedFinding,
  repeatedFindings,
  summary,
} from "./order";

export interface TextOptions {
  /** Whether to write a terminal's colour codes. */
  readonly colour: boolean;
  /** Most places that are listed of one rule. @default 20 */
  readonly perRule?: number;
  /** Width of the terminal, at which sentences are broken. @default never: what reads it breaks lines, or searches in them */
  readonly columns?: number;
  /** Finds the lines of resources. @default files without lines */
  readonly locator?: Locator;
  /** Path to the folder that was audited, from where the command was called. @default none */
  readonly prefix?: string;
}

type Style = Parameters<typeof styleText>[0];

/** What the parts of a report are written with. */
interface Pen {
  paint(style: Style, text: string): string;
  /** A sentence, broken to the terminal's width, behind some spaces. */
  sentence(text: string, indent: number): string;
  /** The file of a finding, or of all that say the same. */
  places(repeated: RepeatedFinding): string | undefined;
  readonly columns: number | undefined;
}

const styles: Readonly<Record<Severity, Style>> = {
  critical: ["bold", "white", "bgRed"],
  high: ["bold", "red"],
  medium: ["bold", "yellow"],
  low: ["bold", "cyan"],
};

/** From so many rules on, those at the top are off the screen when the verdict is read. */
const longList = 4;
const mostInList = 12;

/** An audit for people: by severity and rule, with what to do once for each rule, and the verdict last. */
export function textReport(result: AuditResult, options: TextOptions): string {
  const pen = penOf(result, options);
  const { paint } = pen;
  const broken = brokenRules(result.findings);
  const groups = severities.flatMap((severity) => {
    const rules = broken.filter(({ rule }) => rule.severity === severity);
    if (rules.length === 0) return [];
    const count = rules.reduce((sum, { findings }) => sum + findings.length, 0);
    return [
      `${paint(styles[severity], ` ${severity.toUpperCase()} `)} ${paint("dim", counted(count, "finding"))}`,
      ...rules.map((each) => ruleText(each, options.perRule ?? 20, pen)),
    ];
  });
  const notes = result.notes.map((note) => paint("dim", pen.sentence(`Note: ${printable(note)}`, 0)));
  const list = broken.length < longList ? [] : [ruleList(broken, pen)];
  return [...groups, ...list, [...notes, verdict(result, pen), ...nextSteps(result, pen)].join("\n")].join("\n\n");
}

function penOf(result: AuditResult, { colour, columns, locator, prefix = "" }: TextOptions): Pen {
  const files = new Map(result.stacks.map(({ id, file }) => [id, file]));
  return {
    // Whether it goes to a terminal is decided by who calls.
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    sentence: (text, indent) => wrapped(text, indent, columns),
    columns,
    places: ({ findings }) => {
      const stacks = [...new Set(findings.flatMap(({ stack }) => stack ?? []))];
      const [only, ...others] = stacks;
      const location =
        only !== undefined && others.length === 0 ? locator?.locate(only, findings[0]?.address) : undefined;
      if (location !== undefined) return printable(`${join(prefix, location.file)}:${location.line}`);
      const known = stacks.map((stack) => files.get(stack)).filter((file) => file !== undefined);
      if (known.length === stacks.length && known.length > 0)
        return printable(inBraces([...new Set(known)].map((file) => join(prefix, file))));
      return stacks.length > 1 ? printable(inBraces(stacks)) : undefined;
    },
  };
}

function ruleText({ rule, findings }: BrokenRule, perRule: number, pen: Pen): string {
  const { paint, sentence } = pen;
  const repeated = repeatedFindings(findings);
  const left = repeated.slice(perRule).reduce((sum, each) => sum + each.findings.length, 0);
  const title = sentence(`${rule.id}  ${rule.title}`, 0);
  return [
    `${paint("bold", title.slice(0, rule.id.length))}${title.slice(rule.id.length)}`,
    ...repeated.slice(0, perRule).map((each, at) => findingText(each, repeated[at - 1], pen)),
    ...(left > 0 ? [paint("dim", `  … and ${counted(left, "more finding")}: --json and --html have all`)] : []),
    paint("dim", sentence(`Why: ${rule.why}`, 2)),
    sentence(`Fix: ${rule.fix}`, 2).replace("Fix:", paint("green", "Fix:")),
    ...(rule.references.length > 0 ? [paint("dim", sentence(`See ${rule.references.join(", ")}`, 2))] : []),
  ].join("\n");
}

function findingText(
  repeated: RepeatedFinding,
  before: RepeatedFinding | undefined,
  { paint, sentence, places }: Pen,
): string {
  const { address, message, findings } = repeated;
  const stacks = new Set(findings.map(({ stack }) => stack));
  const [stack] = stacks;
  const isInMany = stacks.size > 1;
  const place = (isInMany ? address : [stack, address].filter((part) => part !== undefined).join("/")) || "everywhere";
  const path = places(repeated);
  const isWhereBefore = isInMany && before !== undefined && places(before) === path;
  const where = isWhereBefore ? ` in the same ${stacks.size} stacks` : ` in ${counted(stacks.size, "stack")}`;
  return [
    `  ${paint("cyan", printable(place))}${isInMany ? paint("dim", where) : ""}`,
    sentence(printable(message), 4),
    ...(path === undefined || isWhereBefore ? [] : [paint("dim", `    ${path}`)]),
  ].join("\n");
}

/** The rules once more, short: what a long report comes to. */
function ruleList(broken: readonly BrokenRule[], { paint }: Pen): string {
  const shown = broken.slice(0, mostInList);
  const width = Math.max(...shown.map(({ rule }) => rule.id.length));
  const left = broken.length - shown.length;
  return [
    ...shown.map(({ rule, findings }) => {
      const places = repeatedFindings(findings).length;
      const count = `${counted(findings.length, "finding")}${places < findings.length ? ` in ${counted(places, "place")}` : ""}`;
      return `  ${paint(styles[rule.severity], rule.severity.padEnd("critical".length))}  ${rule.id.padEnd(width)}  ${paint("dim", count)}`;
    }),
    ...(left > 0 ? [paint("dim", `  … and ${counted(left, "more rule")}`)] : []),
  ].join("\n");
}

function verdict(result: AuditResult, { paint, sentence }: Pen): string {
  const isGood = result.findings.length === 0;
  return paint(["bold", isGood ? "green" : "red"], sentence(`${isGood ? "✓" : "✗"} ${summary(result)}`, 0));
}

function nextSteps({ findings, acknowledged }: AuditResult, { paint, columns }: Pen): string[] {
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
  const lines = steps.map(([command = "", what = ""]) => `  ${command.padEnd(width)}  ${what}`);
  const hasRoom = lines.every(({ length }) => length <= (columns ?? length));
  return (hasRoom ? lines : steps.map(([command = ""]) => `  ${command}`)).map((line) => paint("dim", line));
}
