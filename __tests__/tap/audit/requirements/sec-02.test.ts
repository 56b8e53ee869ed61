import { sec02 } from "../../../../tap/audit/requirements/sec-02";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { adding, records, recordsResource, remove, rewrite, security, without } from "./mutations";

const lambda = (change: (attributes: Record<string, unknown>) => void) =>
  recordsResource("aws_lambda_function", "Write", change);

const withoutAlarm = (part: string) =>
  records((stack) => {
    remove(stack, "aws_cloudwatch_metric_alarm", part);
  });

prove(
  sec02,
  {
    "a function runs on an older runtime": lambda((attributes) => {
      attributes.runtime = "nodejs22.x";
    }),
    "a function runs on x86": lambda((attributes) => {
      delete attributes.architectures;
    }),
    "a function has no reserved concurrency": lambda((attributes) => {
      delete attributes.reserved_concurrent_executions;
    }),
    "a function's concurrency is none": lambda((attributes) => {
      attributes.reserved_concurrent_executions = 0;
    }),
    "a function isn't traced": lambda((attributes) => {
      attributes.tracing_config = { mode: "PassThrough" };
    }),
    "two functions have one role": records((stack) => {
      resource(stack, "aws_lambda_function", "Write").role = resource(stack, "aws_lambda_function", "Read").role;
    }),
    "a function has a role that nobody here made": lambda((attributes) => {
      attributes.role = "arn:aws:iam::111111111111:role/other";
    }),
    "a function logs where it likes": lambda((attributes) => {
      delete attributes.logging_config;
    }),
    "a function's log group is gone": records((stack) => {
      remove(stack, "aws_cloudwatch_log_group", "Write");
    }),
    "logs are kept for ever": recordsResource("aws_cloudwatch_log_group", "Write", (group) => {
      delete group.retention_in_days;
    }),
    "logs are under no key": recordsResource("aws_cloudwatch_log_group", "Write", (group) => {
      delete group.kms_key_id;
    }),
    "a function has no dead letters": lambda((attributes) => {
      delete attributes.dead_letter_config;
    }),
    "a function's dead letters go nowhere": lambda((attributes) => {
      attributes.dead_letter_config = { target_arn: "arn:aws:sqs:us-east-1:111111111111:gone" };
    }),
    "nobody is told of dead letters": withoutAlarm("Write_DeadLetters_Alarms_depth"),
    "only many dead letters are told of": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_DeadLetters_Alarms_depth",
      (alarm) => {
        alarm.threshold = 100;
      },
    ),
    "nobody is told of errors": withoutAlarm("Write_Alarms_errors"),
    "nobody is told of slow invocations": withoutAlarm("Write_Alarms_duration"),
    "nobody is told of throttles": withoutAlarm("Write_Alarms_throttles"),
    "an alarm is of another function": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_throttles",
      (alarm) => {
        alarm.dimensions = { FunctionName: "tap-records-other" };
      },
    ),
    "an alarm does nothing": recordsResource("aws_cloudwatch_metric_alarm", "Write_Alarms_errors", (alarm) => {
      delete alarm.alarm_actions;
    }),
    "an alarm is switched off": recordsResource("aws_cloudwatch_metric_alarm", "Write_Alarms_errors", (alarm) => {
      alarm.actions_enabled = false;
    }),
    "an alarm writes to a topic that isn't there": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_errors",
      (alarm) => {
        alarm.alarm_actions = ["arn:aws:sns:us-east-1:111111111111:gone"];
      },
    ),
    ...Object.fromEntries(
      (
        [
          ["fires when errors are few", "errors", { comparison_operator: "LessThanThreshold" }],
          ["fires at no rate of errors", "errors", { threshold: 1e9 }],
          ["fires for late invocations when they are over", "duration", { threshold: 10_000 }],
          ["watches another service's durations", "duration", { namespace: "AWS/Nothing" }],
          ["watches the shortest invocation", "duration", { statistic: "Minimum" }],
          ["waits for a thousand minutes of throttles", "throttles", { evaluation_periods: 1_000 }],
          ["takes some throttles for none", "throttles", { threshold: 10 }],
          ["fires because nothing was invoked", "throttles", { treat_missing_data: "breaching" }],
          ["waits for a second minute of dead letters", "Write_DeadLetters_Alarms_depth", { evaluation_periods: 2 }],
          [
            "fires when there are no dead letters",
            "Write_DeadLetters_Alarms_depth",
            { comparison_operator: "LessThanThreshold" },
          ],
        ] as const
      ).map(([what, name, changes]) => [
        `an alarm ${what}`,
        recordsResource("aws_cloudwatch_metric_alarm", name.includes("_") ? name : `Write_Alarms_${name}`, (alarm) => {
          Object.assign(alarm, changes);
        }),
      ]),
    ),
    "the rate of errors is always nothing": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_errors",
      (alarm) => {
        const [first, ...metrics] = alarm.metric_query as object[];
        alarm.metric_query = [{ ...first, expression: "0" }, ...metrics];
      },
    ),
    "nobody is told of lost events": withoutAlarm("Write_Alarms_lost-events"),
    "an alarm writes to another region's topic": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_errors",
      (alarm) => {
        const [topic] = alarm.alarm_actions as string[];
        alarm.alarm_actions = [topic?.replaceAll(/us-east-\d/g, "us-west-2")];
      },
    ),
    "CloudWatch may not publish alarms": security((stack) =>
      rewrite(resource(stack, "aws_sns_topic_policy"), "policy", without("Publishcloudwatchamazonawscom")),
    ),
    "CloudWatch may not encrypt alarms": security((stack) =>
      rewrite(resource(stack, "aws_kms_key", "AlarmKey"), "policy", without("Publishcloudwatchamazonawscom")),
    ),
    "a function may not send its dead letters": recordsResource(
      "aws_iam_role_policy",
      "Write_Role_basic-execution",
      (policy) => rewrite(policy, "policy", without("SendDeadLetters")),
    ),
    "a function is denied its dead letters": recordsResource(
      "aws_iam_role_policy",
      "Write_Role_basic-execution",
      (policy) => rewrite(policy, "policy", adding({ Effect: "Deny", Action: "sqs:*", Resource: "*" })),
    ),
    "an alarm has one dimension more than the metric": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_throttles",
      (alarm) => {
        alarm.dimensions = { ...(alarm.dimensions as object), Resource: "live" };
      },
    ),
    "an alarm compares nothing beside its metric": recordsResource(
      "aws_cloudwatch_metric_alarm",
      "Write_Alarms_throttles",
      (alarm) => {
        alarm.metric_query = [{ id: "value", expression: "0", return_data: true }];
      },
    ),
    "dead letters are kept a minute": recordsResource("aws_sqs_queue", "Write", (queue) => {
      queue.message_retention_seconds = 60;
    }),
    "dead letters are smaller than events": recordsResource("aws_sqs_queue", "Write", (queue) => {
      delete queue.max_message_size;
    }),
    "a function has a layer of somebody's": lambda((attributes) => {
      attributes.layers = ["arn:aws:lambda:us-east-1:999999999999:layer:x:1"];
    }),
    "a function's own log lines are dropped": lambda((attributes) => {
      attributes.logging_config = { ...(attributes.logging_config as object), application_log_level: "FATAL" };
    }),
    "nobody reads the topic of the alarms": security((stack) => {
      delete stack.json.resource?.aws_sns_topic_subscription;
    }),
    "the topic of the alarms is gone": security((stack) => {
      delete stack.json.resource?.aws_sns_topic;
    }),
  },
  { alone: true, without: ["files", "stream"] },
);
