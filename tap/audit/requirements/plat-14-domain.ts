import type { Environment } from "../../../config/environment";
import type { ApiDomain } from "../../../config/systems";
import type { GraphNode } from "../../graph/model";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { type Gateway, gatewayOf } from "../gateway";
import { expectThat, type Finding, nodesIn, type Subject, wanted } from "../requirement";
import type { StackJson } from "../stack-json";
import { keyProblems } from "./plat-14-keys";

/** Whatever gives something a name, or proves that a name is ours. */
const naming = /^aws_(acm_|route53|apigatewayv2_domain_name$|api_gateway_(domain_name|base_path_mapping)$)/;

/** What /health says where the region's own table works; it says 200 in any case. */
const healthyText = '"items":"ok"';

/**
 * Route 53 failover for the API (PLAT-14): where an environment has a domain, each of its regions is reached by it, by
 * latency, as long as its own /health is well, and by the same keys; where it has none, nothing names anything.
 */
export function domainProblems(subject: Subject): Finding[] {
  return [
    ...subject.environments.flatMap((environment) => inEachRegion(subject, environment)),
    ...subject.stacks.flatMap((stack) => {
      const environment = subject.environments.find((each) => each.environmentSuffix === stack.environmentSuffix);
      const domain = stack.component === "api" ? environment?.api.domain : undefined;
      if (environment === undefined || domain === undefined) return withoutNames(subject, stack);
      return [...named(subject, stack, domain), ...keyProblems(subject, stack, environment)];
    }),
  ];
}

function inEachRegion({ stacks }: Subject, { environmentSuffix, regionNames, api }: Environment): Finding[] {
  if (api.domain === undefined) return [];
  return regionNames
    .map((region) => `tap-api-${environmentSuffix}-${region}`)
    .filter((id) => stacks.filter((stack) => stack.id === id).length !== 1)
    .map((id) => ({ stack: id, message: `must be there, once, for ${api.domain?.name} to lead there` }));
}

function namingIn({ graph }: Subject, stack: StackJson): GraphNode[] {
  return nodesIn(graph, stack).filter(({ type }) => naming.test(type));
}

function withoutNames(subject: Subject, stack: StackJson): Finding[] {
  return [
    ...namingIn(subject, stack).flatMap((node) => findingsOn(node, ["is there, and no domain is configured"])),
    ...(stack.component === "api" ? putsOut(stack, "none") : []),
  ];
}

function putsOut({ id, json }: StackJson, value: string): Finding[] {
  return expectThat(json.output?.domain_name?.value === value, { id }, `must put out ${value} as its domain_name`);
}

/** All that a region has for its name, each once. */
interface Parts {
  readonly certificate: GraphNode;
  readonly proof: GraphNode;
  readonly validation: GraphNode;
  readonly domainName: GraphNode;
  readonly mapping: GraphNode;
  readonly healthCheck: GraphNode;
  readonly record: GraphNode;
}

function partsOf(subject: Subject, stack: StackJson): Parts | undefined {
  const all = namingIn(subject, stack);
  const one = (type: string, isIt: (node: GraphNode) => boolean = () => true) =>
    all.find((node) => node.type === type && isIt(node));
  const isAlias = ({ attributes }: GraphNode) => attributes.alias !== undefined;
  const certificate = one("aws_acm_certificate");
  const proof = one("aws_route53_record", (node) => !isAlias(node));
  const validation = one("aws_acm_certificate_validation");
  const domainName = one("aws_api_gateway_domain_name");
  const mapping = one("aws_api_gateway_base_path_mapping");
  const healthCheck = one("aws_route53_health_check");
  const record = one("aws_route53_record", isAlias);
  if (!(certificate && proof && validation && domainName && mapping && healthCheck && record)) return undefined;
  const parts = { certificate, proof, validation, domainName, mapping, healthCheck, record };
  return all.length === Object.keys(parts).length ? parts : undefined;
}

function named(subject: Subject, stack: StackJson, domain: ApiDomain): Finding[] {
  const parts = partsOf(subject, stack);
  const gateway = gatewayOf(subject.graph, stack);
  if (parts === undefined || gateway === undefined)
    return [
      {
        stack: stack.id,
        message: `must have for ${domain.name} a certificate with its record and validation, a domain name, a mapping, a health check and an alias record, and no more of them; and one API with one stage`,
      },
    ];
  return [
    ...certificate(subject, parts, domain),
    ...leadsToStage(subject, parts, gateway, domain),
    ...health(parts, gateway),
    ...alias(subject, parts, stack, domain),
    ...putsOut(stack, referenceTo(parts.domainName, "domain_name")),
  ];
}

