import { sec03 } from "../../../../tap/audit/requirements/sec-03";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, changing, jobs, jobsResource, referenceTo, remove, rewrite, security } from "./mutations";

type Attributes = Record<string, unknown>;

const main = "Queue_C399BAB1";
const deadLetters = "Queue_DeadLetters_Queue";
const ofFunction = "work_DeadLetters_Queue";

const queue = (name: string, change: (attributes: Attributes) => void) => jobsResource("aws_sqs_queue", name, change);

const redrive = (change: (policy: Attributes) => Attributes) =>
  queue(main, (attributes) => {
    attributes.redrive_policy = JSON.stringify(change(JSON.parse(String(attributes.redrive_policy))));
  });

const allow = (name: string, policy: unknown) =>
  jobsResource("aws_sqs_queue_redrive_allow_policy", name, (attributes) => {
    attributes.redrive_allow_policy = JSON.stringify(policy);
  });

const alarm = (name: string, changes: Attributes) =>
  jobsResource("aws_cloudwatch_metric_alarm", name, (attributes) => Object.assign(attributes, changes));

/** Of each alarm of a queue: the changes with which nobody would hear of trouble. */
const alarms: Readonly<Record<string, { name: string; late: number; early: number }>> = {
  "of the depth of the queue": { name: "Queue_Alarms_depth_8", late: 1_000_000, early: 0 },
  "of the age of its messages": { name: "Queue_Alarms_age_2", late: 14 * 86_400, early: 0 },
  "of the first dead letter": { name: "Queue_DeadLetters_Alarms_depth_50", late: 1, early: -1 },
  "of the age of dead letters": { name: "Queue_DeadLetters_Alarms_age_6", late: 13 * 86_400, early: 0 },
  "of the first dead letter of a function": { name: "work_DeadLetters_Alarms_depth", late: 1, early: -1 },
  "of the age of dead letters of a function": { name: "work_DeadLetters_Alarms_age", late: 12 * 86_400, early: 0 },
};

const nameOf = (what: string) => String(alarms[what]?.name);

