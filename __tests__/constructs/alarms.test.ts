import { Alarms } from "../../constructs/alarms";
import { built, EmptyStack } from "../support/constructed";

const metric = { namespace: "AWS/SQS", name: "Depth", dimensions: { QueueName: "q" }, statistic: "Sum" } as const;

test("an alarm writes to the topic of its environment and region, when it fires and when it is over", () => {
  const stack = new EmptyStack("staging", "us-west-2");
  new Alarms(stack, "Alarms", { alarms: { depth: { description: "Deep", metric, threshold: 3 } } });
  const topic = "arn:aws:sns:us-west-2:222222222222:tap-security-alarms-staging-us-west-2";
  expect(built(stack, "aws_cloudwatch_metric_alarm")).toMatchObject({
    alarm_name: "tap-records-depth-staging-us-west-2",
    comparison_operator: "GreaterThanThreshold",
    threshold: 3,
    period: 60,
    treat_missing_data: "notBreaching",
    alarm_actions: [topic],
    ok_actions: [topic],
  });
});

test("an expression is what the alarm is on, and each of its metrics is of the same period", () => {
  const stack = new EmptyStack();
  const rate = { description: "Rate", expression: "100 * a / b", label: "Rate", metrics: { a: metric, b: metric } };
  new Alarms(stack, "Alarms", { resource: "write", alarms: { rate: { ...rate, threshold: 1, periodSeconds: 300 } } });
  const { metric_query, period } = built(stack, "aws_cloudwatch_metric_alarm");
  expect(period).toBeUndefined();
  expect(metric_query).toMatchObject([
    { id: "value", expression: "100 * a / b", return_data: true },
    { id: "a", metric: { period: 300 } },
    { id: "b", metric: { period: 300 } },
  ]);
});

test("a percentile is an extended statistic, and says nothing of a few samples", () => {
  const stack = new EmptyStack();
  const latency = { description: "Slow", metric: { ...metric, statistic: "p99.9" }, threshold: 3 } as const;
  new Alarms(stack, "Alarms", { alarms: { latency } });
  const alarm = built(stack, "aws_cloudwatch_metric_alarm");
  expect(alarm).toMatchObject({ extended_statistic: "p99.9", evaluate_low_sample_count_percentiles: "ignore" });
  expect(alarm.statistic).toBeUndefined();
});

test.each([0, 30, 90])("a period of %p seconds is refused", (periodSeconds) => {
  const alarms = { depth: { description: "Deep", metric, threshold: 3, periodSeconds } };
  expect(() => new Alarms(new EmptyStack(), "Alarms", { alarms })).toThrow(
    `periodSeconds must be 60 or a multiple of it (given ${periodSeconds})`,
  );
});
