import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
} from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { securityNames } from "./names";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

/** One metric of CloudWatch, of one thing. */
export interface Metric {
  /** e.g. `AWS/Lambda`. */
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `p99`: the value that 99 of 100 stay at or below. */
  readonly statistic: "Average" | "Maximum" | "Minimum" | "Sum" | "SampleCount" | `p${number}`;
}

interface AlarmBase {
  /** What has happened and what to do, in a sentence or two: it is what arrives in the mailbox. At most 1,024 characters (PutMetricAlarm). */
  readonly description: string;
  /** Fires above this; in the metric's unit. */
  readonly threshold: number;
  /** Fires at the threshold too, or below it. @default "above" */
  readonly fires?: "above" | "at or above" | "below";
  /** What it makes of periods without data: nothing was called, sent or throttled, and that is no trouble; or that is the trouble; or what was last known still holds. @default "notBreaching" */
  readonly missingData?: "notBreaching" | "breaching" | "ignore";
  /** Seconds that one data point covers: 60, or a multiple of it (PutMetricAlarm). @default 60 */
  readonly periodSeconds?: number;
  /** Periods in a row before it fires. @default alarms.evaluationPeriods of the environment */
  readonly evaluationPeriods?: number;
}

/** An alarm on one metric, or on an expression over several. */
export type AlarmProps = AlarmBase &
  (
    | { readonly metric: Metric }
    | {
        /** Metric math; the metrics by the ids that it calls them by. */
        readonly expression: string;
        /** What the expression's value is called in the console. */
        readonly label: string;
        readonly metrics: Readonly<Record<string, Metric>>;
      }
  );

export interface AlarmsProps {
  /** What they watch: their part of the name pattern before each one's own, e.g. `write`. @default none */
  readonly resource?: string;
  /** Where the metrics are, and so the alarms and the topic that they write to. @default the region of the stack */
  readonly region?: string;
  /** Each alarm by its own part of the name, e.g. `errors`. */
  readonly alarms: Readonly<Record<string, AlarmProps>>;
}

const comparisons = {
  above: "GreaterThanThreshold",
  "at or above": "GreaterThanOrEqualToThreshold",
  below: "LessThanThreshold",
} as const;

/** The alarms of one thing. Each writes to the alarm topic of its environment and region when it fires, and when it is over. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    for (const [name, alarm] of Object.entries(props.alarms))
      this.createAlarm(name, props.resource === undefined ? name : `${props.resource}-${name}`, alarm, props.region);
  }

  private createAlarm(id: string, resource: string, alarm: AlarmProps, given: string | undefined): void {
    const stack = TapStack.of(this);
    const region = given ?? stack.region;
    const periodSeconds = alarm.periodSeconds ?? 60;
    if (periodSeconds % 60 !== 0 || periodSeconds < 60)
      throw new RangeError(`periodSeconds must be 60 or a multiple of it (given ${periodSeconds})`);
    const evaluationPeriods = alarm.evaluationPeriods ?? stack.environment.alarms.evaluationPeriods;
    requireInRange("description's length", alarm.description.length, 1, 1_024, "characters");
    // An alarm looks back a day at most (PutMetricAlarm).
    requireInRange("evaluationPeriods", evaluationPeriods, 1, 86_400 / periodSeconds, "periods, a day in all");
    const { alarmTopicArn } = securityNames(stack.environment, region);
    new CloudwatchMetricAlarm(this, id, {
      ...stack.elsewhere(region),
      alarmName: stack.nameOf("alarm", resource, region),
      alarmDescription: alarm.description,
      comparisonOperator: comparisons[alarm.fires ?? "above"],
      threshold: alarm.threshold,
      evaluationPeriods,
      treatMissingData: alarm.missingData ?? "notBreaching",
      alarmActions: [alarmTopicArn],
      okActions: [alarmTopicArn],
      ...("metric" in alarm
        ? {
            namespace: alarm.metric.namespace,
            metricName: alarm.metric.name,
            dimensions: alarm.metric.dimensions,
            ...statisticOf(alarm.metric),
            period: periodSeconds,
          }
        : {
            metricQuery: [
              { id: "value", expression: alarm.expression, label: alarm.label, returnData: true },
              ...Object.entries(alarm.metrics).map(([queryId, metric]) => ({
                id: queryId,
                metric: {
                  namespace: metric.namespace,
                  metricName: metric.name,
                  dimensions: metric.dimensions,
                  stat: metric.statistic,
                  period: periodSeconds,
                },
              })),
            ],
          }),
    });
  }
}

/** CloudWatch has percentiles in another argument, and judges those of few samples only if told to; here it doesn't. */
function statisticOf({ statistic }: Metric): Partial<CloudwatchMetricAlarmConfig> {
  return /^p\d/.test(statistic)
    ? { extendedStatistic: statistic, evaluateLowSampleCountPercentiles: "ignore" }
    : { statistic };
}
