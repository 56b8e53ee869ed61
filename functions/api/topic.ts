import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";
import type { PeerMessage } from "./message";

/** The topic of this region, which queues of the others subscribe to. */
export interface PeerTopic {
  readonly client: SNSClient;
  readonly arn: string;
  readonly region: string;
}

/** The topic that the function's environment names. */
export function peerTopic(): PeerTopic {
  const { TOPIC_ARN, AWS_REGION } = requiredVariables("TOPIC_ARN", "AWS_REGION");
  return { client: tracer.captureAWSv3Client(new SNSClient(awsClientSettings)), arn: TOPIC_ARN, region: AWS_REGION };
}

/** Where it is from, and what it belongs to, can be read without opening it: by subscriptions, and by people. */
export async function publish(
  { client, arn }: PeerTopic,
  message: PeerMessage,
  correlationId: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const attribute = (value: string) => ({ DataType: "String", StringValue: value });
  const command = new PublishCommand({
    TopicArn: arn,
    Message: JSON.stringify(message),
    MessageAttributes: {
      kind: attribute(message.kind),
      origin: attribute(message.origin),
      correlationId: attribute(correlationId),
    },
  });
  await client.send(command, { abortSignal });
}
