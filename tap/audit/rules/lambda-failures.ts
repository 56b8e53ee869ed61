import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { blocksOf } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, type Rule, unknown } from "../rule";
import { blockOf } from "./attribute-values";
import { watchedBy } from "./heard-alarms";
import { functionAt, numberOf } from "./invoked";
import { worker } from "./lambda-example";

/** Services that don't wait for a function's answer: what fails after its retries is gone. */
const asynchronous = /^(s3|sns|events|ses|iot|config|logs|codecommit|cloudformation|secretsmanager)\./;

const deadLetterQueue = { aws_sqs_queue: { DeadLetters: { name: "worker-dead-letters" } } };
const deadLetterConfig = { dead_letter_config: { target_arn: "${aws_sqs_queue.DeadLetters.arn}" } };
const calledBySns = {
  aws_lambda_permission: {
    Topic: {
      action: "lambda:InvokeFunction",
      function_name: "${aws_lambda_function.Worker.function_name}",
      principal: "sns.amazonaws.com",
      source_arn: "arn:aws:sns:us-east-1:111111111111:orders",
    },
  },
};

/** Functions that services call without waiting, with one of those that do. */
const calledAsynchronously = rememberingObjects((graph: Graph): ReadonlyMap<GraphNode, string> => {
  const callers = new Map<GraphNode, string>();
  const add = (value: unknown, from: GraphNode, caller: string) => {
    const lambda = functionAt(graph, value, from.stack);
    if (lambda !== undefined && !callers.has(lambda)) callers.set(lambda, caller);
  };
  for (const permission of graph.ofType("aws_lambda_permission")) {
    const principal = String(permission.attributes.principal);
    if (asynchronous.test(principal)) add(permission.attributes.function_name, permission, principal);
  }
  for (const notification of graph.ofType("aws_s3_bucket_notification"))
    for (const { lambda_function_arn } of blocksOf(notification.attributes, "lambda_function"))
      add(lambda_function_arn, notification, "s3.amazonaws.com");
  for (const subscription of graph.ofType("aws_sns_topic_subscription"))
    add(subscription.attributes.endpoint, subscription, "sns.amazonaws.com");
  for (const target of graph.ofType("aws_cloudwatch_event_target"))
    add(target.attributes.arn, target, "events.amazonaws.com");
  return callers;
});

/** Functions of which a resource says where failed events go. */
const withDestination = rememberingObjects((graph: Graph): ReadonlySet<GraphNode | undefined> => {
  const configs = graph
    .ofType("aws_lambda_function_event_invoke_config")
    .filter(({ attributes }) =>
      blocksOf(attributes, "destination_config").some((config) =>
        blocksOf(config, "on_failure").some(({ destination }) => isSet(destination)),
      ),
    );
  return new Set(configs.map(({ attributes, stack }) => functionAt(graph, attributes.function_name, stack)));
});

function keepsFailures(graph: Graph, lambda: GraphNode): boolean {
  const config = blockOf(lambda.attributes, "dead_letter_config");
  return config === unknown || isSet(config?.target_arn) || withDestination(graph).has(lambda);
}

