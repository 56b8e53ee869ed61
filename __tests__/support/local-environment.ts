import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { APIGatewayClient, GetUsagePlanCommand, UpdateUsagePlanCommand } from "@aws-sdk/client-api-gateway";
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { type Clients, clientsOf } from "../../tap/local/clients";
import { type Invocation, invokeFunction } from "../../tap/local/invoke";
import { type LogLine, logLines } from "../../tap/local/logs";
import { type LocalState, localFolder, readState } from "../../tap/local/state";
import { type RestApi, restApis } from "../../tap/local/status";
import { findTarget, type Target } from "../../tap/local/targets";

/*
 * What scenarios share: one environment (dev) that local-environment-setup.ts has brought up for all of them. They
 * leave it as they found it, permissions above all, and use ids of their own.
 */

/** Both regions of dev. */
export const [primaryRegion, secondRegion] = ["us-east-1", "us-west-2"] as const;

/** Where the copy of the project is that the environment runs from: `tap(…, { root: localRoot() })`. */
export function localRoot(): string {
  const root = process.env.LOCAL_PROJECT_ROOT;
  if (root === undefined) throw new Error("No environment is up: scenarios run by npm run e2e");
  return root;
}

let known: LocalState | undefined;

/** What was made, and where the emulator is. */
export function localState(): LocalState {
  known ??= readState(localFolder(localRoot(), "dev"));
  if (known === undefined) throw new Error(`Nothing is known of dev in ${localRoot()}`);
  return known;
}

/** For `tap` and any AWS client in another process: as the account's own user, who may do everything. */
export function ownUserVariables(): Record<string, string> {
  const { accountId, emulator } = localState();
  return { AWS_ENDPOINT_URL: emulator.endpoint, AWS_ACCESS_KEY_ID: accountId, AWS_SECRET_ACCESS_KEY: "local" };
}

/** A client of the account's own user: `awsClient(SQSClient)`; of Kinesis, `awsClient(Http1KinesisClient)`. */
export const awsClient: ReturnType<Clients["in"]> = (of) => awsClientIn(primaryRegion)(of);

export function awsClientIn(region: string): ReturnType<Clients["in"]> {
  return clientsOf(localState()).in(region);
}

/** Something of a type by its short name, as `tap local` knows it: `targetOf("jobs", "aws_sqs_queue")`. */
export function targetOf(name: string, type: string, region: string = primaryRegion): Target {
  return findTarget(localState(), name, [type], type, region);
}

/** The queue's URL. */
export function queueUrlOf(name: string, region: string = primaryRegion): string {
  return String(targetOf(name, "aws_sqs_queue", region).resource.computed.url);
}

/** A system's REST API, and the value of the key of a client of it. */
export function restApiOf(system: string, region: string = primaryRegion): RestApi & { readonly key: string } {
  const api = restApis(localState()).find((each) => each.system === system && each.region === region);
  const key = Object.values(api?.keys ?? {})[0];
  if (api === undefined || key === undefined) throw new Error(`There is no API of ${system} in ${region}`);
  return { ...api, key };
}

export interface HttpRequest {
  readonly system: string;
  /** The primary one, where it is left out. */
  readonly region?: string | undefined;
  /** GET, where it is left out. */
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  /** Beside the API key and the content type of JSON; "" leaves one of those out. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Of JSON; {} where there is none. */
  readonly body: Record<string, unknown>;
}

/** How often a request is repeated that is told to come again. */
const repetitions = 3;

/**
 * A request of a client with a valid key. Told that something doesn't answer in time (503), as on a busy machine, it
 * comes again, unchanged, as clients are told to.
 */
