import { alarmTopicArn } from "../../config/alarm-topic";
import { driftMetrics } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import type { DriftReport } from "./report";

/** What is put: how much has drifted, and that somebody has looked at all of it. */
export function metricsOf(report: DriftReport): { readonly name: string; readonly value: number }[] {
  const isComplete = report.incomplete.length === 0;
  const count = report.drifted.length;
  return [
    // Of an incomplete detection no 0, which would end an alarm.
    ...(isComplete || count > 0 ? [{ name: driftMetrics.driftedResources, value: count }] : []),
    ...(isComplete ? [{ name: driftMetrics.detectionCompleted, value: 1 }] : []),
  ];
}

/** Puts the metrics that alarms are on; none where nothing is known. */
export async function putMetrics(environment: Environment, report: DriftReport): Promise<void> {
  const metrics = metricsOf(report);
  if (metrics.length === 0) return;
  // Loaded where it is wanted: without --metric nothing of AWS is called but by Terraform.
  const { CloudWatchClient, PutMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  const client = new CloudWatchClient({ region: environment.region });
  try {
    await client.send(
      new PutMetricDataCommand({
        Namespace: driftMetrics.namespace,
        MetricData: metrics.map(({ name, value }) => ({
          MetricName: name,
          Dimensions: [{ Name: driftMetrics.dimension, Value: environment.environmentSuffix }],
          Value: value,
          Unit: "Count",
        })),
      }),
    );
  } finally {
    client.destroy();
  }
}

/** SNS: a subject has 100 characters at most, ASCII, and begins with a letter, digit or punctuation. */
const longestSubject = 100;
const mostNamed = 20;

/** What is told; undefined where there is nothing to tell. */
export function notificationOf(
  report: DriftReport,
): { readonly subject: string; readonly message: string } | undefined {
  const { environment, drifted, incomplete } = report;
  if (drifted.length === 0 && incomplete.length === 0) return undefined;
  const named = drifted.slice(0, mostNamed).map(({ stackId, address, vanished, attributes }) => {
    const what = vanished ? "is gone" : attributes.map(({ path }) => path).join(", ");
    return `${stackId} ${address}: ${what.length > 200 ? `${what.slice(0, 200)}...` : what}`;
  });
  const left = drifted.length - named.length;
  const unknown = incomplete
    .slice(0, mostNamed)
    .map(({ stackId, why }) => `${stackId} couldn't be compared: ${why.split("\n")[0]}`);
  const subject = `Drift in ${environment}: ${counts(report)}`;
  return {
    subject: subject.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, longestSubject),
    message: [
      `${subject}.`,
      "",
      ...named,
      ...(left > 0 ? [`and ${left} more`] : []),
      ...unknown,
      "",
      `What to do: docs/operations/drift.md. Again, with values: tap drift --env ${environment}`,
    ].join("\n"),
  };
}

/** `3 resources, 1 of them gone; 2 stacks not compared` */
export function counts({ drifted, incomplete }: DriftReport): string {
  const gone = drifted.filter(({ vanished }) => vanished).length;
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    `${many(drifted.length, "resource")}${gone > 0 ? `, ${gone} of them gone` : ""}`,
    ...(incomplete.length > 0 ? [`${many(incomplete.length, "stack")} not compared`] : []),
  ].join("; ");
}

/** Tells the alarm topic of the environment; false where there is nothing to tell. */
export async function notify(environment: Environment, report: DriftReport): Promise<boolean> {
  const notification = notificationOf(report);
  if (notification === undefined) return false;
  const { SNSClient, PublishCommand } = await import("@aws-sdk/client-sns");
  const client = new SNSClient({ region: environment.region });
  try {
    await client.send(
      new PublishCommand({
        TopicArn: alarmTopicArn(environment),
        Subject: notification.subject,
        Message: notification.message,
      }),
    );
    return true;
  } finally {
    client.destroy();
  }
}
