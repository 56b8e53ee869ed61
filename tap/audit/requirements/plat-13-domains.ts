import type { Environment } from "../../../config/environment";
import { sameInPolicy } from "../policies";
import type { PolicyStatement } from "../stack-json";

type Limit = (statement: PolicyStatement) => boolean;

/** What reads how certificates, records and names are set up; a certificate that is exported comes with its key. */
const reading = /^(acm|route53):(Describe|Get|List)\w+$/;

/** What the deploy role may do about the names of the account's APIs (PLAT-14), and about APIs: all else of these services is refused. */
export function domainRights(environment: Environment, action: string, statement: PolicyStatement): boolean {
  if (action.startsWith("apigateway:"))
    return (statement.Resource ?? []).every(
      (arn) => isApiArn(arn, environment) || (isNamed(environment) && arn === "arn:aws:apigateway:*::/domainnames"),
    );
  return reading.test(action) || limitsOf(environment)[action]?.(statement) === true;
}

/** What APIs are made of, whose ids are AWS's, and the names that are configured. */
export function isApiArn(arn: string, { account }: Environment): boolean {
  const [, path = ""] = /^arn:aws:apigateway:\*::\/(.+)$/.exec(arn) ?? [];
  return (
    /^(restapis|apikeys|usageplans|tags)(\/\*)?$/.test(path) ||
    account.apiDomains.some(({ name }) => path === `domainnames/${name}` || path === `domainnames/${name}/*`)
  );
}

function isNamed({ account }: Environment): boolean {
  return account.apiDomains.length > 0;
}

function limitsOf(environment: Environment): Readonly<Record<string, Limit>> {
  const { accountId, tags } = environment;
  const vpcs: Limit = ({ Resource }) =>
    sameInPolicy(Resource, ["arn:aws:route53:::hostedzone/*", `arn:aws:ec2:*:${accountId}:vpc/*`]);
  // Private DNS of endpoints, in whatever zone of AWS's.
  const always = { "route53:AssociateVPCWithHostedZone": vpcs };
  if (!isNamed(environment)) return always;
  const { apiDomains } = environment.account;
  const names = apiDomains.map(({ name }) => name);
  const certificates: Limit = ({ Resource }) => sameInPolicy(Resource, [`arn:aws:acm:*:${accountId}:certificate/*`]);
  const own = { StringEquals: { "aws:ResourceTag/Project": tags.project } };
  const atCreation = { StringEquals: { "aws:RequestTag/Project": tags.project, "aws:RequestTag/Component": "api" } };
  const ownCertificates: Limit = (statement) => certificates(statement) && sameInPolicy(statement.Condition, own);
  const healthChecks: Limit = ({ Resource }) => sameInPolicy(Resource, ["arn:aws:route53:::healthcheck/*"]);
  return {
    ...always,
    "acm:RequestCertificate": ({ Condition }) =>
      sameInPolicy(Condition, {
        StringEquals: { "acm:ValidationMethod": "DNS", "aws:RequestTag/Project": tags.project },
        "ForAllValues:StringEquals": { "acm:DomainNames": names },
      }),
    "acm:AddTagsToCertificate": (statement) =>
      ownCertificates(statement) || (certificates(statement) && sameInPolicy(statement.Condition, atCreation)),
    "acm:DeleteCertificate": ownCertificates,
    "acm:RemoveTagsFromCertificate": ownCertificates,
    "route53:ChangeResourceRecordSets": ({ Resource, Condition }) =>
      sameInPolicy(Resource, [...new Set(apiDomains.map(({ hostedZoneId }) => hostedZoneArn(hostedZoneId)))]) &&
      sameInPolicy(Condition, {
        "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "CNAME"] },
        "ForAllValues:StringLike": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": names.flatMap((name) => [name, `_*.${name}`]),
        },
      }),
    "route53:CreateHealthCheck": () => true,
    "route53:ChangeTagsForResource": healthChecks,
    "route53:DeleteHealthCheck": healthChecks,
    "route53:UpdateHealthCheck": healthChecks,
  };
}

function hostedZoneArn(id: string): string {
  return `arn:aws:route53:::hostedzone/${id}`;
}
