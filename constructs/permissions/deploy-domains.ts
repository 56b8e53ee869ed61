import type { Environment } from "../../config/environment";
import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

/** Health checks have ids of AWS's, and Route 53 judges no rights by their tags. */
const healthChecks = ["arn:aws:route53:::healthcheck/*"];

/** Domains of the account's APIs (PLAT-14): certificates, records and health checks; no right where there is none. */
export function deployDomains({ accountId, account, tags }: Environment): Statement[] {
  if (account.apiDomains.length === 0) return [];
  const names = account.apiDomains.map(({ name }) => name);
  const certificates = [anyRegionArn(accountId, "acm", "certificate/*")];
  const firstDomain = "ops.apigateway.amazonaws.com";
  return [
    {
      sid: "RequestCertificates",
      actions: ["acm:RequestCertificate"],
      resources: ["*"],
      conditions: {
        StringEquals: { "acm:ValidationMethod": "DNS", "aws:RequestTag/Project": tags.project },
        "ForAllValues:StringEquals": { "acm:DomainNames": names },
      },
    },
    // What it can do with another certificate then: delete it, where nothing uses it.
    {
      sid: "TagCertificatesAtCreation",
      actions: ["acm:AddTagsToCertificate"],
      resources: certificates,
      conditions: { StringEquals: { "aws:RequestTag/Project": tags.project, "aws:RequestTag/Component": "api" } },
    },
    {
      sid: "ChangeTaggedCertificates",
      actions: ["acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate"],
      resources: certificates,
      conditions: { StringEquals: { "aws:ResourceTag/Project": tags.project } },
    },
    {
      sid: "ManageDomainNames",
      actions: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST"],
      resources: ["arn:aws:apigateway:*::/domainnames", ...domainNameArns(names)],
    },
    // API Gateway works under a role of its own, which an account gets with its first domain name.
    {
      sid: "FirstDomainName",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [iamArn(accountId, `role/aws-service-role/${firstDomain}/AWSServiceRoleForAPIGateway`)],
      conditions: { StringEquals: { "iam:AWSServiceName": firstDomain } },
    },
    // The names themselves, and below them what ACM asks for (ACM user guide, DNS validation).
    {
      sid: "ChangeRecords",
      actions: ["route53:ChangeResourceRecordSets"],
      resources: hostedZones(account),
      conditions: {
        "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "CNAME"] },
        "ForAllValues:StringLike": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": names.flatMap((name) => [name, `_*.${name}`]),
        },
      },
    },
    { sid: "CreateHealthChecks", actions: ["route53:CreateHealthCheck"], resources: ["*"] },
    {
      sid: "ManageHealthChecks",
      actions: ["route53:ChangeTagsForResource", "route53:DeleteHealthCheck", "route53:UpdateHealthCheck"],
      resources: healthChecks,
    },
  ];
}

/** What a refresh reads of them. */
export function readDomains({ accountId, account }: Environment): Statement[] {
  if (account.apiDomains.length === 0) return [];
  return [
    {
      sid: "DescribeCertificates",
      actions: ["acm:DescribeCertificate", "acm:ListTagsForCertificate"],
      resources: [anyRegionArn(accountId, "acm", "certificate/*")],
    },
    {
      sid: "DescribeDomainNames",
      actions: ["apigateway:GET"],
      resources: domainNameArns(account.apiDomains.map(({ name }) => name)),
    },
    {
      sid: "DescribeRecordsAndHealthChecks",
      actions: [
        "route53:GetChange",
        "route53:GetHealthCheck",
        "route53:GetHostedZone",
        "route53:ListResourceRecordSets",
        "route53:ListTagsForResource",
      ],
      resources: [...hostedZones(account), ...healthChecks, "arn:aws:route53:::change/*"],
    },
  ];
}

/** Names with what they lead to. */
function domainNameArns(names: readonly string[]): string[] {
  return names.flatMap((name) => [
    `arn:aws:apigateway:*::/domainnames/${name}`,
    `arn:aws:apigateway:*::/domainnames/${name}/*`,
  ]);
}

function hostedZones({ apiDomains }: Environment["account"]): string[] {
  return [...new Set(apiDomains.map(({ hostedZoneId }) => `arn:aws:route53:::hostedzone/${hostedZoneId}`))];
}
