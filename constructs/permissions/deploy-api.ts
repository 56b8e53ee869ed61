import type { Statement } from "../policy";
import { anyRegionArn } from "./scope";

/** What an API is made of, in API Gateway's own terms; its ARNs name no account, and ids are AWS's. */
const apiArns = ["restapis", "apikeys", "usageplans", "tags"].flatMap((collection) => [
  `arn:aws:apigateway:*::/${collection}`,
  `arn:aws:apigateway:*::/${collection}/*`,
]);

/** REST APIs with their keys, web ACLs before them, and the delivery of their logs. */
export function deployApis(accountId: string): Statement[] {
  return [
    {
      sid: "ManageApis",
      actions: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"],
      resources: apiArns,
    },
    {
      sid: "PutWebAclsBeforeStages",
      actions: ["apigateway:SetWebACL"],
      resources: ["arn:aws:apigateway:*::/restapis/*"],
    },
    {
      sid: "ManageWebAcls",
      actions: [
        "wafv2:AssociateWebACL",
        "wafv2:CreateWebACL",
        "wafv2:DeleteLoggingConfiguration",
        "wafv2:DeleteWebACL",
        "wafv2:DisassociateWebACL",
        "wafv2:PutLoggingConfiguration",
        "wafv2:TagResource",
        "wafv2:UntagResource",
        "wafv2:UpdateWebACL",
      ],
      resources: [
        anyRegionArn(accountId, "wafv2", "regional/webacl/tap-*"),
        // AWS's own rules, which a web ACL may name.
        anyRegionArn(accountId, "wafv2", "regional/managedruleset/*"),
        "arn:aws:apigateway:*::/restapis/*",
      ],
    },
    // Whoever sets up a stage's access log, or a web ACL's, makes the delivery; they take no resource (CloudWatch Logs user guide, vended logs).
    {
      sid: "DeliverLogs",
      actions: [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
      ],
      resources: ["*"],
    },
  ];
}

/**
 * What a refresh reads of them. API Gateway reads values of API keys by the same action: they are in the states, which
 * the plan role reads anyhow (SEC-04).
 */
export function readApiMetadata(accountId: string): Statement[] {
  return [
    { sid: "DescribeApis", actions: ["apigateway:GET"], resources: apiArns },
    {
      sid: "DescribeWebAcls",
      actions: [
        "wafv2:GetLoggingConfiguration",
        "wafv2:GetWebACL",
        "wafv2:GetWebACLForResource",
        "wafv2:ListTagsForResource",
      ],
      resources: [anyRegionArn(accountId, "wafv2", "regional/webacl/tap-*"), "arn:aws:apigateway:*::/restapis/*"],
    },
  ];
}
