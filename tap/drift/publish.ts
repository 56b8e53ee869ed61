import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { alarmTopicArn } from "../../config/alarm-topic";
import { driftMetrics } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import type { DriftReport } from "./report";
import { metricsOf, notificationOf } from "./told";

/** Puts the metrics that alarms are on; none where nothing is known. */
export async function putMetrics(environment: Environment, report: DriftReport): Promise<void> {
  const metrics = metricsOf(report);
  if (metrics.length === 0) return;
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

/** Tells the alarm topic of the environment; false where there is nothing to tell. */
export async function notify(environment: Environment, report: DriftReport): Promise<boolean> {
  const notification = notificationOf(report);
  if (notification === undefined) return false;
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
