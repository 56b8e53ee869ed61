import type { Construct } from "constructs";
import { Alarms, type Metric } from "./alarms";
import { TapStack } from "./tap-stack";

/** What the time of an invocation may take of the function's timeout before an alarm fires: 25 of 30 seconds (API-06). */
const longestShareOfTimeout = 5 / 6;

/** What a function that reads a stream is told late: Lambda reads ahead, so that the stream itself may look well (Lambda developer guide, metrics). */
export function iteratorAgeAlarm(scope: Construct, resource: string, name: string, maximumAgeHours: number): void {
  new Alarms(scope, "AgeAlarms", {
    resource,
    alarms: {
      "iterator-age": {
        description: `What ${name} gets was put on the stream over ${maximumAgeHours} hours ago. Does it fail again and again at one record, or is there more than it can take?`,
        metric: {
          namespace: "AWS/Lambda",
          name: "IteratorAge",
          dimensions: { FunctionName: name },
          statistic: "Maximum",
        },
        threshold: maximumAgeHours * 3_600_000,
      },
    },
  });
}

/** What an event source gives up and can't bring to the function's dead letters: nobody would hear of it (Lambda developer guide, metrics). */
export function destinationAlarm(scope: Construct, resource: string, name: string): void {
  new Alarms(scope, "Alarms", {
    resource,
    alarms: {
      "lost-records": {
        description: `Records that ${name} failed at are lost: Lambda can't tell its dead letters of them. Look at the queue, its key and the function's role.`,
        metric: {
          namespace: "AWS/Lambda",
          name: "DestinationDeliveryFailures",
          dimensions: { FunctionName: name },
          statistic: "Sum",
        },
        threshold: 0,
        evaluationPeriods: 1,
      },
    },
  });
}

/** Error rate, duration and throttles of a function (API-06, SEC-02); its dead-letter queue has alarms of its own. */
export function functionAlarms(scope: Construct, resource: string, name: string, timeoutSeconds: number): void {
  const metric = (metricName: string, statistic: Metric["statistic"]): Metric => ({
    namespace: "AWS/Lambda",
    name: metricName,
    dimensions: { FunctionName: name },
    statistic,
  });
  const { errorRatePercent } = TapStack.of(scope).environment.alarms;
  const longestMilliseconds = Math.round(timeoutSeconds * 1_000 * longestShareOfTimeout);
  new Alarms(scope, "Alarms", {
    resource,
    alarms: {
      errors: {
        description: `More than ${errorRatePercent} % of the invocations of ${name} fail. Its log group says why; was it deployed just now?`,
        expression: "IF(invocations > 0, 100 * errors / invocations, 0)",
        label: "Failed invocations, percent",
        metrics: { errors: metric("Errors", "Sum"), invocations: metric("Invocations", "Sum") },
        threshold: errorRatePercent,
      },
      duration: {
        description: `An invocation of ${name} took over ${longestMilliseconds} ms; Lambda ends it at ${timeoutSeconds} s. What does it wait for?`,
        metric: metric("Duration", "Maximum"),
        threshold: longestMilliseconds,
      },
      throttles: {
        description: `Invocations of ${name} are refused: its reserved concurrency is used up.`,
        metric: metric("Throttles", "Sum"),
        threshold: 0,
      },
      "lost-events": {
        description: `Events of ${name} are lost: Lambda can't send what failed to its dead letters. Look at the queue, its key and the function's role.`,
        metric: metric("DeadLetterErrors", "Sum"),
        threshold: 0,
        evaluationPeriods: 1,
      },
    },
  });
}
