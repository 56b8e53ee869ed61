import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

/**
 * What a refresh reads: how things are set up, never what is in them (no object, item, message or secret).
 * `*` stands only where an action takes no resource (service authorization reference).
 */
export function readMetadata(accountId: string): Statement[] {
  return [
    {
      sid: "DescribeNetwork",
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
      ],
      resources: ["*"],
    },
    {
      sid: "DescribeVpcAttributes",
      actions: ["ec2:DescribeVpcAttribute"],
      resources: [anyRegionArn(accountId, "ec2", "vpc/*")],
    },
    {
      sid: "DescribeKeys",
      actions: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
    },
    { sid: "ListKeyAliases", actions: ["kms:ListAliases"], resources: ["*"] },
    {
      sid: "DescribeLogGroups",
      actions: ["logs:DescribeLogGroups", "logs:ListTagsForResource"],
      resources: [anyRegionArn(accountId, "logs", "log-group:*")],
    },
    {
      sid: "DescribeRoles",
      actions: [
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
      ],
      resources: [iamArn(accountId, "role/tap-*")],
    },
    {
      sid: "ReadOutputs",
      actions: ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"],
      resources: [anyRegionArn(accountId, "ssm", "parameter/tap/*")],
    },
    { sid: "ListParameters", actions: ["ssm:DescribeParameters"], resources: [anyRegionArn(accountId, "ssm", "*")] },
  ];
}
