import type { interfaceEndpoints } from "../config/schema";
import { policyJson, type Statement } from "./policy";

export type GatewayEndpointName = "s3" | "dynamodb";
type InterfaceEndpointName = (typeof interfaceEndpoints)[number];

/** Prefix of a service's actions, where it isn't the endpoint's name. */
const actionPrefixes: Partial<Record<InterfaceEndpointName, string>> = {
  "bedrock-runtime": "bedrock",
  "kinesis-streams": "kinesis",
  monitoring: "cloudwatch",
};

/** Services whose calls are about no resource of an account's own: a condition on the resource's account would deny them. */
const withoutOwnResources: readonly string[] = ["bedrock-runtime", "monitoring", "sts", "xray"];

/**
 * What goes through an endpoint: calls by this account's principals, about this account's resources, to the
 * endpoint's service. Stolen credentials of another account, or a bucket of one, are of no use in here.
 */
export function endpointPolicy(service: GatewayEndpointName | InterfaceEndpointName, accountId: string): string {
  const prefix = actionPrefixes[service as InterfaceEndpointName] ?? service;
  const ownPrincipals: Record<string, string> = { "aws:PrincipalAccount": accountId };
  const ownResources: Record<string, string> = withoutOwnResources.includes(service)
    ? {}
    : { "aws:ResourceAccount": accountId };
  return policyJson([
    allow("OwnAccountOnly", [`${prefix}:*`], { ...ownPrincipals, ...ownResources }),
    // The one call of the service that is about no secret.
    ...(service === "secretsmanager"
      ? [allow("RandomPasswords", ["secretsmanager:GetRandomPassword"], ownPrincipals)]
      : []),
  ]);
}

function allow(sid: string, actions: string[], conditions: Record<string, string>): Statement {
  return { sid, principals: "*", actions, resources: ["*"], conditions: { StringEquals: conditions } };
}
