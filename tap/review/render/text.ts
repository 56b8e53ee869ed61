import { styleText } from "node:util";
import { outdatedWords } from "../../plan/summary";
import { atLeast, type ReviewClass } from "../classes";
import type { AttributeDiff, Review, ReviewedChange, StackReview } from "../model";
import { actionWords, changesByStack, classWords, counted, countsText, headline } from "./words";

export interface TextOptions {
  /** Whether to write a terminal's colour codes. @default false */
  readonly colour?: boolean;
  /** Most changes of a stack that are listed with attributes; those that are dangerous always are. @default 50 */
  readonly most?: number;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<ReviewClass, Style>> = {
  irreversible: ["bold", "white", "bgRed"],
  dangerous: ["bold", "red"],
  review: "yellow",
  safe: "green",
  none: "dim",
};

/** A review for a terminal: stack by stack, the verdict last. */
export function reviewText(review: Review, { colour = false, most = 50 }: TextOptions = {}): string {
  const paint = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const byStack = changesByStack(review);
  const stacks = review.stacks.map((stack) => stackText(stack, byStack.get(stack.stackId) ?? [], most, paint));
  return [...stacks, paint(styles[review.highest], headline(review))].join("\n\n");
}

type Paint = (style: Style, text: string) => string;

function stackText(stack: StackReview, changes: readonly ReviewedChange[], most: number, paint: Paint): string {
  const { outdatedBy = [] } = stack;
  const isListed = (change: ReviewedChange, at: number) => at < most || atLeast(change.class, "dangerous");
  const listed = changes.filter(isListed);
  const left = changes.length - listed.length;
  return [
    `${paint("bold", stack.stackId)}  ${paint("dim", stateText(stack))}`,
    ...(outdatedBy.length > 0 ? [`  reads what the plan of ${outdatedBy.join(", ")} changes: ${outdatedWords}`] : []),
    ...stack.remarks.map((remark) => `  ${remark}`),
    ...stack.checks.map(({ address, status, problems }) =>
      paint(status === "unknown" ? "dim" : "red", `  check ${address}: ${status} ${problems.join(" ")}`.trimEnd()),
    ),
    ...listed.flatMap((change) => changeLines(change, paint)),
    ...(left > 0 ? [paint("dim", `  … and ${counted(left, "more change")}: --json has all`)] : []),
    ...stack.outputs.flatMap(({ attribute, action }) => [
      `  ${paint("dim", "output")} ${action} ${attribute.path}`,
      ...attributeLines(attribute, paint).map((line) => `    ${line}`),
    ]),
  ].join("\n");
}

function stateText({ status, counts, waitingFor, error, drifted }: StackReview): string {
  if (status === "failed") return `could not be planned: ${error ?? ""}`;
  if (status === "waiting") return `waits for ${waitingFor?.join(", ") || "other stacks"}`;
  const outside = drifted > 0 ? `, ${drifted} changed outside Terraform` : "";
  return `${countsText(counts) || status}${outside}`;
}

function changeLines(change: ReviewedChange, paint: Paint): string[] {
  const { address, previousAddress, action, class: level, reasons, isDrift, attributes, attributesLeft } = change;
  const kind = isDrift ? paint("dim", "outside Terraform") : paint(styles[level], classWords[level]);
  const moved = previousAddress === undefined ? "" : ` (before: ${previousAddress})`;
  return [
    `  ${kind}  ${actionWords[action]} ${paint("cyan", address)}${moved}`,
    ...reasons.map((reason) => `    ${reason}`),
    ...attributes.flatMap((attribute) => attributeLines(attribute, paint).map((line) => `      ${line}`)),
    ...(attributesLeft > 0 ? [paint("dim", `      … ${counted(attributesLeft, "more attribute")}`)] : []),
  ];
}

function attributeLines({ path, before, after, forcesReplacement }: AttributeDiff, paint: Paint): string[] {
  const why = forcesReplacement ? paint("red", "  # forces replacement") : "";
  return [
    ...(before === undefined ? [] : [`${paint("red", `- ${path}: ${before}`)}${after === undefined ? why : ""}`]),
    ...(after === undefined ? [] : [`${paint("green", `+ ${path}: ${after}`)}${why}`]),
  ];
}
