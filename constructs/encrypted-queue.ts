import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy";
import { Construct } from "constructs";
import type { Metric } from "./alarms";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import { denyPlainHttp, policyJson, type Statement } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

/** Longest time that SQS keeps a message, days (SQS quotas). */
export const maximumMessageRetentionDays = 14;
export const secondsPerDay = 86_400;
/** As large as SQS takes, and an asynchronous event of Lambda is (SQS quotas, Lambda quotas): none is too big for its dead letters. */
const maximumMessageBytes = 1_048_576;

export interface EncryptedQueueProps {
  /** Its part of the name pattern. @default none: the one queue of its component */
  readonly resource?: string;
  readonly key: CustomerKey;
  /** Days that a message is kept, 1 to 14 (SQS keeps 60 s to 14 days). */
  readonly messageRetentionDays: number;
  /** Seconds that a received message stays hidden, 0 to 43,200 (SQS quotas). @default 30, SQS's own */
  readonly visibilityTimeoutSeconds?: number;
  /** Where a message goes that was received too often. @default nowhere */
  readonly redrive?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
  /** Who else may send to it, beside roles of this account by IAM. @default nobody */
  readonly statements?: readonly Statement[];
}

/** What Queue and DeadLetterQueue are made of: customer key, TLS only. */
export class EncryptedQueue extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  readonly resource: SqsQueue;
  readonly policy: SqsQueuePolicy;
  private readonly key: CustomerKey;

  constructor(scope: Construct, id: string, props: EncryptedQueueProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const { messageRetentionDays, visibilityTimeoutSeconds = 30 } = props;
    requireInRange("messageRetentionDays", messageRetentionDays, 1, maximumMessageRetentionDays, "days");
    requireInRange("visibilityTimeoutSeconds", visibilityTimeoutSeconds, 0, 43_200, "seconds");

    this.name = stack.nameOf("queue", props.resource);
    this.arn = stack.arnOf("sqs", this.name);
    this.key = props.key;
    props.key.grantQueue(this.arn);
    this.resource = new SqsQueue(this, "Queue", {
      name: this.name,
      kmsMasterKeyId: props.key.arn,
      messageRetentionSeconds: messageRetentionDays * secondsPerDay,
      visibilityTimeoutSeconds,
      maxMessageSize: maximumMessageBytes,
      ...(props.redrive ? { redrivePolicy: JSON.stringify(props.redrive) } : {}),
    });
    this.policy = new SqsQueuePolicy(this, "Policy", {
      queueUrl: this.resource.id,
      policy: policyJson([denyPlainHttp("sqs:*", [this.arn]), ...(props.statements ?? [])]),
    });
  }

  /** Lets a function send messages. */
  grantSend(grantee: NodeFunction, sid: string): void {
    this.grant(grantee, `Send${sid}`, ["sqs:SendMessage"], ["kms:Decrypt", "kms:GenerateDataKey"]);
  }

  /** Lets Lambda receive messages in a function's name. */
  grantConsume(grantee: NodeFunction, sid: string): void {
    const actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    this.grant(grantee, `Consume${sid}`, actions, ["kms:Decrypt"]);
  }

  private grant(
    grantee: NodeFunction,
    sid: string,
    actions: readonly string[],
    keyActions: readonly ("kms:Decrypt" | "kms:GenerateDataKey")[],
  ): void {
    grantee.allowDataAccess(
      { sid, actions, resources: [this.arn] },
      keyUse(TapStack.of(this), {
        sid: `${sid}Key`,
        keyArn: this.key.arn,
        actions: keyActions,
        service: "sqs",
        context: "aws:sqs:arn",
        value: this.arn,
      }),
    );
  }

  /** A metric of the queue. */
  metric(name: "ApproximateNumberOfMessagesVisible" | "ApproximateAgeOfOldestMessage"): Metric {
    return { namespace: "AWS/SQS", name, dimensions: { QueueName: this.name }, statistic: "Maximum" };
  }
}
