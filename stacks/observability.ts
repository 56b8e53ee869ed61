import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { CloudwatchQueryDefinition } from "@cdktf/provider-aws/lib/cloudwatch-query-definition";
import type { Construct } from "constructs";
import { dashboardBody, searchWidget } from "../constructs/dashboard";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";

/**
 * Where one looks at an environment in a region: a dashboard of all its functions, tables and dead letters, found
 * by the name pattern, so that a new system is on it by itself; and questions to the logs that one asks most.
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
        this.functions("Errors", "Errors", "Sum"),
        this.functions("Slowest invocations", "Duration", "Maximum"),
        this.functions("Invocations", "Invocations", "Sum"),
        this.functions("Throttles", "Throttles", "Sum"),
        this.functions("Executions at once", "ConcurrentExecutions", "Maximum"),
        this.queues("Messages waiting, dead letters among them", "ApproximateNumberOfMessagesVisible"),
        this.queues("Age of the oldest message", "ApproximateAgeOfOldestMessage"),
        this.tables("Reads refused", "ReadThrottleEvents"),
        this.tables("Writes refused", "WriteThrottleEvents"),
      ]),
    });
  }

  private functions(title: string, metric: string, statistic: "Sum" | "Maximum") {
    return this.search(title, "AWS/Lambda", "FunctionName", metric, statistic);
  }

  private queues(title: string, metric: string) {
    return this.search(title, "AWS/SQS", "QueueName", metric, "Maximum");
  }

  private tables(title: string, metric: string) {
    return this.search(title, "AWS/DynamoDB", "TableName", metric, "Sum");
  }

  private search(title: string, namespace: string, dimension: string, metric: string, statistic: "Sum" | "Maximum") {
    const { environmentSuffix } = this.environment;
    return searchWidget({ title, namespace, dimension, metric, statistic, region: this.region, environmentSuffix });
  }

  private createQuery(id: string, resource: string, lines: readonly string[]): void {
    new CloudwatchQueryDefinition(this, id, {
      name: this.nameOf("queryDefinition", resource),
      queryString: lines.join("\n| "),
    });
  }
}
