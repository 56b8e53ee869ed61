import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../../../config/errors";
import { validate } from "../../../config/validate";
import type { TerraformJson } from "../../graph/terraform-json";
import { systemWaitingClock, type WaitingClock } from "./time";

const statusError = "must be an HTTP status, 100 to 599";
const text = z.string({ error: "must be a text" }).min(1, { error: "must be a text" });

const schema = z
  .array(
    z
      .strictObject({
        /** Whole address; else `stack`, `output` and `path`. */
        url: z.url({ error: "must be a whole address" }).optional(),
        /** Id of a stack, or its component: of one in several regions each is asked. */
        stack: text.optional(),
        /** Output of the stack that is the beginning of the address. */
        output: text.optional(),
        path: z.string({ error: "must be a path" }).startsWith("/", { error: "must begin with /" }).optional(),
        method: z.enum(["GET", "HEAD", "OPTIONS", "POST"]).default("GET"),
        headers: z.record(z.string(), z.string()).default({}),
        body: z.string().optional(),
        /** Status that means that it works. */
        status: z
          .int({ error: statusError })
          .min(100, { error: statusError })
          .max(599, { error: statusError })
          .default(200),
        /** What the answer must have in it. */
        contains: text.optional(),
      })
      .refine(({ url, stack, output }) => (url === undefined) === (stack !== undefined && output !== undefined), {
        error: "must have a url, or stack and output, and not both",
      }),
  )
  .min(1, { error: "must have at least one request: none would validate nothing" });

/** A request, and the answer that means that a release works. */
export type SmokeCheck = z.output<typeof schema>[number];

/** Outputs of the environment's stacks, by stack. */
export type Outputs = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** What a file wants asked. @throws ConfigError with all that is wrong with it */
export function readSmokeChecks(path: string): SmokeCheck[] {
  const refuse = (message: string) => new ConfigError([{ path: "--smoke", value: path, message }]);
  if (!existsSync(path)) throw refuse("isn't there: a file with a list of requests (docs/operations/promotion.md)");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw refuse(`is no JSON: ${(error as Error).message}`);
  }
  const result = validate(schema, json, "--smoke");
  if (!result.ok) throw new ConfigError(result.problems);
  return result.value;
}

/** `/health` of each stack that has that route and says where its API is. */
export function derivedSmokeChecks(stacks: ReadonlyMap<string, TerraformJson>): SmokeCheck[] {
  return [...stacks].flatMap(([stack, json]) => {
    const resources = Object.values(json.resource?.aws_api_gateway_resource ?? {});
    const hasHealth = resources.some(({ path_part: part }) => part === "health");
    if (!hasHealth || json.output?.invoke_url === undefined) return [];
    return [{ stack, output: "invoke_url", path: "/health", method: "GET" as const, headers: {}, status: 200 }];
  });
}

export interface SmokeOptions {
  /** How long an answer may be wrong before it counts: what was just deployed takes a while to be everywhere. */
  readonly patienceMilliseconds: number;
  /** Of one request. @default 10 s */
  readonly timeoutMilliseconds?: number;
  /** What the patience is measured by. @default the system's */
  readonly clock?: WaitingClock;
}

/** Asks all at once, and says which don't answer as they should. */
export async function smokeProblems(
  checks: readonly SmokeCheck[],
  outputs: Outputs,
  options: SmokeOptions,
): Promise<string[]> {
  const found = await Promise.all(
    checks
      .flatMap((check) => urlsOf(check, outputs).map((url) => [check, url] as const))
      .map(async ([check, url]) => ("problem" in url ? [url.problem] : await problemsOf(check, url.url, options))),
  );
  return found.flat();
}

function urlsOf(
  { url, stack = "", output = "", path = "" }: SmokeCheck,
  outputs: Outputs,
): ({ url: string } | { problem: string })[] {
  if (url !== undefined) return [{ url }];
  const wanted = [...outputs].filter(([id]) => id === stack || id.startsWith(`tap-${stack}-`));
  if (wanted.length === 0)
    return [{ problem: `smoke: there is no stack ${stack}, whose output ${output} was to be asked` }];
  return wanted.map(([id, values]) => {
    const base = values[output];
    return typeof base === "string"
      ? { url: `${base.replace(/\/$/, "")}${path}` }
      : { problem: `smoke: ${id} has no output ${output} to ask ${path || "/"} at` };
  });
}

async function problemsOf(check: SmokeCheck, url: string, options: SmokeOptions): Promise<string[]> {
  const { clock = systemWaitingClock, patienceMilliseconds } = options;
  const deadline = clock.now() + patienceMilliseconds;
  for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
    const problem = await ask(check, url, options.timeoutMilliseconds ?? 10_000);
    if (problem === undefined) return [];
    if (clock.now() + wait > deadline) return [problem];
    await clock.wait(wait);
  }
}

async function ask(check: SmokeCheck, url: string, timeoutMilliseconds: number): Promise<string | undefined> {
  const { method, headers, body, status, contains } = check;
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
    const answer = await response.text();
    if (response.status !== status)
      return `smoke: ${method} ${url} answers ${response.status}, and not ${status}: ${oneLine(answer)}`;
    if (contains !== undefined && !answer.includes(contains))
      return `smoke: ${method} ${url} answers without ${JSON.stringify(contains)}: ${oneLine(answer)}`;
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
    return `smoke: ${method} ${url} doesn't answer: ${why}`;
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line === "" ? "(empty)" : line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
