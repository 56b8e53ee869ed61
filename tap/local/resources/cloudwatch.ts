import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  type MetricDataQuery,
  PutDashboardCommand,
  PutMetricAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import type { Arguments } from "../arguments";
import { put, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const alarm = put(
  async (given, place) => {
    const name = given.text("alarm_name");
    const queries = given.blocks("metric_query").map(queryOf);
    await place.client(CloudWatchClient).send(
      new PutMetricAlarmCommand({
        AlarmName: name,
        AlarmDescription: given.textIf("alarm_description"),
        ActionsEnabled: given.flagIf("actions_enabled"),
        AlarmActions: given.texts("alarm_actions"),
        OKActions: given.texts("ok_actions"),
        InsufficientDataActions: given.texts("insufficient_data_actions"),
        ComparisonOperator: given.text("comparison_operator") as "GreaterThanThreshold",
        EvaluationPeriods: given.number("evaluation_periods"),
        DatapointsToAlarm: given.numberIf("datapoints_to_alarm"),
        Threshold: given.numberIf("threshold"),
        TreatMissingData: given.textIf("treat_missing_data"),
        EvaluateLowSampleCountPercentile: given.textIf("evaluate_low_sample_count_percentiles"),
        MetricName: given.textIf("metric_name"),
        Namespace: given.textIf("namespace"),
        Dimensions: dimensionsOf(given),
        Period: given.numberIf("period"),
        Statistic: given.textIf("statistic") as "Sum" | undefined,
        ExtendedStatistic: given.textIf("extended_statistic"),
        Unit: given.textIf("unit") as "Count" | undefined,
        Metrics: queries.length === 0 ? undefined : queries,
      }),
    );
    return { id: name, arn: `arn:aws:cloudwatch:${place.region}:${place.accountId}:alarm:${name}` };
  },
  {
    ignored: tagsIgnored,
    replacedBy: ["alarm_name"],
    async remove(place, before) {
      await place
        .client(CloudWatchClient)
        .send(new DeleteAlarmsCommand({ AlarmNames: [textOf(before, "alarm_name")] }));
    },
  },
);

function dimensionsOf(given: Arguments): { Name: string; Value: string }[] | undefined {
  const dimensions = given.mapIf("dimensions");
  return dimensions && Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

function queryOf(query: Arguments): MetricDataQuery {
  const metric = query.block("metric");
  return {
    Id: query.text("id"),
    Expression: query.textIf("expression"),
    Label: query.textIf("label"),
    ReturnData: query.flagIf("return_data") ?? false,
    Period: query.numberIf("period"),
    MetricStat: metric && {
      Metric: {
        Namespace: metric.textIf("namespace"),
        MetricName: metric.text("metric_name"),
        Dimensions: dimensionsOf(metric),
      },
      Period: metric.number("period"),
      Stat: metric.text("stat"),
      Unit: metric.textIf("unit") as "Count" | undefined,
    },
  };
}

const dashboard = put(
  async (given, place) => {
    const name = given.text("dashboard_name");
    const DashboardBody = given.text("dashboard_body");
    await place.client(CloudWatchClient).send(new PutDashboardCommand({ DashboardName: name, DashboardBody }));
    return { id: name, dashboard_arn: `arn:aws:cloudwatch::${place.accountId}:dashboard/${name}` };
  },
  {
    replacedBy: ["dashboard_name"],
    async remove(place, before) {
      const DashboardNames = [textOf(before, "dashboard_name")];
      await place.client(CloudWatchClient).send(new DeleteDashboardsCommand({ DashboardNames }));
    },
  },
);

export const types: ResourceTypes = { aws_cloudwatch_dashboard: dashboard, aws_cloudwatch_metric_alarm: alarm };
