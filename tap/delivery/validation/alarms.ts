import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { driftMetrics } from "../../../config/delivery";
import type { AwsSettings } from "../aws";
import { systemWaitingClock, type WaitingClock } from "./time";

export interface QuietOptions {
  /** Clients' settings for each region of the environment. */
  readonly regions: readonly AwsSettings[];
  readonly environment: string;
  /** How long all has to be quiet. */
  readonly windowSeconds: number;
  /** How long an alarm that is on for an older reason may take until it is off. */
  readonly patienceSeconds: number;
  /** What has come on since isn't waited for: it is the release's. Milliseconds since 1970. */
  readonly since: number;
  /** Names of alarms that don't count, because somebody knows why they are on. */
  readonly ignored: readonly string[];
  readonly signal?: AbortSignal;
  /** @default 10 s */
  readonly periodMilliseconds?: number;
  /** What the window and the patience are measured by. @default the system's */
  readonly clock?: WaitingClock;
}

interface FiringAlarm {
  readonly name: string;
  readonly region: string;
  readonly reason: string;
  readonly since: number;
}

/**
 * What is wrong by the environment's own alarms: none may be on for a window. One that was on before may take its time
 * to go off; one that comes on isn't waited for. Alarms on drift don't count: they are of what somebody did by hand, or of
 * a detector that is silent, as it is in a new environment until its first detection.
 */
export async function alarmProblems(options: QuietOptions): Promise<string[]> {
  const { windowSeconds, patienceSeconds, since, periodMilliseconds = 10_000, signal } = options;
  const { clock = systemWaitingClock } = options;
  const start = clock.now();
  let quietSince: number | undefined;
  for (;;) {
    const firing = await firingAlarms(options);
    const now = clock.now();
    const fresh = firing.filter((alarm) => alarm.since >= since);
    if (fresh.length > 0) return fresh.map(problemOf);
    quietSince = firing.length > 0 ? undefined : (quietSince ?? now);
    const left = quietSince === undefined ? Number.POSITIVE_INFINITY : quietSince - now + windowSeconds * 1_000;
    if (left <= 0) return [];
    if (quietSince === undefined && now - start > patienceSeconds * 1_000) return firing.map(problemOf);
    if (signal?.aborted) return ["alarms: interrupted before the window was over"];
    await clock.wait(Math.min(periodMilliseconds, left));
  }
}

function problemOf({ name, region, reason, since }: FiringAlarm): string {
  return `alarms: ${name} (${region}) is on since ${new Date(since).toISOString()}: ${reason}`;
}

type Own = Pick<QuietOptions, "regions" | "environment" | "ignored">;

/** How many there are that could come on. */
export async function countAlarms(own: Own): Promise<number> {
  return (await alarmsOf(own, undefined)).length;
}

function firingAlarms(own: Own): Promise<FiringAlarm[]> {
  return alarmsOf(own, "ALARM");
}

async function alarmsOf({ regions, environment, ignored }: Own, state: "ALARM" | undefined): Promise<FiringAlarm[]> {
  const found = await Promise.all(regions.map((settings) => alarmsIn(settings, state)));
  const own = new RegExp(`^tap-.*-${environment}(-|$)`);
  return found.flat().filter(({ name }) => own.test(name) && !ignored.includes(name));
}

async function alarmsIn(settings: AwsSettings, state: "ALARM" | undefined): Promise<FiringAlarm[]> {
  const client = new CloudWatchClient({ ...settings, maxAttempts: 5 });
  const found: FiringAlarm[] = [];
  try {
    let token: string | undefined;
    do {
      const page = await client.send(
        new DescribeAlarmsCommand({
          AlarmNamePrefix: "tap-",
          ...(state === undefined ? {} : { StateValue: state }),
          AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      const metrics = (page.MetricAlarms ?? []).filter(({ Namespace }) => Namespace !== driftMetrics.namespace);
      for (const alarm of [...metrics, ...(page.CompositeAlarms ?? [])])
        found.push({
          name: alarm.AlarmName ?? "",
          region: settings.region,
          reason: alarm.StateReason ?? "no reason given",
          since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? new Date(0)).getTime(),
        });
      token = page.NextToken;
    } while (token !== undefined && token !== "");
    return found;
  } finally {
    client.destroy();
  }
}
