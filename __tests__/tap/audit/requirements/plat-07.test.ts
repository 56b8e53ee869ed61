import { plat07 } from "../../../../tap/audit/requirements/plat-07";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, jobs, jobsResource, referenceTo, remove } from "./mutations";

type Attributes = Record<string, unknown>;

const queue = (changes: Attributes) =>
  jobsResource("aws_sqs_queue", "Queue_C399BAB1", (attributes) => Object.assign(attributes, changes));

const redrive = (changes: Attributes) =>
  jobsResource("aws_sqs_queue", "Queue_C399BAB1", (attributes) => {
    attributes.redrive_policy = JSON.stringify({ ...JSON.parse(String(attributes.redrive_policy)), ...changes });
  });

const mapping = (changes: Attributes) =>
  jobsResource("aws_lambda_event_source_mapping", undefined, (attributes) => Object.assign(attributes, changes));

prove(
  plat07,
  {
    "messages are kept for other days": queue({ message_retention_seconds: 86_400 }),
    "messages are kept as SQS likes": queue({ message_retention_seconds: undefined }),
    "messages have no dead letters": queue({ redrive_policy: undefined }),
    "a message is given up after another number of receives": redrive({ maxReceiveCount: 7 }),
    "the number of receives is a text": redrive({ maxReceiveCount: "3" }),
    "dead letters go nowhere": redrive({ deadLetterTargetArn: "arn:aws:sqs:us-east-1:111111111111:gone" }),
    "dead letters go to another system": redrive({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:111111111111:tap-records-write-dead-letters-dev-us-east-1",
    }),
    "a queue is its own dead letters": jobs((stack) => {
      resource(stack, "aws_sqs_queue", "Queue_C399BAB1").redrive_policy = JSON.stringify({
        deadLetterTargetArn: referenceTo(stack, "aws_sqs_queue", "Queue_C399BAB1", "arn"),
        maxReceiveCount: 3,
      });
    }),
    "dead letters are kept for a day": jobsResource("aws_sqs_queue", "Queue_DeadLetters", (attributes) => {
      attributes.message_retention_seconds = 86_400;
    }),
    "messages are received again while they are worked on": queue({ visibility_timeout_seconds: 30 }),
    "the worker takes longer than messages are hidden": jobsResource("aws_lambda_function", "work", (lambda) => {
      lambda.timeout = 900;
    }),
    "messages wait a while": queue({ delay_seconds: 900 }),
    "the queue is in order": queue({ fifo_queue: true }),
    "the worker isn't fed": mapping({ enabled: false }),
    "the worker is fed some messages": mapping({ filter_criteria: { filter: [{ pattern: '{"body":["x"]}' }] } }),
    "the worker is fed from dead letters": jobs((stack) => {
      resource(stack, "aws_lambda_event_source_mapping").event_source_arn = referenceTo(
        stack,
        "aws_sqs_queue",
        "Queue_DeadLetters",
        "arn",
      );
    }),
    "nothing feeds the worker": jobs((stack) => {
      remove(stack, "aws_lambda_event_source_mapping", "Jobs");
    }),
    "two things feed it": jobs((stack) =>
      add(stack, "aws_lambda_event_source_mapping", { ...resource(stack, "aws_lambda_event_source_mapping") }),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