prove(
  sec03,
  {
    "a queue is under SQS's own key": queue(main, (attributes) => {
      delete attributes.kms_master_key_id;
    }),
    "a queue is under a key that nobody here made": queue(ofFunction, (attributes) => {
      attributes.kms_master_key_id = "alias/aws/sqs";
    }),
    "a queue is under another stack's key": queue(main, (attributes) => {
      attributes.kms_master_key_id = "arn:aws:kms:us-east-1:111111111111:alias/tap-records-dev-us-east-1";
    }),
    "a queue's key isn't meant for it": jobsResource("aws_kms_key", "Key_43586C89", (key) =>
      rewrite(
        key,
        "policy",
        changing("Sqs", ({ Condition = {} }) => ({
          Condition: {
            ...Condition,
            ArnEquals: { "kms:EncryptionContext:aws:sqs:arn": ["arn:aws:sqs:us-east-1:111111111111:other"] },
          },
        })),
      ),
    ),
    "a queue takes messages of 256 KiB": queue(main, (attributes) => {
      attributes.max_message_size = 262_144;
    }),
    "a queue doesn't say what it takes": queue(deadLetters, (attributes) => {
      delete attributes.max_message_size;
    }),
    "a queue has no dead letters": queue(main, (attributes) => {
      delete attributes.redrive_policy;
    }),
    "a queue's redrive policy is none": queue(main, (attributes) => {
      attributes.redrive_policy = "{}";
    }),
    "a queue is added without anything": jobs((stack) =>
      add(stack, "aws_sqs_queue", {
        name: "tap-jobs-other",
        kms_master_key_id: referenceTo(stack, "aws_kms_key", "Key_43586C89", "arn"),
      }),
    ),
    "dead letters go to a queue that isn't there": redrive((policy) => ({
      ...policy,
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:111111111111:gone",
    })),
    "dead letters go to another region": redrive((policy) => ({
      ...policy,
      deadLetterTargetArn: "arn:aws:sqs:us-west-2:111111111111:tap-api-peer-messages-dead-letters-dev-us-west-2",
    })),
    "dead letters go to another account": redrive((policy) => ({
      ...policy,
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:999999999999:tap-jobs-dead-letters-dev-us-east-1",
    })),
    "a queue is its own dead letters": jobs((stack) => {
      const attributes = resource(stack, "aws_sqs_queue", main);
      attributes.redrive_policy = JSON.stringify({
        deadLetterTargetArn: referenceTo(stack, "aws_sqs_queue", main, "arn"),
        maxReceiveCount: 3,
      });
    }),
    "dead letters go where a function's go": jobs((stack) => {
      const attributes = resource(stack, "aws_sqs_queue", main);
      attributes.redrive_policy = JSON.stringify({
        deadLetterTargetArn: referenceTo(stack, "aws_sqs_queue", ofFunction, "arn"),
        maxReceiveCount: 3,
      });
    }),
    "two queues have one dead-letter queue": jobs((stack) =>
      add(stack, "aws_sqs_queue", { ...resource(stack, "aws_sqs_queue", main), name: "tap-jobs-other" }),
    ),
    "dead letters have dead letters": jobs((stack) => {
      const attributes = resource(stack, "aws_sqs_queue", deadLetters);
      attributes.redrive_policy = JSON.stringify({
        deadLetterTargetArn: referenceTo(stack, "aws_sqs_queue", ofFunction, "arn"),
        maxReceiveCount: 3,
      });
    }),
    "a message is received a thousand times": redrive((policy) => ({ ...policy, maxReceiveCount: 1_000 })),
    "a message is given up at once": redrive((policy) => ({ ...policy, maxReceiveCount: 1 })),
    "the number of receives is a text": redrive((policy) => ({ ...policy, maxReceiveCount: "3" })),
    "dead letters are kept for less than messages": queue(deadLetters, (attributes) => {
      attributes.message_retention_seconds = 3 * 86_400;
    }),
    "dead letters are kept as long as SQS likes, and messages longer": jobs((stack) => {
      resource(stack, "aws_sqs_queue", main).message_retention_seconds = 5 * 86_400;
      delete resource(stack, "aws_sqs_queue", deadLetters).message_retention_seconds;
    }),
    "dead letters of a function are kept four days": queue(ofFunction, (attributes) => {
      delete attributes.message_retention_seconds;
    }),
    "dead letters take from nobody knows whom": jobs((stack) => {
      remove(stack, "aws_sqs_queue_redrive_allow_policy", "Queue_DeadLetters");
    }),
    "dead letters take from every queue": allow("Queue_DeadLetters", { redrivePermission: "allowAll" }),
    "dead letters take from no queue": allow("Queue_DeadLetters", { redrivePermission: "denyAll" }),
    "dead letters take from another queue": allow("Queue_DeadLetters", {
      redrivePermission: "byQueue",
      sourceQueueArns: ["arn:aws:sqs:us-east-1:111111111111:other"],
    }),
    "dead letters take from one queue more": jobsResource(
      "aws_sqs_queue_redrive_allow_policy",
      "Queue_DeadLetters",
      (attributes) => {
        const policy = JSON.parse(String(attributes.redrive_allow_policy)) as { sourceQueueArns: string[] };
        policy.sourceQueueArns.push("arn:aws:sqs:us-east-1:111111111111:other");
        attributes.redrive_allow_policy = JSON.stringify(policy);
      },
    ),
    "dead letters take from queues named twice over": jobs((stack) =>
      add(stack, "aws_sqs_queue_redrive_allow_policy", {
        ...resource(stack, "aws_sqs_queue_redrive_allow_policy", "Queue_DeadLetters"),
        redrive_allow_policy: JSON.stringify({ redrivePermission: "allowAll" }),
      }),
    ),
    "dead letters say a second time, among their attributes, whom they take from": queue(deadLetters, (attributes) => {
      attributes.redrive_allow_policy = JSON.stringify({ redrivePermission: "allowAll" });
    }),
    "a redrive-allow policy is another queue's": jobs((stack) => {
      resource(stack, "aws_sqs_queue_redrive_allow_policy", "Queue_DeadLetters").queue_url = referenceTo(
        stack,
        "aws_sqs_queue",
        main,
        "id",
      );
    }),
    "dead letters of a function take from queues": allow("work_DeadLetters", { redrivePermission: "allowAll" }),
    "nobody says what dead letters of a function take": jobs((stack) => {
      remove(stack, "aws_sqs_queue_redrive_allow_policy", "work_DeadLetters");
    }),
    "a queue is redriven by a resource that nobody looks at": jobs((stack) =>
      add(stack, "aws_sqs_queue_redrive_policy", {
        queue_url: referenceTo(stack, "aws_sqs_queue", main, "id"),
        redrive_policy: "{}",
      }),
    ),
    ...Object.fromEntries(
      Object.entries(alarms).flatMap(([what, { name, late, early }]) => [
        [
          `there is no alarm ${what}`,
          jobs((stack) => {
            remove(stack, "aws_cloudwatch_metric_alarm", name);
          }),
        ],
        [`the alarm ${what} fires too late`, alarm(name, { threshold: late })],
        [`the alarm ${what} fires always`, alarm(name, { threshold: early })],
      ]),
    ),
    // They are read in one way, whatever they are on.
    ...Object.fromEntries(
      ["of the age of its messages", "of the first dead letter of a function"].flatMap((what) => [
        [`the alarm ${what} has no threshold`, alarm(nameOf(what), { threshold: undefined })],
        [`the alarm ${what} fires below`, alarm(nameOf(what), { comparison_operator: "LessThanThreshold" })],
        [`the alarm ${what} waits for a day`, alarm(nameOf(what), { period: 86_400 })],
        [`the alarm ${what} waits for a thousand periods`, alarm(nameOf(what), { evaluation_periods: 1_000 })],
        [`the alarm ${what} needs more data points than it has`, alarm(nameOf(what), { datapoints_to_alarm: 11 })],
        [`the alarm ${what} takes no data for trouble`, alarm(nameOf(what), { treat_missing_data: "breaching" })],
        [`the alarm ${what} looks at the least`, alarm(nameOf(what), { statistic: "Minimum" })],
        [`the alarm ${what} is on another metric`, alarm(nameOf(what), { metric_name: "NumberOfMessagesSent" })],
        [`the alarm ${what} is on another service's metric`, alarm(nameOf(what), { namespace: "tap/dev" })],
        [`the alarm ${what} is of another queue`, alarm(nameOf(what), { dimensions: { QueueName: "tap-jobs-other" } })],
        [
          `the alarm ${what} has one dimension more`,
          jobsResource("aws_cloudwatch_metric_alarm", nameOf(what), (attributes) => {
            attributes.dimensions = { ...(attributes.dimensions as object), Stage: "live" };
          }),
        ],
        [`the alarm ${what} is in a unit in which nothing is sent`, alarm(nameOf(what), { unit: "Percent" })],
        [`the alarm ${what} is in another region`, alarm(nameOf(what), { region: "us-west-2" })],
        [`the alarm ${what} is switched off`, alarm(nameOf(what), { actions_enabled: false })],
        [`the alarm ${what} does nothing`, alarm(nameOf(what), { alarm_actions: [] })],
        [
          `the alarm ${what} tells another account`,
          alarm(nameOf(what), {
            alarm_actions: ["arn:aws:sns:us-east-1:999999999999:tap-security-alarms-dev-us-east-1"],
          }),
        ],
        [
          `the alarm ${what} compares something else as well`,
          alarm(nameOf(what), { metric_query: [{ id: "value", expression: "0", return_data: true }] }),
        ],
      ]),
    ),
    "the topic's subscriber gets another topic's": security((stack) => {
      resource(stack, "aws_sns_topic_subscription").topic_arn = "arn:aws:sns:us-east-1:111111111111:other";
    }),
    "the topic's subscriber filters alarms out": security((stack) => {
      resource(stack, "aws_sns_topic_subscription").filter_policy = '{"none":["x"]}';
    }),
    "CloudWatch is denied the topic": security((stack) =>
      rewrite(resource(stack, "aws_sns_topic_policy"), "policy", (statements) => [
        ...statements,
        {
          Sid: "Added",
          Effect: "Deny",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: ["sns:*"],
          Resource: ["*"],
        },
      ]),
    ),
    "CloudWatch may publish another account's alarms": security((stack) =>
      rewrite(
        resource(stack, "aws_sns_topic_policy"),
        "policy",
        changing("Publishcloudwatchamazonawscom", () => ({
          Condition: { StringEquals: { "aws:SourceAccount": "999999999999" } },
        })),
      ),
    ),
    "CloudWatch may publish other alarms": security((stack) =>
      rewrite(
        resource(stack, "aws_sns_topic_policy"),
        "policy",
        changing("Publishcloudwatchamazonawscom", () => ({
          Condition: { ArnLike: { "aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:other-*" } },
        })),
      ),
    ),
    "CloudWatch may publish to another topic": security((stack) =>
      rewrite(
        resource(stack, "aws_sns_topic_policy"),
        "policy",
        changing("Publishcloudwatchamazonawscom", () => ({ Resource: ["arn:aws:sns:us-east-1:111111111111:other"] })),
      ),
    ),
    "a queue denies itself to everyone": jobsResource("aws_sqs_queue_policy", "work_DeadLetters", (policy) =>
      rewrite(policy, "policy", (statements) => [
        ...statements,
        { Sid: "Added", Effect: "Deny", Principal: "*", Action: ["sqs:SendMessage"], Resource: ["*"] },
      ]),
    ),
    "a queue denies itself over TLS": jobsResource("aws_sqs_queue_policy", "Queue_Policy_17FE05FD", (policy) =>
      rewrite(
        policy,
        "policy",
        changing("DenyPlainHttp", () => ({ Condition: { Bool: { "aws:SecureTransport": ["true", "false"] } } })),
      ),
    ),
    "there is no queue any more": (subject) => {
      for (const { json } of subject.stacks) delete json.resource?.aws_sqs_queue;
    },
  },
  { alone: true, without: ["files", "stream"] },
);