/** What becomes of events that a function fails at, and who hears of it. */
export const lambdaFailureRules: readonly Rule[] = [
  {
    id: "lambda-async-failures",
    title: "Events that a function fails at are kept",
    severity: "high",
    why: "After two retries Lambda throws the event away: an object is never processed, a message never handled, and nobody knows which.",
    fix: "Set dead_letter_config.target_arn to a queue, or an on_failure destination in aws_lambda_function_event_invoke_config.",
    references: ["CKV_AWS_116", "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html"],
    examples: {
      failing: worker({}, calledBySns),
      passing: worker(deadLetterConfig, { ...calledBySns, ...deadLetterQueue }),
    },
    judge: judgeResources("aws_lambda_function", (lambda, graph) => {
      const caller = calledAsynchronously(graph).get(lambda);
      return caller === undefined || keepsFailures(graph, lambda)
        ? []
        : [`must have dead letters or an on-failure destination: ${caller} calls it and doesn't wait`];
    }),
  },
  {
    id: "lambda-dead-letters",
    title: "Functions have dead letters, whoever calls them",
    severity: "low",
    why: "Whoever may invoke a function may do it without waiting; an event that fails then is lost without a trace.",
    fix: "Set dead_letter_config.target_arn to a queue.",
    references: ["CKV_AWS_116", "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html"],
    examples: { failing: worker(), passing: worker(deadLetterConfig, deadLetterQueue) },
    judge: judgeResources("aws_lambda_function", (lambda, graph) =>
      calledAsynchronously(graph).has(lambda) || keepsFailures(graph, lambda)
        ? []
        : ["must have dead_letter_config.target_arn set, or an on-failure destination"],
    ),
  },
  {
    id: "lambda-async-limits",
    title: "Events are retried at most as often and as long as Lambda allows",
    severity: "low",
    why: "Values out of range fail when they are applied; without retries one hiccup sends the event to the dead letters.",
    fix: "Set maximum_retry_attempts to 1 or 2, and maximum_event_age_in_seconds from 60 to 21,600.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"],
    examples: {
      failing: invokeConfig({ maximum_retry_attempts: 0 }),
      passing: invokeConfig({ maximum_retry_attempts: 2, maximum_event_age_in_seconds: 21_600 }),
    },
    judge: judgeResources("aws_lambda_function_event_invoke_config", (config, graph) => {
      const { maximum_retry_attempts, maximum_event_age_in_seconds } = config.attributes;
      const attempts = numberOf(graph, config, maximum_retry_attempts, 2) ?? 2;
      const age = numberOf(graph, config, maximum_event_age_in_seconds, 21_600) ?? 21_600;
      return [
        ...(attempts < 1 || attempts > 2 ? [`must have maximum_retry_attempts 1 or 2 (it has ${attempts})`] : []),
        ...(age < 60 || age > 21_600
          ? [`must have maximum_event_age_in_seconds from 60 to 21600 (it has ${age})`]
          : []),
      ];
    }),
  },
  alarmRule("Errors", "errors", "A function that fails at everything looks like one that nobody calls."),
  alarmRule(
    "Throttles",
    "throttles",
    "Calls that Lambda refuses reach no log: callers see errors that nobody here can find.",
  ),
];

function alarmRule(metric: string, name: string, why: string): Rule {
  const heard = {
    aws_sns_topic: { Alarms: { name: "alarms" } },
    aws_sns_topic_subscription: {
      OnCall: { topic_arn: "${aws_sns_topic.Alarms.arn}", protocol: "email", endpoint: "oncall@example.com" },
    },
  };
  const alarm = {
    alarm_name: `worker-${name}`,
    namespace: "AWS/Lambda",
    metric_name: metric,
    dimensions: { FunctionName: "${aws_lambda_function.Worker.function_name}" },
    statistic: "Sum",
    period: 60,
    evaluation_periods: 1,
    comparison_operator: "GreaterThanThreshold",
    threshold: 0,
    alarm_actions: ["${aws_sns_topic.Alarms.arn}"],
  };
  return {
    id: `lambda-${name}-alarm`,
    title: `Somebody hears of a function's ${name}`,
    severity: "medium",
    why,
    fix: `Add an aws_cloudwatch_metric_alarm on ${metric} of AWS/Lambda for the function, whose alarm_actions reach a topic with a subscription.`,
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html"],
    examples: {
      // There is the alarm, and nobody listens.
      failing: worker({}, { aws_sns_topic: heard.aws_sns_topic, aws_cloudwatch_metric_alarm: { Alarm: alarm } }),
      passing: worker({}, { ...heard, aws_cloudwatch_metric_alarm: { Alarm: alarm } }),
    },
    judge: (graph) => {
      const types = ["aws_lambda_function"];
      const isWatched = watchedBy(graph, {
        namespace: "AWS/Lambda",
        names: [metric],
        dimension: "FunctionName",
        types,
      });
      return graph
        .ofType("aws_lambda_function")
        .filter((lambda) => !isWatched(lambda))
        .flatMap((lambda) => findings(lambda, [`must have an alarm on its ${metric} that somebody hears`]));
    },
  };
}

function invokeConfig(attributes: Record<string, unknown>) {
  const Worker = { function_name: "${aws_lambda_function.Worker.function_name}", ...attributes };
  return worker(deadLetterConfig, { ...deadLetterQueue, aws_lambda_function_event_invoke_config: { Worker } });
}