export async function request(wanted: HttpRequest): Promise<HttpAnswer> {
  for (let left = repetitions; ; left -= 1) {
    const answer = await requestOnce(wanted);
    if (answer.status !== 503 || left === 0 || Date.now() > givenUpAt) return answer;
    process.stderr.write(`503, and repeated: ${wanted.method ?? "GET"} ${wanted.path} of ${wanted.system}\n`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function requestOnce(wanted: HttpRequest): Promise<HttpAnswer> {
  const { system, region, method = "GET", path, body, headers = {} } = wanted;
  const { url, key } = restApiOf(system, region);
  // Connections that are kept for further requests keep Jest's workers from ending.
  const all = {
    connection: "close",
    "x-api-key": key,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  };
  const response = await fetch(url + path, {
    method,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

/** Calls a function's alias; the answer is parsed. */
export async function invoke(
  name: string,
  payload: unknown,
  region?: string,
): Promise<Invocation & { readonly answer: Record<string, unknown> }> {
  const result = await invokeFunction(localState(), name, JSON.stringify(payload), region);
  return { ...result, answer: JSON.parse(result.payload || "{}") ?? {} };
}

/** Lines of a function's log from a time on (milliseconds since 1970). */
export async function logOf(name: string, from: number, region?: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of logLines(localState(), name, { region, from })) lines.push(line);
  return lines;
}

/** Lines of a function's log that are JSON, as its code writes them: `{ level, message, correlation_id, … }`. */
export async function entriesOf(name: string, from: number, region?: string): Promise<Record<string, unknown>[]> {
  const lines = await logOf(name, from, region);
  return lines.map(({ message }) => parsed(message)).filter((entry) => entry !== undefined);
}

function parsed(text: string): Record<string, unknown> | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start));
  } catch {
    return undefined;
  }
}

/** Gives a system's usage plan other limits for a while: `{ "/throttle/rateLimit": 1, "/throttle/burstLimit": 2 }`. */
export async function withUsagePlan<T>(
  system: string,
  limits: Readonly<Record<string, number>>,
  run: () => Promise<T>,
): Promise<T> {
  const plan = Object.values(localState().resources).find(
    ({ type, stack }) => type === "aws_api_gateway_usage_plan" && stack === `tap-${system}-dev-${primaryRegion}`,
  );
  const usagePlanId = String(plan?.computed.id);
  const client = awsClient(APIGatewayClient);
  const { throttle, quota } = await client.send(new GetUsagePlanCommand({ usagePlanId }));
  const before: Record<string, unknown> = {
    "/throttle/rateLimit": throttle?.rateLimit,
    "/throttle/burstLimit": throttle?.burstLimit,
    "/quota/limit": quota?.limit,
  };
  const set = (values: Readonly<Record<string, unknown>>) => {
    const operations = Object.entries(values).map(([path, value]) => ({ op: "replace", path, value: String(value) }));
    return client.send(
      new UpdateUsagePlanCommand({ usagePlanId, patchOperations: operations as { op: "replace"; path: string }[] }),
    );
  };
  await set(limits);
  try {
    return await run();
  } finally {
    await set(Object.fromEntries(Object.keys(limits).map((path) => [path, before[path]])));
  }
}

/** Milliseconds since 1970 after which nobody waits: what is waited for won't come. */
let givenUpAt = Number.POSITIVE_INFINITY;

export interface Patience {
  readonly seconds?: number;
  readonly everyMilliseconds?: number;
}

/**
 * Looks until it is right.
 * @param what what is waited for, for the message: "the item in us-west-2"
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  isRight: (value: T) => boolean,
  { seconds = 60, everyMilliseconds = 100 }: Patience = {},
): Promise<T> {
  const start = Date.now();
  for (;;) {
    const value = await look();
    if (isRight(value)) return value;
    const now = Date.now();
    if (now > givenUpAt || now > start + seconds * 1_000)
      throw new Error(
        `${what} didn't come in ${Math.round((now - start) / 1_000)} s; at last there was ${shortened(value)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
  }
}

/** As JSON, of which a log would be too long for anybody to read. */
function shortened(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length <= 2_000 ? json : `${json.slice(0, 1_000)} … ${json.slice(-1_000)}`;
}

/** An action that a function's role allows. */
export interface Permission {
  /** As `tap local` calls it: "records/write" */
  readonly function: string;
  readonly action: string;
  /** Of the function; the primary one, where it is left out. */
  readonly region?: string;
  /** Of one statement alone, where several allow the action. */
  readonly sid?: string;
  /** What it brings is kept by execution environments: they are ended before. */
  readonly isKept?: boolean;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | string[];
}

/** Takes an action from the role of a function in the emulator, does something, and gives it back. */
export async function withoutPermission<T>(permission: Permission, run: () => Promise<T>): Promise<T> {
  const { resource } = targetOf(permission.function, "aws_lambda_function", permission.region);
  const RoleName = String(resource.values.role).split("/").at(-1);
  const iam = awsClientIn(resource.region)(IAMClient);
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const policies = await Promise.all(
    PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = "{}" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      const text = PolicyDocument.startsWith("%") ? decodeURIComponent(PolicyDocument) : PolicyDocument;
      return { PolicyName, text, less: lessPolicy(JSON.parse(text), permission) };
    }),
  );
  const changed = policies.filter(({ less }) => less !== undefined);
  if (changed.length === 0)
    throw new Error(`${permission.function} isn't allowed ${permission.action}: nothing can be taken from it`);
  const put = (PolicyName: string, PolicyDocument: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  try {
    for (const { PolicyName, less } of changed)
      await (less === ""
        ? iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
        : put(PolicyName, less ?? ""));
    return await run();
  } finally {
    for (const { PolicyName, text } of changed) await put(PolicyName, text);
  }
}

