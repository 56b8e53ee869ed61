import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface FunctionNetworkProps {
  /** What its functions are, for the group's description: `the api`. */
  readonly description: string;
}

/**
 * Where functions of a stack run: the isolated subnets of its region, in a security group from which nothing leads but
 * HTTPS to the endpoints of AWS services (API-03). One per stack.
 *
 * @example
 * const network = new FunctionNetwork(this, "Network", { description: "Functions of the api" });
 * new NodeFunction(this, "Items", { entry: "api/items", network, … });
 */
export class FunctionNetwork extends Construct {
  /** A list that Terraform splits from the network stack's output. */
  readonly subnetIds: string[];
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, props: FunctionNetworkProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const group = new SecurityGroup(this, "SecurityGroup", {
      name: stack.nameOf("securityGroup", "functions"),
      description: `${props.description}: HTTPS to endpoints of AWS services, and nothing else`,
      vpcId: stack.outputOf("network", "vpc_id"),
      tags: { Name: stack.nameOf("tag", "functions") },
    });
    this.subnetIds = Fn.split(",", stack.outputOf("network", "subnet_ids"));
    this.securityGroupId = group.id;
    const endpoints = { referencedSecurityGroupId: stack.outputOf("network", "endpoint_security_group_id") };
    this.allowHttps("Endpoints", "interface endpoints", endpoints);
    this.allowHttps("S3", "S3's gateway endpoint", { prefixListId: stack.outputOf("network", "s3_prefix_list_id") });
    const dynamodb = { prefixListId: stack.outputOf("network", "dynamodb_prefix_list_id") };
    this.allowHttps("Dynamodb", "DynamoDB's gateway endpoint", dynamodb);
  }

  private allowHttps(
    id: string,
    what: string,
    target: { readonly referencedSecurityGroupId: string } | { readonly prefixListId: string },
  ): void {
    new VpcSecurityGroupEgressRule(this, `To${id}`, {
      securityGroupId: this.securityGroupId,
      description: `HTTPS to ${what}`,
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
      tags: { Name: TapStack.of(this).nameOf("tag", `functions-to-${id.toLowerCase()}`) },
      ...target,
    });
  }
}

/** Lambda puts a function into a VPC by its role (Lambda developer guide, giving functions access to a VPC). */
const networkInterfaceActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:UnassignPrivateIpAddresses",
];
const describingActions = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];

/** What the role of a function in a VPC may do; the function's own code, running under the same role, may not (PLAT-19). */
export function networkInterfaceStatements(stack: TapStack, functionArn: string): Statement[] {
  return [
    {
      sid: "NetworkInterfaces",
      actions: networkInterfaceActions,
      // Their ids aren't known before they are made, and Lambda wants to delete any (same page).
      resources: [stack.arnOf("ec2", "*/*")],
    },
    { sid: "FindNetworkInterfaces", actions: describingActions, resources: ["*"] },
    {
      sid: "NotForTheCodeItself",
      effect: "Deny",
      actions: [...networkInterfaceActions, ...describingActions, "ec2:DetachNetworkInterface"],
      resources: ["*"],
      conditions: { ArnEquals: { "lambda:SourceFunctionArn": functionArn } },
    },
  ];
}
