import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface AccountRoleProps {
  /** `deploy`, `plan`, …: its part of the name pattern. */
  readonly resource: string;
  /** What it is for, in a sentence; at most 1,000 characters (IAM). */
  readonly description: string;
  /** ARN of its permissions boundary. */
  readonly boundaryArn: string;
  /** Who may assume it: a policy as JSON. @see ciTrust */
  readonly trust: string;
  /** Managed policies by the last part of their name: at most 10 (IAM quota), 6,144 characters each. */
  readonly policies: Readonly<Record<string, readonly Statement[]>>;
}

/** Longest managed policy, characters without white space (IAM and STS quotas). */
const managedPolicyLimit = 6_144;

/** A role of the account, for CI and operators: rights in managed policies by subject, under a boundary. */
export class AccountRole extends Construct {
  readonly arn: string;
  /** What uses the role should wait for these. */
  readonly policies: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: AccountRoleProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const role = new IamRole(this, "Role", {
      name: stack.nameOf("role", props.resource),
      description: props.description,
      assumeRolePolicy: props.trust,
      permissionsBoundary: props.boundaryArn,
      // For sessions by OIDC; one that was reached from another role ends after an hour, whatever stands here.
      maxSessionDuration: 4 * 3_600,
    });
    this.policies = Object.entries(props.policies).map(([subject, statements]) => {
      const policy = policyJson(statements);
      if (policy.length > managedPolicyLimit) {
        throw new RangeError(
          `The policy "${props.resource}-${subject}" may have ${managedPolicyLimit} characters (given ${policy.length}): split it`,
        );
      }
      const managed = new IamPolicy(this, `Policy-${subject}`, {
        name: stack.nameOf("policy", `${props.resource}-${subject}`),
        description: props.description,
        policy,
      });
      return new IamRolePolicyAttachment(this, `Attachment-${subject}`, { role: role.name, policyArn: managed.arn });
    });
    this.arn = role.arn;
  }
}
