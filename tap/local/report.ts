import { columns, formatMilliseconds, table } from "../text";
import type { LocalState } from "./state";
import { type RestApi, restApis, type Status } from "./status";
import type { UpResult } from "./up";

/** What `tap local up` says at its end. */
export function upText(result: UpResult): string {
  const { state, failures } = result;
  return [
    upSummary(result),
    ...(failures.length === 0 ? [] : ["", ...failures.map(({ id, message }) => `✖ ${id}: ${message}`)]),
    "",
    notCreatedText(result.notCreated),
    "",
    apisText(restApis(state)),
    "",
    nextText(state),
  ].join("\n");
}

/** What there is, and what was done for it: two lines. */
export function upSummary(result: UpResult): string {
  const { state, milliseconds, failures } = result;
  const { environment, accountId, emulator } = state;
  return [
    `${environment} ${failures.length === 0 ? "is up" : "is not whole"}: ${emulator.endpoint}, account ${accountId}`,
    `${changesText(result)}, in ${formatMilliseconds(milliseconds)}.`,
  ].join("\n");
}

function changesText({ changes, unchanged }: UpResult): string {
  const parts = Object.entries(changes).flatMap(([change, count]) => (count === 0 ? [] : [`${count} ${change}`]));
  return parts.length === 0 ? `Nothing changed: ${unchanged} resources` : `${parts.join(", ")}, ${unchanged} unchanged`;
}

/** Types that aren't made, by the reason that they share. */
function notCreatedText(notCreated: UpResult["notCreated"]): string {
  if (notCreated.length === 0) return "Every type was made.";
  const byReason = new Map<string, string[]>();
  for (const { type, count, reason } of notCreated)
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${type} ${count}`]);
  const total = notCreated.reduce((sum, { count }) => sum + count, 0);
  const lines = [...byReason].flatMap(([reason, types]) => [`  ${reason}:`, ...wrapped(types)]);
  return [`Not made, ${total} resources:`, ...lines].join("\n");
}

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 110) lines[lines.length - 1] = `${last}, ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines;
}

function apisText(apis: readonly RestApi[]): string {
  return columns(apis.map(({ system, region, url }) => [`${system} ${region}`, url] as const));
}

/** What one does with what is up. */
export function nextText({ environment, resources }: Pick<LocalState, "environment" | "resources">): string {
  const [first] = restApis({ resources });
  const steps = columns([
    ...(first === undefined ? [] : [[`curl ${first.url}/health`, "is it there?"] as const]),
    [`tap local status --env ${environment} --keys`, "values of the APIs' keys, for x-api-key"],
    [`tap local invoke <function> --env ${environment}`, "call a function: records/write"],
    [`tap local down --env ${environment}`, "end it, and forget it"],
  ]);
  return `Next:\n${steps.replaceAll(/^/gm, "  ")}`;
}

/** What `tap local status` says of one environment. */
export function statusText(status: Status, withKeys: boolean): string {
  const { environment, isUp, endpoint, since, accountId, stacks, apis, changing } = status;
  const totals = [
    `${stacks.length} stacks`,
    String(stacks.reduce((sum, { made }) => sum + made, 0)),
    String(stacks.reduce((sum, { notCreated }) => sum + notCreated, 0)),
  ];
  const rows = stacks.map(({ stack, made, notCreated }) => [stack, String(made), String(notCreated)]);
  return [
    `${environment} ${isUp ? "is up" : "is down: tap local up starts it anew"}: ${endpoint}, account ${accountId}, since ${since}`,
    ...(changing === undefined
      ? []
      : [`A change ${changing === "now" ? "is being made" : "was begun, and ended midway"}.`]),
    "",
    table(["Stack", "Made", "Not made"], rows, totals),
    "",
    apisText(apis),
    ...(withKeys ? ["", columns(apis.flatMap(({ keys }) => Object.entries(keys)))] : []),
    "",
    driftText(status),
  ].join("\n");
}

function driftText({ drift: { missing, changed, superfluous } }: Status): string {
  const parts = [
    ...missing.map((id) => `+ ${id}`),
    ...changed.map((id) => `~ ${id}`),
    ...superfluous.map((id) => `- ${id}`),
  ];
  if (parts.length === 0) return "All is as it was synthesized last.";
  const shown = parts.slice(0, 20);
  const more = parts.length - shown.length;
  return [
    `${parts.length} resources are not as they were synthesized: tap local up mends it.`,
    ...shown.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}
