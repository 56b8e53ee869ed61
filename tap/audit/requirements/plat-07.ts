import { jobsParts } from "../jobs";
import { redriveOf, retentionOf } from "../queues";
import { expectThat, judgeEach, type Requirement } from "../requirement";

const secondsPerDay = 86_400;
/** Lambda developer guide, SQS event sources: fewer, and a message is received again while it is worked on. */
const timeoutsPerVisibility = 6;

export const plat07: Requirement = {
  id: "PLAT-07",
  checks:
    "One queue feeds the worker; it keeps messages as long as configured, gives them to dead letters after the configured number of receives, and hides them for six of the worker's timeouts.",
  why: "A job that is kept for less than an outage is lost; one that is received for ever holds up the others.",
  judge: (subject) =>
    judgeEach(subject, "jobs", (stack, { jobs }) => {
      const { graph } = subject;
      const { mapping, queue, worker } = jobsParts(graph, stack);
      if (mapping === undefined || queue === undefined || worker === undefined)
        return [{ stack: stack.id, message: "must have one queue that feeds one function" }];
      const { messageRetentionDays, maxReceiveCount } = jobs.queue;
      const { message_retention_seconds, visibility_timeout_seconds, fifo_queue, delay_seconds } = queue.attributes;
      const redrive = redriveOf(graph, queue);
      const deadLetters = redrive?.target;
      const timeout = Number(worker.attributes.timeout ?? 3);
      const about = (holds: boolean, message: string) => expectThat(holds, stack, message, queue.address);
      return [
        ...about(
          message_retention_seconds === messageRetentionDays * secondsPerDay,
          `must keep messages ${messageRetentionDays} days`,
        ),
        ...about(
          deadLetters?.type === "aws_sqs_queue" && deadLetters !== queue && deadLetters.stack === queue.stack,
          "must have dead letters in the same stack",
        ),
        ...about(
          deadLetters !== undefined && retentionOf(deadLetters) >= messageRetentionDays * secondsPerDay,
          "must have dead letters that are kept as long as its messages",
        ),
        ...about(redrive?.maxReceiveCount === maxReceiveCount, `must give up after ${maxReceiveCount} receives`),
        ...about(
          Number(visibility_timeout_seconds ?? 30) >= timeoutsPerVisibility * timeout,
          `must hide messages for ${timeoutsPerVisibility * timeout} s at least`,
        ),
        ...about(fifo_queue !== true && Number(delay_seconds ?? 0) === 0, "must give its messages out at once"),
        ...expectThat(
          (mapping.attributes.enabled ?? true) === true && mapping.attributes.filter_criteria === undefined,
          stack,
          "must feed the worker with every message",
          mapping.address,
        ),
      ];
    }),
};
