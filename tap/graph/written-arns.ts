import { isPattern, parseArn } from "./arn";

/** An ARN in a text, with or without wildcards. */
export interface WrittenArn {
  readonly text: string;
  readonly isPattern: boolean;
}

const functionInvocation = /:lambda:path\/[\d-]+\/functions\/(arn:[^/\s]+)\/invocations$/;
const queueIntegration = /^arn:([\w-]+):apigateway:([\w-]+):sqs:path\/(\d{12})\/([\w.-]+)$/;
/** CloudWatch Logs writes the ARN of a group itself like this, as well as without its end. */
const logGroup = /^(arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:[^*?:]+):\*$/;

/** The ARN that a text is. Of API Gateway's integrations, what they call; of no ARN, undefined. */
export function writtenArn(text: string): WrittenArn | undefined {
  if (!text.startsWith("arn:") || parseArn(text) === undefined) return undefined;
  const [, called] = functionInvocation.exec(text) ?? [];
  if (called !== undefined) return writtenArn(called);
  const [, partition, region, account, queue] = queueIntegration.exec(text) ?? [];
  if (queue !== undefined) return { text: `arn:${partition}:sqs:${region}:${account}:${queue}`, isPattern: false };
  const [, group] = logGroup.exec(text) ?? [];
  return group === undefined ? { text, isPattern: isPattern(text) } : { text: group, isPattern: false };
}
