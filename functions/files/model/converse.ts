import { BedrockRuntimeClient, type ContentBlock, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsClientSettings } from "../../shared/aws-client";
import { tracer } from "../../shared/powertools";

/** Of one call, before it is repeated once. */
const callMilliseconds = 15_000;

/** What a model is asked. */
export interface Question {
  readonly task: string;
  readonly content: readonly ContentBlock[];
  readonly maximumAnswerTokens: number;
}

export interface ModelAnswer {
  readonly text: string;
  /** Read and written; undefined where the model doesn't say. */
  readonly tokens: number | undefined;
}

export function bedrockClient(): BedrockRuntimeClient {
  const client = new BedrockRuntimeClient({
    ...awsClientSettings,
    maxAttempts: 2,
    // Its own would be HTTP/2, which none of the other settings are for.
    requestHandler: new NodeHttpHandler({ ...awsClientSettings.requestHandler, requestTimeout: callMilliseconds }),
  });
  return tracer.captureAWSv3Client(client);
}

export async function ask(
  client: BedrockRuntimeClient,
  modelId: string,
  { task, content, maximumAnswerTokens }: Question,
  abortSignal: AbortSignal,
): Promise<ModelAnswer> {
  const converse = new ConverseCommand({
    modelId,
    system: [{ text: task }],
    messages: [{ role: "user", content: [...content] }],
    inferenceConfig: { maxTokens: maximumAnswerTokens, temperature: 0 },
  });
  const { output, usage } = await client.send(converse, { abortSignal });
  const text = (output?.message?.content ?? []).map((block) => block.text ?? "").join("");
  return { text, tokens: usage?.totalTokens };
}
