import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

interface DeployScope {
  readonly accountId: string;
  /** Value of the tag Project: what carries it may be changed, and what is made must carry it. */
  readonly project: string;
  readonly deployRoleArn: string;
  readonly workloadBoundaryArn: string;
}

/** Services that roles of the workloads are passed to; an added one is an added right of the deploy role. */
const passedToServices = [
  "backup.amazonaws.com",
  // The trail's log group.
  "cloudtrail.amazonaws.com",
  "lambda.amazonaws.com",
  // Replication.
  "s3.amazonaws.com",
  "vpc-flow-logs.amazonaws.com",
];

const networkTypes = [
  "vpc",
  "subnet",
  "route-table",
  "security-group",
  "security-group-rule",
  "vpc-endpoint",
  "vpc-flow-log",
];

/** Roles of the workloads: only under their boundary. */
export function deployRoles({ accountId, deployRoleArn, workloadBoundaryArn }: DeployScope): Statement[] {
  const roles = [iamArn(accountId, "role/tap-*")];
  return [
    // The session that CI has by OIDC is this role's; the provider assumes it once more.
    { sid: "AssumeItself", actions: ["sts:AssumeRole"], resources: [deployRoleArn] },
    {
      sid: "CreateRolesUnderTheBoundary",
      actions: ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:DeleteRolePolicy"],
      resources: roles,
      conditions: { StringEquals: { "iam:PermissionsBoundary": workloadBoundaryArn } },
    },
    {
      sid: "MaintainRoles",
      actions: [
        "iam:DeleteRole",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
      ],
      resources: roles,
    },
    {
      sid: "PassRoles",
      actions: ["iam:PassRole"],
      resources: roles,
      conditions: { StringEquals: { "iam:PassedToService": passedToServices } },
    },
  ];
}

/** The `network` stack. */
export function deployNetwork({ accountId, project }: DeployScope): Statement[] {
  const network = networkTypes.map((type) => anyRegionArn(accountId, "ec2", `${type}/*`));
  const create = [
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
  ];
  return [
    {
      sid: "CreateTaggedNetwork",
      actions: create,
      resources: network,
      conditions: { StringEquals: { "aws:RequestTag/Project": project } },
    },
    {
      sid: "TagNetworkAtCreation",
      actions: ["ec2:CreateTags"],
      resources: network,
      conditions: { StringEquals: { "ec2:CreateAction": create.map((action) => action.slice("ec2:".length)) } },
    },
    {
      sid: "ChangeTaggedNetwork",
      actions: [
        ...create.filter((action) => action !== "ec2:CreateVpc"),
        "ec2:AssociateRouteTable",
        "ec2:CreateTags",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints",
        "ec2:DisassociateRouteTable",
        "ec2:ModifySecurityGroupRules",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
      ],
      resources: network,
      conditions: { StringEquals: { "aws:ResourceTag/Project": project } },
    },
    // AWS makes it with the VPC, without tags; Terraform takes it over: first the tags, then its rules go.
    {
      sid: "TagDefaultSecurityGroups",
      actions: ["ec2:CreateTags"],
      resources: [anyRegionArn(accountId, "ec2", "security-group/*")],
      conditions: { StringEquals: { "aws:RequestTag/Project": project, "aws:RequestTag/Component": "network" } },
    },
    // Private DNS of an interface endpoint (VPC user guide, control access to VPC endpoints).
    {
      sid: "NameEndpoints",
      actions: ["route53:AssociateVPCWithHostedZone"],
      resources: ["arn:aws:route53:::hostedzone/*", anyRegionArn(accountId, "ec2", "vpc/*")],
    },
  ];
}

/** Keys, log groups and output parameters, which all stacks have. */
export function deployShared({ accountId, project }: DeployScope): Statement[] {
  const keys = [anyRegionArn(accountId, "kms", "key/*")];
  return [
    {
      sid: "CreateTaggedKeys",
      actions: ["kms:CreateKey"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:RequestTag/Project": project } },
    },
    {
      sid: "ChangeTaggedKeys",
      actions: [
        "kms:DeleteAlias",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
      ],
      resources: keys,
      conditions: { StringEquals: { "aws:ResourceTag/Project": project } },
    },
    {
      sid: "TagKeysAtCreation",
      actions: ["kms:TagResource"],
      resources: keys,
      conditions: { StringEquals: { "aws:RequestTag/Project": project } },
    },
    // A key's tags may take minutes until rights are judged by them, and Terraform goes on at once. Neither harms a key.
    { sid: "FinishNewKeys", actions: ["kms:CreateAlias", "kms:EnableKeyRotation"], resources: keys },
    {
      sid: "NameKeys",
      actions: ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
      resources: [anyRegionArn(accountId, "kms", "alias/tap-*")],
    },
    {
      sid: "ManageLogGroups",
      actions: [
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DeleteRetentionPolicy",
        "logs:DisassociateKmsKey",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
      ],
      resources: [
        anyRegionArn(accountId, "logs", "log-group:tap-*"),
        anyRegionArn(accountId, "logs", "log-group:/aws/lambda/tap-*"),
        anyRegionArn(accountId, "logs", "log-group:API-Gateway-Execution-Logs_*"),
        anyRegionArn(accountId, "logs", "log-group:aws-waf-logs-tap-*"),
      ],
    },
    {
      sid: "ManageOutputs",
      actions: ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"],
      resources: [anyRegionArn(accountId, "ssm", "parameter/tap/*")],
    },
  ];
}
