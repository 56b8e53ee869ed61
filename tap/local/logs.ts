import { CloudWatchLogsClient, type FilteredLogEvent, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { clientsOf } from "./clients";
import type { LocalState } from "./state";
import { findTarget } from "./targets";

/** A line of a function's log. */
export interface LogLine {
  /** ISO 8601. */
  readonly at: string;
  readonly message: string;
}

export interface LogsOptions {
  readonly region: string | undefined;
  /** Milliseconds since 1970 that lines begin at. */
  readonly from: number;
  /** Waits for more, until it is aborted; without it, ends with what is there. */
  readonly follow?: AbortSignal;
}

/** Milliseconds between two looks. */
const pollMilliseconds = 500;

/** Lines of a function's log, the oldest first. */
export async function* logLines(state: LocalState, name: string, options: LogsOptions): AsyncGenerator<LogLine> {
  const { resource, name: functionName } = findTarget(state, name, ["aws_lambda_function"], "function", options.region);
  const client = clientsOf(state).in(resource.region)(CloudWatchLogsClient);
  const logGroupName = logGroupOf(resource.values.logging_config) ?? `/aws/lambda/${functionName}`;
  const seen = new Set<string>();
  do {
    for (const event of await eventsOf(client, logGroupName, options.from)) {
      const id = event.eventId ?? `${event.timestamp} ${event.message}`;
      if (seen.has(id)) continue;
      seen.add(id);
      yield { at: new Date(event.timestamp ?? 0).toISOString(), message: (event.message ?? "").trimEnd() };
    }
    if (options.follow !== undefined) await wait(options.follow);
  } while (options.follow !== undefined && !options.follow.aborted);
}

function logGroupOf(config: unknown): string | undefined {
  const [block] = Array.isArray(config) ? config : [config];
  const name = (block as { log_group?: unknown } | undefined)?.log_group;
  return typeof name === "string" ? name : undefined;
}

async function eventsOf(client: CloudWatchLogsClient, logGroupName: string, from: number): Promise<FilteredLogEvent[]> {
  const all: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new FilterLogEventsCommand({ logGroupName, startTime: from, nextToken }));
    all.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return all.sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
}

function wait(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pollMilliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
