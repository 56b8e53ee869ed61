import { SqsQueueRedriveAllowPolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy";
import { Construct } from "constructs";
import { Alarms } from "./alarms";
import type { CustomerKey } from "./customer-key";
import { EncryptedQueue, maximumMessageRetentionDays, secondsPerDay } from "./encrypted-queue";
import type { NodeFunction } from "./node-function";

export interface DeadLetterQueueProps {
  /** Its part of the name pattern, e.g. `write-dead-letters`. */
  readonly resource: string;
  readonly key: CustomerKey;
  /** The queue whose messages end here, and the days that it keeps them. @default none: a function sends here by itself, and no queue may */
  readonly source?: { readonly queueArn: string; readonly retentionDays: number };
}

/** Days before a message's end at which the age alarm fires: time enough for a person, over a weekend. */
const daysToReact = 3;

/** Where what couldn't be handled waits for a person, 14 days. Any message in it raises an alarm. */
export class DeadLetterQueue extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  /** ARN as the queue itself has it, for what must wait until it is there. */
  readonly targetArn: string;

  /** Its address, for those who send here with a reason of their own. */
  readonly url: string;
  private readonly queue: EncryptedQueue;

  constructor(scope: Construct, id: string, { resource, key, source }: DeadLetterQueueProps) {
    super(scope, id);
    const queue = new EncryptedQueue(this, "Queue", {
      resource,
      key,
      messageRetentionDays: maximumMessageRetentionDays,
    });
    this.name = queue.name;
    this.arn = queue.arn;
    this.targetArn = queue.resource.arn;
    this.url = queue.resource.id;
    this.queue = queue;
    new SqsQueueRedriveAllowPolicy(this, "RedriveAllowPolicy", {
      queueUrl: queue.resource.id,
      redriveAllowPolicy: JSON.stringify(
        source === undefined
          ? { redrivePermission: "denyAll" }
          : { redrivePermission: "byQueue", sourceQueueArns: [source.queueArn] },
      ),
    });
    new Alarms(this, "Alarms", {
      resource,
      alarms: {
        depth: {
          // SQS moves back what came from a queue; an event that a function sent is for that function (StartMessageMoveTask).
          description: `Messages wait in ${this.name}. Read why they failed, mend that, then ${source ? "redrive them to their queue" : "invoke the function with their bodies again"}.`,
          metric: queue.metric("ApproximateNumberOfMessagesVisible"),
          threshold: 0,
          evaluationPeriods: 1,
        },
        age: {
          description: `The oldest message in ${this.name} is lost in ${daysToReact} days or less: SQS keeps none for longer than ${maximumMessageRetentionDays}.`,
          metric: queue.metric("ApproximateAgeOfOldestMessage"),
          threshold: daysUntilAlarm(source?.retentionDays ?? 0) * secondsPerDay,
          evaluationPeriods: 1,
        },
      },
    });
  }

  /** Lets a function send messages here by itself. */
  grantSend(grantee: NodeFunction): void {
    this.queue.grantSend(grantee, this.node.id);
  }
}

/** The metric counts from the move to here, and SQS from the message's first day: it may have spent days in its queue (SQS developer guide, dead-letter queues). */
function daysUntilAlarm(sourceRetentionDays: number): number {
  return Math.max(1, maximumMessageRetentionDays - daysToReact - sourceRetentionDays);
}
