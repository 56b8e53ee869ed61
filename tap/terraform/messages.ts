import { isObject } from "../graph/terraform-json";

/** A line of `terraform … -json`, as far as it is looked at here (Terraform's "machine-readable UI", version 1). */
export interface Message {
  readonly type: string;
  readonly text: string;
  /** Of what: the resource's address. */
  readonly address?: string;
  /** What is done to it: `create`, `read`, … */
  readonly action?: string;
  readonly diagnostic?: Diagnostic;
  readonly changes?: { readonly add: number; readonly change: number; readonly remove: number };
}

export interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly address?: string;
}

/** Undefined for a line that is none: a crash, or what a provider printed. */
export function readMessage(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(json) || typeof json.type !== "string") return undefined;
  const subject = [json.hook, json.change].find(isObject) ?? {};
  const resource = isObject(subject.resource) ? subject.resource : {};
  return {
    type: json.type,
    text: String(json["@message"] ?? ""),
    ...(typeof resource.addr === "string" ? { address: resource.addr } : {}),
    ...(typeof subject.action === "string" ? { action: subject.action } : {}),
    ...(isObject(json.diagnostic) ? { diagnostic: diagnosticOf(json.diagnostic) } : {}),
    ...(isObject(json.changes) ? { changes: json.changes as unknown as NonNullable<Message["changes"]> } : {}),
  };
}

function diagnosticOf({ severity, summary, detail, address }: Record<string, unknown>): Diagnostic {
  return {
    severity: String(severity ?? "error"),
    summary: String(summary ?? ""),
    detail: String(detail ?? ""),
    ...(typeof address === "string" ? { address } : {}),
  };
}

export function messagesIn(text: string): Message[] {
  return text.split("\n").flatMap((line) => readMessage(line) ?? []);
}

/** Errors that Terraform told of, in either of its ways of telling. */
export function errorsOf(text: string): Diagnostic[] {
  const told = messagesIn(text).flatMap(({ diagnostic }) => (diagnostic?.severity === "error" ? [diagnostic] : []));
  return told.length > 0 ? told : plainErrors(text);
}

/** `init` draws a box around each; without colours its lines may begin with a bar. */
function plainErrors(text: string): Diagnostic[] {
  const plain = text.replaceAll(/^[│╷╵][ \t]?/gm, "");
  return [...plain.matchAll(/^Error: (?<summary>.*)\n(?<detail>(?:(?!Error: ).*\n?)*)/gm)].map(({ groups }) => ({
    severity: "error",
    summary: (groups?.summary ?? "").trim(),
    detail: (groups?.detail ?? "").trim(),
  }));
}

/** Why Terraform failed, short: its errors, and where it told of none, its last lines. */
export function whyFailed(text: string): string {
  const errors = errorsOf(text);
  return errors.length > 0 ? shortErrors(errors) : text.trim().split("\n").slice(-5).join("\n");
}

function textOf({ address = "", summary, detail }: Diagnostic): string {
  return [address, summary, detail].join("\n");
}

const mostShown = 3;
const longestDetail = 600;

/** Terraform's own errors, short: each with its address; what is left out is counted. */
export function shortErrors(errors: readonly Diagnostic[]): string {
  // Terraform tells them in the order in which it came to them.
  const sorted = [...errors].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  const shown = sorted.slice(0, mostShown).map(({ summary, detail, address }) => {
    const plain = detail.replaceAll(/\s+/g, " ").trim();
    const cut = plain.length > longestDetail ? `${plain.slice(0, longestDetail)}…` : plain;
    return [`${address === undefined ? "" : `${address}: `}${summary}`, ...(cut === "" ? [] : [cut])].join("\n  ");
  });
  const left = errors.length - shown.length;
  return [...shown, ...(left > 0 ? [left === 1 ? "1 more error" : `${left} more errors`] : [])].join("\n");
}
