import { type DriftedResource, type DriftReport, shownValue } from "./report";
import { headline } from "./text";

const mostShown = 200;

/** For a workflow's summary: the result first, then a table of what differs. */
export function driftMarkdown(report: DriftReport): string {
  const { drifted, known, incomplete, notDeployed, remarks } = report;
  const rows = drifted.flatMap(rowsOf);
  const left = rows.length - mostShown;
  return [
    `## Drift in ${headline(report)}`,
    ...(rows.length === 0
      ? []
      : [
          "",
          "| stack | resource | attribute | in the state | there |",
          "| --- | --- | --- | --- | --- |",
          ...rows.slice(0, mostShown),
          ...(left > 0 ? ["", `${left} more differences aren't shown here: --json has them.`] : []),
        ]),
    ...(known.length === 0
      ? []
      : [
          "",
          `<details><summary>${known.length} known</summary>`,
          "",
          ...known.map(
            ({ stackId, address, attributes, reason, until }) =>
              `- ${code(stackId)} ${code(address)} ${code(attributes.map(({ path }) => path).join(", ") || "is gone")}, until ${until}: ${plain(reason)}`,
          ),
          "",
          "</details>",
        ]),
    ...(incomplete.length + notDeployed.length + remarks.length === 0 ? [] : [""]),
    ...incomplete.map(({ stackId, why }) => `- ${code(stackId)} couldn't be compared: ${code(why)}`),
    ...(notDeployed.length === 0 ? [] : [`- Not deployed: ${notDeployed.map(code).join(", ")}`]),
    ...remarks.map((remark) => `- ${plain(remark)}`),
    "",
  ].join("\n");
}

function rowsOf({ stackId, address, attributes, vanished }: DriftedResource): string[] {
  const row = (...cells: string[]) => `| ${[code(stackId), code(address), ...cells].join(" | ")} |`;
  if (vanished) return [row("**is gone**", "", "")];
  return attributes.map(({ path, state, actual }) =>
    row(code(path), code(shownValue(state)), code(shownValue(actual))),
  );
}

/** As code, which Markdown, HTML and mentions have no meaning in; on one line, and within a table's cell. */
function code(text: string): string {
  const line = oneLine(text).replaceAll("|", "¦");
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** GitHub finds mentions whatever an `@` is written as; not where something stands behind it, though nobody sees it. */
function plain(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_{}[\]<>()#+!|~&]/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replaceAll("@", "@\u200b");
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ");
}
