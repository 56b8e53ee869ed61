import { createHash } from "node:crypto";
import { buildGraph } from "../../graph/build";
import type { StackSource } from "../../graph/configuration";
import type { AuditResult } from "../result";
import { severities } from "../rule";
import { acknowledgedUntil, brokenRules, counted, inOrder, repeatedFindings, rulesOf, summary } from "./order";
import { pageData } from "./page-data";
import { pageScript } from "./script";
import { pageStyle } from "./style";

/**
 * An audit as one page that needs nothing else: findings with search and filters, each stack as a graph, all rules. Its
 * policy lets a browser run the page's own code and style, known by their hashes, and load nothing.
 */
export function htmlReport(result: AuditResult, sources: readonly StackSource[]): string {
  const data = pageData(result, buildGraph(sources));
  return `<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeText(counted(result.findings.length, "finding"))}: tap audit</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body class="plain" data-view="findings">
${header(result)}
${bar(result)}
<main id="main">
${filterRow()}
<noscript><div class="written">${written(result)}</div></noscript>
${panel("findings")}
<div id="view-stacks" role="tabpanel" aria-labelledby="tab-stacks" hidden><div id="frame"><div id="legend" role="group" aria-label="Colours"></div></div><aside id="side" aria-label="Details"></aside></div>
${panel("rules")}
${panel("acknowledged")}
</main>
<div id="status" class="unseen" role="status"></div>
<script type="application/json" id="data">${escapeJson(JSON.stringify(data))}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

function header(result: AuditResult): string {
  const [worst] = inOrder(result.findings);
  const title = worst === undefined ? "No finding" : counted(result.findings.length, "finding");
  const [, judged = ""] = summary(result).split(/: (.*)/s);
  const notes = result.notes.map((note) => `<p>${escapeText(note)}</p>`).join("");
  return `<a class="skip" href="#main">Skip to the findings</a>
<header class="top">
<div class="verdict ${worst === undefined ? "good" : worst.rule.severity}" aria-hidden="true">${worst === undefined ? "✓" : "!"}</div>
<div><h1>${escapeText(title)}</h1><p>${escapeText(judged)}${escapeText(acknowledgedUntil(result).replace(/^, /, "; "))}</p>${notes}</div>
<button type="button" id="theme" title="Change between light and dark">◐ Auto</button>
</header>`;
}

function bar(result: AuditResult): string {
  const tabs = [
    ["findings", "Findings", result.findings.length],
    ["stacks", "Stacks", result.stacks.length],
    ["rules", "Rules", rulesOf(result).length],
    ["acknowledged", "Acknowledged", result.acknowledged.length],
  ] as const;
  return `<div class="bar">
<div class="tabs" id="tabs" role="tablist" aria-label="Views">${tabs
    .map(
      ([id, name, count]) =>
        `<button type="button" role="tab" id="tab-${id}" aria-controls="view-${id}" aria-selected="false">${name}<span>${count.toLocaleString("en-US")}</span></button>`,
    )
    .join("")}</div>
<div class="find" role="search">
<select id="stack" aria-label="Stack"><option value="">All stacks</option></select>
<input type="search" id="search" aria-label="Search" aria-keyshortcuts="/" title="Press / to search" autocomplete="off" spellcheck="false">
</div>
</div>`;
}

function filterRow(): string {
  const chips = severities.map(
    (severity) =>
      `<button type="button" value="${severity}" aria-pressed="false"><i class="${severity}"></i>${severity} <b></b></button>`,
  );
  return `<div class="filter" id="filter">
<div class="chips" role="group" aria-label="Severities">${chips.join("")}</div>
<select id="rule" aria-label="Rule"><option value="">All rules</option></select>
<button type="button" class="quiet" id="clear" hidden>Clear the filter</button>
</div>`;
}

function panel(id: string): string {
  return `<div id="view-${id}" class="list" role="tabpanel" aria-labelledby="tab-${id}" hidden><div id="list-${id}"></div></div>`;
}

/** Most places that are written of one rule: all are in the data. */
const mostWritten = 20;

/** What readers see whose browsers run no code. */
function written(result: AuditResult): string {
  const rules = brokenRules(result.findings).map(({ rule, findings }) => {
    const places = repeatedFindings(findings);
    const left = places.length - mostWritten;
    const items = places.slice(0, mostWritten).map(({ address, message, findings: same }) => {
      const stacks = [...new Set(same.flatMap(({ stack }) => stack ?? []))].join(", ");
      const place = [address, stacks && (address === undefined ? stacks : `(${stacks})`)].filter(Boolean).join(" ");
      return `<li><span class="place">${escapeText(place || "everywhere")}</span> ${escapeText(message)}</li>`;
    });
    return `<section><h2><span class="severity ${rule.severity}">${rule.severity}</span> ${escapeText(rule.title)}</h2><p>${escapeText(rule.why)}</p><p><strong>Fix:</strong> ${escapeText(rule.fix)}</p><ul>${items.join("")}${left > 0 ? `<li>and ${left.toLocaleString("en-US")} more</li>` : ""}</ul></section>`;
  });
  return `<section><p>${escapeText(summary(result))}. With JavaScript, this page has filters, search and a graph of each stack.</p></section>${rules.join("")}`;
}

const policy = [
  "default-src 'none'",
  `script-src ${hashOf(pageScript)}`,
  `style-src ${hashOf(pageStyle)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** JSON that no name can end early: an element `script` ends at the first `</script`, wherever that stands. */
function escapeJson(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
