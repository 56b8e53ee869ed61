import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { CloudwatchQueryDefinition } from "@cdktf/provider-aws/lib/cloudwatch-query-definition";
import type { Construct } from "constructs";
import { deliveryNames, driftMetrics } from "../config/delivery";
import { dashboardBody, metricWidget, type SearchWidgetProps, searchWidget } from "../constructs/dashboard";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";

/**
 * Where one looks at an environment in a region: a dashboard of its APIs, web ACLs, functions, queues, streams and tables,
 * found by the name pattern, so that a new system is on it by itself; and questions to the logs that one asks most.
 */
export class ObservabilityStack extends TapStack {
  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "observability" });

    const dashboard = this.createDashboard();
    this.createQuery("Errors", "errors", [
      "fields @timestamp, service, message, error.name, correlation_id, @log",
      "filter level in ['ERROR', 'CRITICAL']",
      "sort @timestamp desc",
      "limit 100",
    ]);
    this.createQuery("OneRequest", "one-request", [
      "fields @timestamp, service, level, message, @log",
      "filter correlation_id = 'put its correlation id here'",
      "sort @timestamp asc",
      "limit 1000",
    ]);

    this.addOutputs({
      dashboard_name: { description: "Dashboard of the environment in this region", value: dashboard.dashboardName },
      dashboard_arn: {
        description: "ARN of the dashboard of the environment in this region",
        value: `arn:aws:cloudwatch::${this.environment.accountId}:dashboard/${this.nameOf("dashboard")}`,
      },
    });
  }

  private createDashboard(): CloudwatchDashboard {
    return new CloudwatchDashboard(this, "Dashboard", {
      dashboardName: this.nameOf("dashboard"),
      dashboardBody: dashboardBody([
        this.apis("Requests", "Count", "Sum"),
        this.apis("Requests refused for a fault of the caller's", "4XXError", "Sum"),
        this.apis("Requests failed", "5XXError", "Sum"),
        this.apis("What 99 of 100 callers wait at most", "Latency", "p99"),
        this.webAcls("Requests let in by the web ACL", "AllowedRequests"),
        this.webAcls("Requests kept out by the web ACL", "BlockedRequests"),
        this.functions("Errors", "Errors", "Sum"),
        this.functions("Slowest invocations", "Duration", "Maximum"),
        this.functions("Invocations", "Invocations", "Sum"),
        this.functions("Throttles", "Throttles", "Sum"),
        this.functions("Executions at once", "ConcurrentExecutions", "Maximum"),
        this.queues("Messages waiting, dead letters among them", "ApproximateNumberOfMessagesVisible"),
        this.queues("Age of the oldest message", "ApproximateAgeOfOldestMessage"),
        this.streams("Age of the last records that were read", "GetRecords.IteratorAgeMilliseconds", "Maximum"),
        this.streams("Records put", "IncomingRecords", "Sum"),
        this.streams("Puts refused", "WriteProvisionedThroughputExceeded", "Sum"),
        this.tables("Reads refused", "ReadThrottleEvents"),
        this.tables("Writes refused", "WriteThrottleEvents"),
        ...(this.region === this.environment.region ? this.deliveries() : []),
      ]),
    });
  }

  private apis(title: string, metric: string, statistic: "Sum" | "p99") {
    return this.search({ title, namespace: "AWS/ApiGateway", dimension: "ApiName", metric, statistic });
  }

  /** By rule; `ALL` is all of a web ACL together (WAF developer guide, metrics). */
  private webAcls(title: string, metric: string) {
    const otherDimensions = ["Region", "Rule"];
    return this.search({
      title,
      namespace: "AWS/WAFV2",
      dimension: "WebACL",
      otherDimensions,
      metric,
      statistic: "Sum",
    });
  }

  private functions(title: string, metric: string, statistic: "Sum" | "Maximum") {
    return this.search({ title, namespace: "AWS/Lambda", dimension: "FunctionName", metric, statistic });
  }

  private queues(title: string, metric: string) {
    return this.search({ title, namespace: "AWS/SQS", dimension: "QueueName", metric, statistic: "Maximum" });
  }

  private streams(title: string, metric: string, statistic: "Sum" | "Maximum") {
    return this.search({ title, namespace: "AWS/Kinesis", dimension: "StreamName", metric, statistic });
  }

  private tables(title: string, metric: string) {
    return this.search({ title, namespace: "AWS/DynamoDB", dimension: "TableName", metric, statistic: "Sum" });
  }

  /** What is measured in the primary region, of the environment as a whole. */
  private deliveries() {
    const { region } = this;
    const drift = { namespace: driftMetrics.namespace, region, periodSeconds: 3_600 };
    const dimensions = { [driftMetrics.dimension]: this.environment.environmentSuffix };
    return [
      metricWidget({
        ...drift,
        title: "Resources that aren't as they were applied",
        metric: driftMetrics.driftedResources,
        dimensions,
        statistic: "Maximum",
      }),
      metricWidget({
        ...drift,
        title: "Detections of drift",
        metric: driftMetrics.detectionCompleted,
        dimensions,
        statistic: "Sum",
      }),
      // Each step of a promotion or rollback is written down.
      metricWidget({
        title: "What promotions and rollbacks write into the ledger",
        namespace: "AWS/DynamoDB",
        metric: "ConsumedWriteCapacityUnits",
        dimensions: { TableName: deliveryNames(this.environment).ledgerTableName },
        statistic: "Sum",
        region,
        periodSeconds: 300,
      }),
    ];
  }

  private search(of: Omit<SearchWidgetProps, "region" | "environmentSuffix">) {
    return searchWidget({ ...of, region: this.region, environmentSuffix: this.environment.environmentSuffix });
  }

  private createQuery(id: string, resource: string, lines: readonly string[]): void {
    new CloudwatchQueryDefinition(this, id, {
      name: this.nameOf("queryDefinition", resource),
      queryString: lines.join("\n| "),
    });
  }
}
