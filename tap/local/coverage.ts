import { createHash } from "node:crypto";
import { actionsOfCall } from "../audit/privilege/actions";
import { expandAction } from "../audit/privilege/iam-data";
import { type Granted, rightsOf } from "../audit/privilege/role-rights";
import { roleOf } from "../audit/rights";
import type { Graph, GraphNode } from "../graph/model";
import { push } from "../graph/sorted";
import { type Grant, reasonFor } from "./not-exercised";
import { restOperation } from "./rest-operations";
import type { LocalState } from "./state";

/** A call of an AWS API, as the front writes it down. */
export interface RecordedCall {
  readonly accessKeyId: string;
  readonly region: string;
  /** As calls are signed for it: `secretsmanager` */
  readonly service: string;
  /** Undefined for REST calls, which are told by method and path. */
  readonly operation?: string;
  /** What a transaction does: `Put`. */
  readonly parts?: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface Counted {
  readonly what: string;
  readonly calls: number;
}

/** What a role is granted, by what became of it. */
export interface RoleCoverage {
  readonly role: string;
  readonly stack: string;
  /** Those that run under it. */
  readonly functions: readonly string[];
  /** Granted actions that some call has used. */
  readonly used: readonly Counted[];
  /** Granted actions that the emulator enforces, and no call has used. */
  readonly unused: readonly string[];
  /** Granted actions that the emulator can't exercise. */
  readonly notExercised: readonly { readonly action: string; readonly reason: string }[];
  /** Actions that calls were denied. */
  readonly denied: readonly Counted[];
}

export interface Coverage {
  readonly roles: readonly RoleCoverage[];
  /** Of granted actions, each counted once for each role that has it. */
  readonly used: number;
  readonly enforced: number;
  /** 100 where nothing is enforced. */
  readonly percent: number;
  /** Roles that no function runs under: the emulator's services do what they do under no role. */
  readonly otherRoles: readonly string[];
  /** Calls by keys that are neither a function's nor the account's own user's. */
  readonly unknownKeys: readonly Counted[];
  /** Calls of functions of which it isn't known what they ask for. */
  readonly unknownCalls: readonly Counted[];
  /** Calls of the account's own user, who may do all: of `tap local` itself. */
  readonly ownCalls: number;
  /** Lines that are no calls. */
  readonly unreadable: number;
}

/**
 * What of the granted actions was used: recorded calls, told apart by their access keys, against what the roles that
 * they were made under allow.
 */
export function coverageOf(
  graph: Graph,
  state: Pick<LocalState, "accountId" | "resources">,
  lines: readonly string[],
): Coverage {
  const calls = lines.filter((line) => line.trim() !== "").map(parsed);
  const roleByKey = new Map(Object.entries(sessionKeys(state)));
  const byRole = new Map<string, RecordedCall[]>();
  const unknownKeys: string[] = [];
  let ownCalls = 0;
  for (const call of calls) {
    if (call === undefined) continue;
    const role = roleByKey.get(call.accessKeyId);
    if (role !== undefined) push(byRole, role, call);
    else if (call.accessKeyId === state.accountId) ownCalls += 1;
    else unknownKeys.push(`${call.accessKeyId} ${nameOf(call)}`);
  }
  const subjects = rolesOf(graph, state);
  const roles = [...subjects].map(([role, lambdas]) => coverageOfRole(graph, role, lambdas, byRole));
  const used = roles.reduce((sum, each) => sum + each.used.length, 0);
  const enforced = used + roles.reduce((sum, each) => sum + each.unused.length, 0);
  return {
    roles: roles.sort((a, b) => (a.role < b.role ? -1 : 1)),
    used,
    enforced,
    percent: enforced === 0 ? 100 : (used / enforced) * 100,
    otherRoles: graph
      .ofType("aws_iam_role")
      .filter((role) => role.id in state.resources && !subjects.has(role))
      .map((role) => role.physicalName ?? role.address)
      .sort(),
    unknownKeys: counted(unknownKeys),
    unknownCalls: counted(
      [...byRole.values()].flat().flatMap((call) => (actionsAskedFor(call).length === 0 ? [nameOf(call)] : [])),
    ),
    ownCalls,
    unreadable: calls.filter((call) => call === undefined).length,
  };
}

function parsed(line: string): RecordedCall | undefined {
  try {
    const call = JSON.parse(line) as RecordedCall;
    return typeof call.accessKeyId === "string" ? call : undefined;
  } catch {
    // The last line of a front that was killed.
    return undefined;
  }
}

/**
 * Access keys of functions' sessions, with the ARNs of their roles. The emulator takes the ARN that a function is run
 * by: the alias's, where it was called through that (REST APIs, rotation, `tap local invoke`); the bare one, where an
 * event source or a notification hands it something; a version's.
 */
export function sessionKeys({ resources }: Pick<LocalState, "resources">): Record<string, string> {
  const all = Object.values(resources);
  const text = (value: unknown) => (typeof value === "string" ? [value] : []);
  return Object.fromEntries(
    all
      .filter(({ type }) => type === "aws_lambda_function")
      .flatMap(({ values, computed, region }) => {
        const aliases = all.filter(
          (other) =>
            other.type === "aws_lambda_alias" &&
            other.region === region &&
            other.values.function_name === values.function_name,
        );
        const [arn = ""] = text(computed.arn);
        const arns = [arn, ...text(computed.qualified_arn), ...aliases.map((alias) => `${arn}:${alias.values.name}`)];
        return arns.map((each) => [sessionKey(each, String(values.role)), String(values.role)]);
      }),
  );
}

/** The access key that the emulator gives a function. */
export function sessionKey(functionArn: string, roleArn: string): string {
  const digest = createHash("sha256").update(`${functionArn}:${roleArn}`).digest("hex");
  return `ASIA${digest.slice(0, 16).toUpperCase()}`;
}

/** Roles of the functions that were made. */
function rolesOf(graph: Graph, { resources }: Pick<LocalState, "resources">): Map<GraphNode, GraphNode[]> {
  const found = new Map<GraphNode, GraphNode[]>();
  for (const lambda of graph.ofType("aws_lambda_function")) {
    const role = roleOf(graph, lambda);
    if (lambda.id in resources && role?.type === "aws_iam_role") push(found, role, lambda);
  }
  return found;
}

function coverageOfRole(
  graph: Graph,
  role: GraphNode,
  lambdas: readonly GraphNode[],
  byRole: ReadonlyMap<string, readonly RecordedCall[]>,
): RoleCoverage {
  const grants = grantsOf(rightsOf(graph, role).granted);
  const usedCalls: string[] = [];
  const denied: string[] = [];
  for (const call of byRole.get(role.arn ?? "") ?? [])
    for (const anyOf of actionsAskedFor(call)) {
      const granted = anyOf.filter((action) => grants.has(action));
      if (isDenied(call)) denied.push(anyOf.join(" or "));
      else usedCalls.push(...granted);
    }
  const used = counted(usedCalls);
  const others = [...grants.keys()].sort().filter((action) => !used.some(({ what }) => what === action));
  const judged = others.map((action) => ({ action, reason: reasonOf(graph, lambdas, grants.get(action) ?? []) }));
  return {
    role: role.physicalName ?? role.address,
    stack: role.stack.id,
    functions: lambdas.map((lambda) => lambda.physicalName ?? lambda.address).sort(),
    used,
    unused: judged.flatMap(({ action, reason }) => (reason === undefined ? [action] : [])),
    notExercised: judged.flatMap(({ action, reason }) => (reason === undefined ? [] : [{ action, reason }])),
    denied: counted(denied),
  };
}

/** Granted actions, with the statements that grant them. */
export function grantsOf(granted: readonly Granted[]): Map<string, Grant[]> {
  const grants = new Map<string, Grant[]>();
  for (const { statement } of granted) {
    if (statement.effect !== "Allow") continue;
    for (const pattern of statement.actions) {
      const names = expandAction(pattern).map(({ name }) => name);
      for (const action of names.length === 0 ? [pattern] : names) push(grants, action, { action, statement });
    }
  }
  return grants;
}

/** Undefined where one of the statements can be exercised. */
function reasonOf(graph: Graph, lambdas: readonly GraphNode[], grants: readonly Grant[]): string | undefined {
  const reasons = grants.map((grant) => reasonFor(graph, lambdas, grant));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

/** Names of the SDK's clients where calls are signed for another. */
const clients: Readonly<Record<string, string>> = {
  bedrock: "bedrock-runtime",
  monitoring: "cloudwatch",
  secretsmanager: "secrets-manager",
};

/** Actions that a part of a transaction asks for. */
const partActions: Readonly<Record<string, string>> = {
  ConditionCheck: "dynamodb:ConditionCheckItem",
  Delete: "dynamodb:DeleteItem",
  Get: "dynamodb:GetItem",
  Put: "dynamodb:PutItem",
  Update: "dynamodb:UpdateItem",
};

/** What a call asks IAM for: each time one of several actions. Empty where that isn't known. */
export function actionsAskedFor(call: RecordedCall): string[][] {
  const operation = operationOf(call);
  if (operation === undefined) return [];
  const parts = (call.parts ?? []).flatMap((part) => partActions[part] ?? []);
  if (parts.length > 0) return parts.map((action) => [action]);
  const { needs } = actionsOfCall(`${clients[call.service] ?? call.service}:${operation}`);
  return needs.map((anyOf) => ofVersion(call, anyOf));
}

/** Of S3's actions there is one for objects and one for their versions: the call's path says which. */
function ofVersion({ service, path }: RecordedCall, anyOf: readonly string[]): string[] {
  if (service !== "s3" || anyOf.length === 1) return [...anyOf];
  const hasVersion = new URL(path, "http://localhost").searchParams.has("versionId");
  return anyOf.filter((action) => /Version(Tagging|Attributes)?$/.test(action) === hasVersion);
}

function operationOf({ service, operation, method, path }: RecordedCall): string | undefined {
  return operation ?? restOperation(service, method, path);
}

/** SSM and Logs say 400 where others say 403; what else they say 400 for isn't told apart. */
function isDenied({ service, status }: RecordedCall): boolean {
  return status === 403 || (status === 400 && ["logs", "ssm"].includes(service));
}

function nameOf(call: RecordedCall): string {
  return `${call.service}:${operationOf(call) ?? `${call.method} ${call.path.replace(/\?.*/, "")}`}`;
}

function counted(texts: readonly string[]): Counted[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([what, calls]) => ({ what, calls })).sort((a, b) => (a.what < b.what ? -1 : 1));
}
