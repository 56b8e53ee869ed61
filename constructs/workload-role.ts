import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { type ITerraformDependable, Lazy } from "cdktf";
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
  /** What must exist before the role does. @default nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/** Longest sum of a role's inline policies, characters without white space (IAM and STS quotas). */
const inlinePolicyLimit = 10_240;

/** A role under the workload boundary, without which the deploy role can't create one (PLAT-13, PLAT-19). */
export class WorkloadRole extends Construct {
  readonly name: string;
  readonly arn: string;
  private readonly role: IamRole;
  private readonly statements = new Map<string, Statement[]>();
  private readonly inlinePolicies: IamRolePolicy[] = [];

  constructor(scope: Construct, id: string, props: WorkloadRoleProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    this.name = stack.nameOf("role", props.resource);
    this.role = new IamRole(this, "Role", {
      name: this.name,
      description: props.description,
      assumeRolePolicy: props.trust,
      permissionsBoundary: accountNames(stack.environment).workloadBoundaryArn,
      ...(props.dependsOn ? { dependsOn: props.dependsOn } : {}),
    });
    this.arn = this.role.arn;
  }

  /** What uses the role should wait for these. */
  get policies(): readonly IamRolePolicy[] {
    return this.inlinePolicies;
  }

  /**
   * Adds statements to the inline policy of that name, which is made with the first of them.
   * @throws RangeError at synthesis, where the role's policies together are longer than IAM takes
   * @example role.allow("data-access", { sid: "Table", actions: ["dynamodb:GetItem"], resources: [tableArn] })
   */
  allow(policy: string, ...statements: readonly Statement[]): void {
    const known = this.statements.get(policy);
    this.statements.set(policy, [...(known ?? []), ...statements]);
    if (known === undefined) this.inlinePolicies.push(this.createPolicy(policy));
  }

  private createPolicy(name: string): IamRolePolicy {
    return new IamRolePolicy(this, name, {
      name,
      role: this.role.name,
      policy: Lazy.stringValue({ produce: () => this.render(name) }),
    });
  }

  private render(name: string): string {
    const length = [...this.statements.values()].reduce((sum, statements) => sum + policyJson(statements).length, 0);
    if (length > inlinePolicyLimit)
      throw new RangeError(
        `The policies of ${this.node.path} may have ${inlinePolicyLimit} characters (given ${length})`,
      );
    return policyJson(this.statements.get(name) ?? []);
  }
}
