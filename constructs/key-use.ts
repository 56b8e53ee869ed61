import type { Statement } from "./policy";
import type { TapStack } from "./tap-stack";

export interface KeyUseProps {
  readonly sid: string;
  readonly keyArn: string;
  readonly actions: readonly ("kms:Decrypt" | "kms:Encrypt" | "kms:GenerateDataKey")[];
  /** The service that the caller goes through: `dynamodb`, `sqs`. */
  readonly service: string;
  /** What the service sends as encryption context, without `kms:EncryptionContext:`, and its value. */
  readonly context: string;
  readonly value: string;
  /** Region of the key. @default the stack's */
  readonly region?: string;
}

/** What lets a role use a key through one service, for one thing: the twin, in IAM, of a grant in the key's policy (REC-04). */
export function keyUse(
  stack: TapStack,
  { sid, keyArn, actions, service, context, value, region = stack.region }: KeyUseProps,
): Statement {
  return {
    sid,
    actions,
    resources: [keyArn],
    conditions: {
      StringEquals: {
        "kms:CallerAccount": stack.environment.accountId,
        "kms:ViaService": `${service}.${region}.amazonaws.com`,
        [`kms:EncryptionContext:${context}`]: value,
      },
    },
  };
}
