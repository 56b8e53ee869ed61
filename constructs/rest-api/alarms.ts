import type { Construct } from "constructs";
import { Alarms, type Metric } from "../alarms";
import { requireInRange } from "../ranges";
import { TapStack } from "../tap-stack";
import { integrationTimeoutMilliseconds } from "./route";
import { stageName } from "./stage";

export interface ApiAlarmsOptions {
  readonly resource?: string;
  readonly apiName: string;
  readonly clientErrorRatePercent: number;
  readonly latencyMilliseconds: number;
}

/** Share of requests that fail, by whose fault it is, and how long callers wait. */
export function apiAlarms(scope: Construct, options: ApiAlarmsOptions): void {
  const { resource, apiName, clientErrorRatePercent, latencyMilliseconds } = options;
  requireInRange("clientErrorRatePercent", clientErrorRatePercent, 1, 100, "percent");
  requireInRange("latencyMilliseconds", latencyMilliseconds, 1, integrationTimeoutMilliseconds, "milliseconds");
  const { errorRatePercent } = TapStack.of(scope).environment.alarms;
  const metric = (name: string, statistic: Metric["statistic"]): Metric => ({
    namespace: "AWS/ApiGateway",
    name,
    dimensions: { ApiName: apiName, Stage: stageName },
    statistic,
  });
  /** The average of an error metric is the share of requests that had the error (API Gateway developer guide, metrics). */
  const rate = (name: string) => ({ expression: "100 * share", metrics: { share: metric(name, "Average") } });
  new Alarms(scope, "Alarms", {
    ...(resource === undefined ? {} : { resource }),
    alarms: {
      "client-errors": {
        description: `More than ${clientErrorRatePercent} % of the requests to ${apiName} are refused for a fault of the caller's. A client that changed, a key that ended, or somebody who tries doors? The access log has the key's id.`,
        ...rate("4XXError"),
        label: "Requests refused, percent",
        threshold: clientErrorRatePercent,
      },
      "server-errors": {
        description: `More than ${errorRatePercent} % of the requests to ${apiName} fail on this side. The access log says which path, and where it failed; was it deployed just now?`,
        ...rate("5XXError"),
        label: "Requests failed, percent",
        threshold: errorRatePercent,
      },
      latency: {
        description: `One of 100 callers of ${apiName} waits longer than ${latencyMilliseconds} ms. The access log says whether it is the function; X-Ray, what that waits for.`,
        metric: metric("Latency", "p99"),
        threshold: latencyMilliseconds,
      },
    },
  });
}
