import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { keyAdministration } from "./customer-key";
import type { NodeFunction } from "./node-function";
import { policyJson } from "./policy";
import { TapStack } from "./tap-stack";

export interface MacKeyProps {
  /** What it signs, in a sentence. */
  readonly description: string;
  /** Its part of the name pattern, e.g. `cursors`. */
  readonly resource: string;
}

/**
 * A key that makes and checks message authentication codes, and never leaves KMS: what it signed can't be made by
 * anybody else. KMS rotates no such key by itself (KMS developer guide, rotating keys).
 */
export class MacKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: MacKeyProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const { accountId, kms, deletionProtection } = stack.environment;
    const key = new KmsKey(this, "Key", {
      description: props.description,
      keyUsage: "GENERATE_VERIFY_MAC",
      customerMasterKeySpec: "HMAC_256",
      deletionWindowInDays: kms.deletionWindowDays,
      ...(deletionProtection ? { lifecycle: { preventDestroy: true } } : {}),
      policy: policyJson([
        keyAdministration(accountId),
        {
          sid: "AccountThroughIam",
          principals: { AWS: [`arn:aws:iam::${accountId}:root`] },
          actions: ["kms:GenerateMac"],
          resources: ["*"],
          conditions: { StringEquals: { "kms:CallerAccount": accountId } },
        },
      ]),
    });
    new KmsAlias(this, "Alias", { name: stack.nameOf("keyAlias", props.resource), targetKeyId: key.keyId });
    this.arn = key.arn;
  }

  /** Lets a function sign; it checks a code by making it again. */
  grant(grantee: NodeFunction): void {
    grantee.allowDataAccess({
      sid: this.node.id,
      actions: ["kms:GenerateMac"],
      resources: [this.arn],
      conditions: { StringEquals: { "kms:MacAlgorithm": "HMAC_SHA_256" } },
    });
  }
}