/** The policy without the action; "" where nothing is left of it, and undefined where it didn't allow it. */
function lessPolicy(policy: { Statement: Statement[] }, { action, sid }: Permission): string | undefined {
  const allows = ({ Sid, Effect, Action }: Statement) =>
    Effect === "Allow" && [Action].flat().includes(action) && (sid === undefined || sid === Sid);
  if (!policy.Statement.some(allows)) return undefined;
  const Statement = policy.Statement.flatMap((statement) => {
    if (!allows(statement)) return [statement];
    const Action = [statement.Action].flat().filter((each) => each !== action);
    return Action.length === 0 ? [] : [{ ...statement, Action }];
  });
  return Statement.length === 0 ? "" : JSON.stringify({ ...policy, Statement });
}

/** Lines of a function's log that say that it was denied the action. */
export async function denialsOf(needed: Permission, from: number): Promise<LogLine[]> {
  const lines = await logOf(needed.function, from, needed.region);
  return lines.filter(({ message }) => isDenial(message, needed));
}

/** Of services in general, and of SNS. */
const denialNames = /AccessDenied|AuthorizationError/;

function isDenial(text: string, { action }: Permission): boolean {
  return denialNames.test(text) && new RegExp(`not authorized to perform: ${action}\\b`).test(text);
}

/** Milliseconds for which a scenario may still succeed after a denial, and a denial be told after its end. */
const graceMilliseconds = 1_500;

/**
 * Tests that something succeeds, and that it fails without each permission that it needs, which the function's log or
 * the answer says. It is run several times, and makes ids of its own each time; where it waits, it waits by `eventually`.
 */
export function scenario(name: string, needed: Permission | readonly Permission[], run: () => Promise<void>): void {
  test(name, run);
  for (const permission of [needed].flat()) {
    const where = permission.region === undefined ? "" : ` in ${permission.region}`;
    const title = `${name}: not without ${permission.action} of ${permission.function}${where}`;
    test(title, () => expectDenied(permission, run));
  }
}

/**
 * Ends what runs of a function, as Lambda does at any time: what it kept in memory is gone, and so is what it was at.
 * @returns how many processes there were
 */
export async function endExecutionEnvironments(name: string, region?: string): Promise<number> {
  const folder = `${localFolder(localRoot(), "dev")}/tmp/ministack-lambda-${targetOf(name, "aws_lambda_function", region).name}-`;
  const processes = processesIn(folder);
  for (const pid of processes) end(pid);
  // The emulator would hand a call to one that is about to end.
  while (!processes.every(hasEnded)) await new Promise((resolve) => setTimeout(resolve, 5));
  return processes.length;
}

function processesIn(folder: string): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-ww", "-o", "pid=,command="], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line.includes(folder));
  return lines.map((line) => Number.parseInt(line, 10));
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether a process is gone, or waits for its parent to see its end, with none of its threads left. */
function hasEnded(pid: number): boolean {
  try {
    const isZombie = /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    return isZombie && readdirSync(`/proc/${pid}/task`).length === 1;
  } catch {
    return true;
  }
}

/** Runs a scenario without a permission, and expects that it fails of that. */
export async function expectDenied(needed: Permission, run: () => Promise<void>): Promise<void> {
  if (needed.isKept) await endExecutionEnvironments(needed.function, needed.region);
  const from = Date.now();
  let outcome: "it succeeded" | Error | undefined;
  let endedAt = Number.POSITIVE_INFINITY;
  const denied = await withoutPermission(needed, async () => {
    const running = run().then(
      () => {
        outcome = "it succeeded";
        endedAt = Date.now();
      },
      (error: Error) => {
        outcome = error;
        endedAt = Date.now();
      },
    );
    const isInAnswer = () => outcome instanceof Error && isDenial(outcome.message, needed);
    try {
      const what = `A denial of ${needed.action} in the log of ${needed.function}`;
      const look = async () => isInAnswer() || (await denialsOf(needed, from)).length > 0;
      const isTold = (isDenied: boolean) => isDenied || Date.now() > endedAt + 2 * graceMilliseconds;
      return await eventually(what, look, isTold).catch((error: Error) => error.message);
    } finally {
      givenUpAt = Date.now() + graceMilliseconds;
      await running;
      givenUpAt = Number.POSITIVE_INFINITY;
    }
  });
  expect({ denied, outcome }).toEqual({ denied: true, outcome: expect.any(Error) });
}
