import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface CustomerKeyProps {
  /** What it encrypts, in a sentence. */
  readonly description: string;
  /** Its part of the name pattern, e.g. `flow-logs`. */
  readonly resource: string;
  /** Full alias, where something outside the pattern fixes it. @default alias/tap-{component}-{resource}-{environment}-{region} */
  readonly alias?: string;
  /** What services may do with it; people and roles get their rights from IAM, through the root statement. @default none */
  readonly statements?: readonly Statement[];
  /** Terraform refuses to destroy it. @default false */
  readonly preventDestroy?: boolean;
}

/** A customer managed key with yearly rotation, an alias, and a policy that names the services that use it. */
export class CustomerKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: CustomerKeyProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const { accountId, kms } = stack.environment;
    const key = new KmsKey(this, "Key", {
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: kms.deletionWindowDays,
      policy: policyJson([accountStatement(accountId), ...(props.statements ?? [])]),
      ...(props.preventDestroy ? { lifecycle: { preventDestroy: true } } : {}),
    });
    new KmsAlias(this, "Alias", {
      name: props.alias ?? stack.nameOf("keyAlias", props.resource),
      targetKeyId: key.keyId,
    });
    this.arn = key.arn;
  }
}

/** Without it, a key is locked for ever once its policy is wrong (KMS developer guide, default key policy). */
function accountStatement(accountId: string): Statement {
  return {
    sid: "AccountThroughIam",
    principals: { AWS: [`arn:aws:iam::${accountId}:root`] },
    actions: ["kms:*"],
    resources: ["*"],
  };
}

/** What CloudWatch Logs needs of a key, for one log group (CloudWatch Logs user guide, encrypt log data with KMS). */
export function logGroupKeyStatement(stack: TapStack, logGroupName: string): Statement {
  return {
    sid: "LogGroup",
    principals: { Service: [`logs.${stack.region}.amazonaws.com`] },
    actions: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    resources: ["*"],
    conditions: {
      ArnEquals: { "kms:EncryptionContext:aws:logs:arn": stack.arnOf("logs", `log-group:${logGroupName}`) },
    },
  };
}