/** Issued in the region's own ACM, by the record that it asks for, in the configured zone. */
function certificate({ graph }: Subject, parts: Parts, { name, hostedZoneId }: ApiDomain): Finding[] {
  const asked = (attribute: string) =>
    `\${tolist(${parts.certificate.address}.domain_validation_options).0.${attribute}}`;
  return [
    ...findingsOn(
      parts.certificate,
      differences(graph, parts.certificate, {
        domain_name: name,
        validation_method: "DNS",
        lifecycle: { create_before_destroy: true },
      }),
    ),
    ...findingsOn(
      parts.proof,
      differences(graph, parts.proof, {
        ...kept(parts.proof, "ttl"),
        zone_id: hostedZoneId,
        name: asked("resource_record_name"),
        type: asked("resource_record_type"),
        records: [asked("resource_record_value")],
        // The other regions' certificates ask for the same one.
        allow_overwrite: true,
      }),
    ),
    ...findingsOn(
      parts.validation,
      differences(graph, parts.validation, {
        certificate_arn: referenceTo(parts.certificate, "arn"),
        validation_record_fqdns: [referenceTo(parts.proof, "fqdn")],
      }),
    ),
  ];
}

function leadsToStage({ graph }: Subject, parts: Parts, { api, stage }: Gateway, { name }: ApiDomain): Finding[] {
  return [
    ...findingsOn(
      parts.domainName,
      differences(graph, parts.domainName, {
        domain_name: name,
        // Of the validation: API Gateway takes no certificate that isn't issued yet.
        regional_certificate_arn: referenceTo(parts.validation, "certificate_arn"),
        endpoint_configuration: { types: ["REGIONAL"] },
        security_policy: "TLS_1_2",
      }),
    ),
    ...findingsOn(parts.mapping, [
      ...differences(graph, parts.mapping, {
        domain_name: name,
        api_id: referenceTo(api, "id"),
        stage_name: stage.attributes.stage_name,
      }),
      ...waitsFor(parts.mapping, "domain_name", parts.domainName, "domain_name"),
      ...waitsFor(parts.mapping, "stage_name", stage, "stage_name"),
    ]),
  ];
}

/** A text that is known would do as well, but for the order in which Terraform makes things. */
function waitsFor(node: GraphNode, attribute: string, target: GraphNode, of: string): string[] {
  return wanted(node.attributes[attribute] === referenceTo(target, of), `must wait for ${target.address}`);
}

/** Asked at AWS's own name of the region: the common one leads to any. */
function health({ healthCheck }: Parts, { graph, stack, api, stage, partsOf: routes }: Gateway): Finding[] {
  const [method, ...others] = routes("method", "GET", "/health");
  const isOpen = method?.attributes.authorization === "NONE" && method.attributes.api_key_required !== true;
  return [
    ...findingsOn(
      healthCheck,
      differences(graph, healthCheck, {
        type: "HTTPS_STR_MATCH",
        fqdn: `${referenceTo(api, "id")}.execute-api.${stack.region}.amazonaws.com`,
        port: 443,
        resource_path: `/${stage.attributes.stage_name}/health`,
        search_string: healthyText,
        request_interval: 30,
        failure_threshold: 3,
      }),
    ),
    ...findingsOn(api, [
      ...wanted(isOpen && others.length === 0, "must tell Route 53 of its health, without a key"),
      ...wanted(api.attributes.disable_execute_api_endpoint !== true, "must answer at AWS's own name, for Route 53"),
    ]),
  ];
}

function alias({ graph }: Subject, parts: Parts, { region }: StackJson, domain: ApiDomain): Finding[] {
  const { record, domainName, healthCheck, mapping } = parts;
  return findingsOn(record, [
    ...differences(graph, record, {
      zone_id: domain.hostedZoneId,
      name: domain.name,
      type: "A",
      set_identifier: region,
      latency_routing_policy: { region },
      health_check_id: referenceTo(healthCheck, "id"),
      alias: {
        name: referenceTo(domainName, "regional_domain_name"),
        zone_id: referenceTo(domainName, "regional_zone_id"),
        evaluate_target_health: true,
      },
    }),
    ...wanted([record.attributes.depends_on].flat().includes(mapping.address), `must wait for ${mapping.address}`),
  ]);
}
