import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Alarms } from "./alarms";
import type { CustomerKey } from "./customer-key";
import { DeadLetterQueue } from "./dead-letter-queue";
import { EncryptedQueue, secondsPerDay } from "./encrypted-queue";
import type { NodeFunction } from "./node-function";
import type { Statement } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface QueueProps {
  /** Its part of the name pattern. @default none: the one queue of its component */
  readonly resource?: string;
  readonly key: CustomerKey;
  /** Seconds that a received message stays hidden, 0 to 43,200: at least 6 times its function's timeout (Lambda developer guide, SQS event sources). */
  readonly visibilityTimeoutSeconds: number;
  /** Days that a message is kept, 1 to 14 (SQS keeps 60 s to 14 days). */
  readonly messageRetentionDays: number;
  /** Receives before a message moves to the dead letters, 1 to 1,000 (SQS redrive policy). */
  readonly maxReceiveCount: number;
  /** Age of the oldest message that raises an alarm, seconds from 1. @default a quarter of the retention */
  readonly maximumAgeSeconds?: number;
  /** Messages waiting that raise an alarm, from 1. @default 1000 */
  readonly maximumDepth?: number;
  /** Who else may send to it, beside roles of this account by IAM. @default nobody */
  readonly statements?: (queueArn: string) => readonly Statement[];
}

/**
 * A queue with its dead letters (SEC-03): customer key, TLS only, redrive allowed from this queue alone, age and
 * depth alarms on both.
 *
 * @example
 * new Queue(this, "Queue", { key, visibilityTimeoutSeconds: 180, messageRetentionDays: 4, maxReceiveCount: 3 });
 */
export class Queue extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  readonly url: string;
  /** ARN as the queue itself has it, for what must wait until it is there. */
  readonly targetArn: string;
  readonly visibilityTimeoutSeconds: number;
  readonly deadLetters: DeadLetterQueue;
  /** What services that send to it by themselves must wait for. */
  readonly policy: ITerraformDependable;

  private readonly queue: EncryptedQueue;

  constructor(scope: Construct, id: string, props: QueueProps) {
    super(scope, id);
    const { key, visibilityTimeoutSeconds, messageRetentionDays, maxReceiveCount } = props;
    requireInRange("maxReceiveCount", maxReceiveCount, 1, 1_000, "receives");
    const stack = TapStack.of(this);
    const named = props.resource === undefined ? {} : { resource: props.resource };
    this.arn = stack.arnOf("sqs", stack.nameOf("queue", props.resource));
    this.deadLetters = new DeadLetterQueue(this, "DeadLetters", {
      resource: props.resource === undefined ? "dead-letters" : `${props.resource}-dead-letters`,
      key,
      source: { queueArn: this.arn, retentionDays: messageRetentionDays },
    });
    const queue = new EncryptedQueue(this, "Queue", {
      ...named,
      key,
      messageRetentionDays,
      visibilityTimeoutSeconds,
      redrive: { deadLetterTargetArn: this.deadLetters.targetArn, maxReceiveCount },
      statements: props.statements?.(this.arn) ?? [],
    });
    this.name = queue.name;
    this.url = queue.resource.id;
    this.targetArn = queue.resource.arn;
    this.visibilityTimeoutSeconds = visibilityTimeoutSeconds;
    this.policy = queue.policy;
    this.queue = queue;
    new Alarms(this, "Alarms", {
      ...named,
      alarms: {
        depth: {
          description: `Messages come into ${this.name} faster than they are handled. Look at its consumer's errors, throttles and concurrency.`,
          metric: queue.metric("ApproximateNumberOfMessagesVisible"),
          threshold: props.maximumDepth ?? 1_000,
        },
        age: {
          description: `The oldest message in ${this.name} has waited too long. Is its consumer running?`,
          metric: queue.metric("ApproximateAgeOfOldestMessage"),
          threshold: props.maximumAgeSeconds ?? (messageRetentionDays * secondsPerDay) / 4,
        },
      },
    });
  }

  /** Lets a function send messages. */
  grantSend(grantee: NodeFunction): void {
    this.queue.grantSend(grantee, this.node.id);
  }

  /** Lets Lambda receive messages in a function's name. @see QueueEventSource, which does it */
  grantConsume(grantee: NodeFunction): void {
    this.queue.grantConsume(grantee, this.node.id);
  }
}
