import type { Environment } from "../../../config/environment";
import { sameInPolicy } from "../policies";
import { expectThat, type Finding } from "../requirement";
import {
  type PolicyStatement,
  type Resource,
  reference,
  resourcesOf,
  type StackJson,
  statementsOf,
} from "../stack-json";

/** Prefix of a service's actions, where it isn't the endpoint's name. */
const actionPrefixes: Readonly<Record<string, string>> = {
  "bedrock-runtime": "bedrock",
  "kinesis-streams": "kinesis",
  monitoring: "cloudwatch",
};

/** Services whose calls are about no account's resources; all others' are limited to the account's. */
const withoutOwnResources: readonly string[] = ["bedrock-runtime", "monitoring", "sts", "xray"];

/** Single actions that are about no resource, of services whose other actions are. */
const actionsWithoutResource: Readonly<Record<string, readonly string[]>> = {
  secretsmanager: ["secretsmanager:GetRandomPassword"],
};

/** The endpoints that the configuration lists and no others, each for the account's principals and resources. */
export function endpoints(stack: StackJson, environment: Environment): Finding[] {
  const all = resourcesOf(stack, "aws_vpc_endpoint");
  const named = (names: readonly string[], type: string) =>
    names.flatMap((name) => {
      const found = all.filter(
        ({ attributes }) =>
          attributes.service_name === `com.amazonaws.${stack.region}.${name}` && attributes.vpc_endpoint_type === type,
      );
      return [
        ...expectThat(found.length === 1, stack, `must have one ${type} endpoint of ${name}`),
        ...found.flatMap((endpoint) => ownAccountOnly(stack, endpoint, name, environment)),
      ];
    });
  return [
    ...named(["s3", "dynamodb"], "Gateway"),
    ...named(environment.network.interfaceEndpoints, "Interface"),
    ...expectThat(
      all.length === environment.network.interfaceEndpoints.length + 2,
      stack,
      "has endpoints that the configuration doesn't list",
    ),
    ...all.flatMap((endpoint) =>
      endpoint.attributes.vpc_endpoint_type === "Gateway" ? routed(stack, endpoint) : reachable(stack, endpoint),
    ),
  ];
}

function ownAccountOnly(
  stack: StackJson,
  { attributes, address }: Resource,
  service: string,
  { accountId }: Environment,
): Finding[] {
  const [statement, ...others] = statementsOf(attributes.policy);
  const principals = { "aws:PrincipalAccount": accountId };
  const resources = withoutOwnResources.includes(service) ? {} : { "aws:ResourceAccount": accountId };
  const prefix = `${actionPrefixes[service] ?? service}:`;
  const exceptions = actionsWithoutResource[service] ?? [];
  const limited =
    statement !== undefined &&
    allowsAlone(statement, { ...principals, ...resources }, (action) => action.startsWith(prefix)) &&
    others.length <= exceptions.length &&
    others.every((other) => allowsAlone(other, principals, (action) => exceptions.includes(action)));
  return expectThat(
    limited,
    stack,
    `must let through calls of ${prefix.slice(0, -1)} by this account's principals about its resources, alone`,
    address,
  );
}

/** Whether a statement allows actions of the kind, any at all, under exactly these conditions. */
function allowsAlone(
  { Sid, Action, ...statement }: PolicyStatement,
  conditions: Readonly<Record<string, string>>,
  isOwn: (action: string) => boolean,
): boolean {
  const expected = { Effect: "Allow", Principal: "*", Resource: ["*"], Condition: { StringEquals: conditions } };
  return Action.length > 0 && Action.every(isOwn) && sameInPolicy(statement, expected);
}

function routed(stack: StackJson, { attributes, address }: Resource): Finding[] {
  const tables = resourcesOf(stack, "aws_route_table").map((table) => reference(`${table.address}.id`));
  return expectThat(
    sameInPolicy(attributes.route_table_ids, tables),
    stack,
    "is not in the subnets' route table",
    address,
  );
}

function reachable(stack: StackJson, { attributes, address }: Resource): Finding[] {
  const idsOf = (type: string) => resourcesOf(stack, type).map((resource) => reference(`${resource.address}.id`));
  return [
    ...expectThat(
      attributes.private_dns_enabled === true,
      stack,
      "has no private DNS: clients would look for the service outside",
      address,
    ),
    ...expectThat(
      sameInPolicy(attributes.subnet_ids, idsOf("aws_subnet")),
      stack,
      "is not in all three zones",
      address,
    ),
    ...expectThat(
      idsOf("aws_security_group").length === 1 &&
        sameInPolicy(attributes.security_group_ids, idsOf("aws_security_group")),
      stack,
      "is not in the stack's one security group of endpoints",
      address,
    ),
  ];
}
