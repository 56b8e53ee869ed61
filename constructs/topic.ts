import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import { denyPlainHttp, policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface TopicProps {
  /** Its part of the name pattern, e.g. `alarms`. */
  readonly resource: string;
  readonly key: CustomerKey;
  /** AWS services that publish to it by themselves, with the ARNs (or patterns of them) that they do it for. Roles of this account publish by IAM. @default none */
  readonly publishers?: Readonly<Record<string, string>>;
  /** Team mailboxes that it writes to; each is asked once whether it wants that. @default none */
  readonly emails?: readonly string[];
  /** ARNs of queues of this account, of any region, that get every message as it was published. @default none */
  readonly queueArns?: readonly string[];
}

/**
 * A topic under a customer key, TLS only. A service that publishes is named in the topic's policy and in the
 * key's, with account and source: without the second its messages are dropped without a word.
 *
 * @example
 * new Topic(this, "Alarms", {
 *   resource: "alarms",
 *   key,
 *   publishers: { "cloudwatch.amazonaws.com": this.arnOf("cloudwatch", "alarm:tap-*") },
 * });
 */
export class Topic extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  private readonly key: CustomerKey;

  constructor(scope: Construct, id: string, props: TopicProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const publishers = Object.entries(props.publishers ?? {});
    this.name = stack.nameOf("topic", props.resource);
    this.arn = stack.arnOf("sns", this.name);
    props.key.grantTopic(this.arn);
    for (const [service, sourceArn] of publishers) props.key.grantPublisher(service, sourceArn);

    const topic = new SnsTopic(this, "Topic", { name: this.name, kmsMasterKeyId: props.key.arn });
    const statements = publishers.map(([service, sourceArn]) => this.publisher(service, sourceArn));
    new SnsTopicPolicy(this, "Policy", {
      arn: topic.arn,
      policy: policyJson([denyPlainHttp("sns:Publish", [this.arn]), ...statements]),
    });
    for (const [index, endpoint] of (props.emails ?? []).entries())
      new SnsTopicSubscription(this, `Email${index + 1}`, { topicArn: topic.arn, protocol: "email", endpoint });
    for (const [index, endpoint] of (props.queueArns ?? []).entries())
      new SnsTopicSubscription(this, `Queue${index + 1}`, {
        topicArn: topic.arn,
        protocol: "sqs",
        endpoint,
        rawMessageDelivery: true,
      });
    this.key = props.key;
  }

  /** Lets a function publish. */
  grantPublish(grantee: NodeFunction): void {
    grantee.allowDataAccess(
      { sid: `Publish${this.node.id}`, actions: ["sns:Publish"], resources: [this.arn] },
      keyUse(TapStack.of(this), {
        sid: `Publish${this.node.id}Key`,
        keyArn: this.key.arn,
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        service: "sns",
        context: "aws:sns:topicArn",
        value: this.arn,
      }),
    );
  }

  private publisher(service: string, sourceArn: string): Statement {
    return {
      sid: `Publish${service.replaceAll(/[^a-z0-9]/g, "")}`,
      principals: { Service: [service] },
      actions: ["sns:Publish"],
      resources: [this.arn],
      conditions: {
        StringEquals: { "aws:SourceAccount": TapStack.of(this).environment.accountId },
        ArnLike: { "aws:SourceArn": sourceArn },
      },
    };
  }
}
