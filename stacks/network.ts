import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { Construct } from "constructs";
import { prefixLength, subnetOf } from "../config/cidr";
import { CustomerKey } from "../constructs/customer-key";
import { endpointPolicy, type GatewayEndpointName } from "../constructs/endpoint-policy";
import { LogGroup } from "../constructs/log-group";
import { serviceTrust } from "../constructs/policy";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { WorkloadRole } from "../constructs/workload-role";

/**
 * An isolated VPC in one region (PLAT-12): three zones, no way in or out but endpoints of AWS services.
 * api, jobs, stream and files run in it.
 */
export class NetworkStack extends TapStack {
  private readonly vpc: Vpc;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "network" });

    this.vpc = this.createVpc();
    this.closeDefaultSecurityGroup();
    const subnets = this.createIsolatedSubnets();
    const routeTable = this.createRouteTable(subnets);
    const s3 = this.createGatewayEndpoint("s3", routeTable);
    const dynamodb = this.createGatewayEndpoint("dynamodb", routeTable);
    const endpointSecurityGroup = this.createEndpointSecurityGroup();
    this.createInterfaceEndpoints(subnets, endpointSecurityGroup);
    const flowLogGroup = this.createFlowLog();

    this.addOutputs({
      vpc_id: { description: "The isolated VPC", value: this.vpc.id },
      vpc_arn: { description: "ARN of the isolated VPC", value: this.vpc.arn },
      vpc_cidr_block: { description: "Address range of the VPC", value: this.settings.cidrBlock },
      subnet_ids: {
        description: "The isolated subnets, one in each of three zones",
        value: subnets.map((subnet) => subnet.id),
      },
      endpoint_security_group_id: {
        description: "Security group of the interface endpoints",
        value: endpointSecurityGroup.id,
      },
      s3_prefix_list_id: { description: "Addresses of S3, behind its gateway endpoint", value: s3.prefixListId },
      dynamodb_prefix_list_id: {
        description: "Addresses of DynamoDB, behind its gateway endpoint",
        value: dynamodb.prefixListId,
      },
      flow_log_group_name: { description: "Log group of the VPC's flow logs", value: flowLogGroup.name },
      flow_log_group_arn: { description: "ARN of the log group of the VPC's flow logs", value: flowLogGroup.arn },
    });
  }

  private get settings() {
    const settings = this.environment.regions[this.region];
    if (settings === undefined)
      throw new RangeError(`${this.environment.environmentSuffix} has no network settings for ${this.region}`);
    return settings;
  }

  private createVpc(): Vpc {
    return new Vpc(this, "Vpc", {
      cidrBlock: this.settings.cidrBlock,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      ...(this.environment.deletionProtection ? { lifecycle: { preventDestroy: true } } : {}),
      tags: { Name: this.nameOf("tag") },
    });
  }

  /** Terraform takes over the group that comes with the VPC, and removes all of its rules. */
  private closeDefaultSecurityGroup(): void {
    new DefaultSecurityGroup(this, "DefaultSecurityGroup", {
      vpcId: this.vpc.id,
      ingress: [],
      egress: [],
      tags: { Name: this.nameOf("tag", "default-closed") },
    });
  }

  /** A quarter of the VPC's range for each zone; the last quarter stays free. */
  private createIsolatedSubnets(): Subnet[] {
    const { cidrBlock, zoneIds } = this.settings;
    return zoneIds.map(
      (availabilityZoneId, index) =>
        new Subnet(this, `Subnet${index + 1}`, {
          vpcId: this.vpc.id,
          availabilityZoneId,
          cidrBlock: subnetOf(cidrBlock, prefixLength(cidrBlock) + 2, index),
          mapPublicIpOnLaunch: false,
          tags: { Name: this.nameOf("tag", `isolated-${index + 1}`) },
        }),
    );
  }

  /** One table for all subnets: there is no route in it but the VPC's own and those of the gateway endpoints. */
  private createRouteTable(subnets: readonly Subnet[]): RouteTable {
    const routeTable = new RouteTable(this, "RouteTable", {
      vpcId: this.vpc.id,
      tags: { Name: this.nameOf("tag", "isolated") },
    });
    for (const [index, subnet] of subnets.entries()) {
      new RouteTableAssociation(this, `RouteTableAssociation${index + 1}`, {
        subnetId: subnet.id,
        routeTableId: routeTable.id,
      });
    }
    return routeTable;
  }

  private createGatewayEndpoint(service: GatewayEndpointName, routeTable: RouteTable): VpcEndpoint {
    return new VpcEndpoint(this, `GatewayEndpoint-${service}`, {
      vpcId: this.vpc.id,
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.${this.region}.${service}`,
      routeTableIds: [routeTable.id],
      policy: endpointPolicy(service, this.environment.accountId),
      tags: { Name: this.nameOf("tag", service) },
    });
  }

  private createEndpointSecurityGroup(): SecurityGroup {
    const group = new SecurityGroup(this, "EndpointSecurityGroup", {
      name: this.nameOf("securityGroup", "endpoints"),
      description: "Interface endpoints: HTTPS from within the VPC",
      vpcId: this.vpc.id,
      tags: { Name: this.nameOf("tag", "endpoints") },
    });
    new VpcSecurityGroupIngressRule(this, "EndpointIngress", {
      securityGroupId: group.id,
      description: "HTTPS from within the VPC",
      cidrIpv4: this.settings.cidrBlock,
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
      tags: { Name: this.nameOf("tag", "endpoints-https") },
    });
    return group;
  }

  private createInterfaceEndpoints(subnets: readonly Subnet[], securityGroup: SecurityGroup): void {
    for (const service of this.environment.network.interfaceEndpoints) {
      new VpcEndpoint(this, `InterfaceEndpoint-${service}`, {
        vpcId: this.vpc.id,
        vpcEndpointType: "Interface",
        serviceName: `com.amazonaws.${this.region}.${service}`,
        subnetIds: subnets.map((subnet) => subnet.id),
        securityGroupIds: [securityGroup.id],
        privateDnsEnabled: true,
        policy: endpointPolicy(service, this.environment.accountId),
        tags: { Name: this.nameOf("tag", service) },
      });
    }
  }

  private createFlowLog(): LogGroup {
    const key = new CustomerKey(this, "FlowLogKey", { resource: "flow-logs", description: "Flow logs of the VPC" });
    const logGroup = new LogGroup(this, "FlowLogGroup", { name: this.nameOf("logGroup", "flow-logs"), key });
    const role = new WorkloadRole(this, "FlowLogRole", {
      resource: "flow-logs",
      description: "Writes the flow logs of the VPC",
      trust: serviceTrust(
        "vpc-flow-logs.amazonaws.com",
        this.environment.accountId,
        this.arnOf("ec2", "vpc-flow-log/*"),
      ),
    });
    role.allow(
      "access",
      {
        sid: "WriteFlowLogs",
        actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        resources: [`${logGroup.arn}:*`],
      },
      // Looked up by a list of all groups, as the flow logs' documentation says.
      { sid: "FindLogGroup", actions: ["logs:DescribeLogGroups"], resources: [this.arnOf("logs", "log-group:*")] },
    );
    new FlowLog(this, "FlowLog", {
      vpcId: this.vpc.id,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: logGroup.resource.arn,
      iamRoleArn: role.arn,
      maxAggregationInterval: 60,
      tags: { Name: this.nameOf("tag", "flow-logs") },
      dependsOn: [...role.policies],
    });
    return logGroup;
  }
}
