import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { accountNames } from "./names";
import { policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface WorkloadRoleProps {
  /** Its part of the name pattern, e.g. `flow-logs`. */
  readonly resource: string;
  /** What it is for, in a sentence; at most 1,000 characters (IAM). */
  readonly description: string;
  /** Who may assume it: a policy as JSON. @see serviceTrust */
  readonly trust: string;
  /** What it may do. */
  readonly statements: readonly Statement[];
  /** What must exist before the role does. @default nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/** A role under the workload boundary, without which the deploy role can't create one (PLAT-13, PLAT-19). */
export class WorkloadRole extends Construct {
  readonly arn: string;
  /** What uses the role should wait for its policy. */
  readonly policy: IamRolePolicy;

  constructor(scope: Construct, id: string, props: WorkloadRoleProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const role = new IamRole(this, "Role", {
      name: stack.nameOf("role", props.resource),
      description: props.description,
      assumeRolePolicy: props.trust,
      permissionsBoundary: accountNames(stack.environment).workloadBoundaryArn,
      ...(props.dependsOn ? { dependsOn: props.dependsOn } : {}),
    });
    this.policy = new IamRolePolicy(this, "Policy", {
      name: "access",
      role: role.name,
      policy: policyJson(props.statements),
    });
    this.arn = role.arn;
  }
}
