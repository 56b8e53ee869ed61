import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { ApiGatewayBasePathMapping } from "@cdktf/provider-aws/lib/api-gateway-base-path-mapping";
import { ApiGatewayDomainName } from "@cdktf/provider-aws/lib/api-gateway-domain-name";
import { Route53HealthCheck } from "@cdktf/provider-aws/lib/route53-health-check";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import type { RestApi } from "./rest-api";
import { TapStack } from "./tap-stack";

export interface ApiDomainProps {
  /** Name that callers use, `api.example.com`; the same in all regions of an environment. */
  readonly name: string;
  /** Id of the public hosted zone that the name is in. */
  readonly hostedZoneId: string;
  /** The API of this region, which the name leads to at its root: `https://api.example.com/items`. */
  readonly api: RestApi;
  /** Path of the API that says whether it works, for everybody, and within two seconds (Route 53 developer guide, how health is determined): `/health`. */
  readonly healthPath: string;
  /** Text that stands in its answer exactly where this region works; 255 characters, within the first 5,120 bytes. */
  readonly healthyText: string;
}

/** Seconds between requests of each health checker. 10 would be the other choice, and costs more. */
const requestIntervalSeconds = 30;

/** Failures in a row after which a region is out, and successes after which it is back. */
const failureThreshold = 3;

/**
 * One name for the API of all regions (PLAT-14): Route 53 leads each caller to the nearest region that works. A region
 * is out 90 seconds after it fails, 3 requests 30 seconds apart, and nobody comes any more once the answers that
 * resolvers kept have ended: an alias has its target's time to live, 60 seconds. Where no region works, all are in.
 *
 * The region stays reachable by AWS's own name, at which Route 53 asks for its health: by the common one it would ask
 * whichever region is nearest.
 *
 * @example
 * new ApiDomain(this, "Domain", {
 *   name: "api.example.com",
 *   hostedZoneId: "Z0123456789ABCDEFGHIJ",
 *   api: restApi,
 *   healthPath: "/health",
 *   healthyText: '"items":"ok"',
 * });
 */
export class ApiDomain extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: ApiDomainProps) {
    super(scope, id);
    const certificate = this.createCertificate(props);
    const domainName = this.createDomainName(certificate, this.validate(certificate, props));
    const mapping = new ApiGatewayBasePathMapping(this, "Mapping", {
      domainName: domainName.domainName,
      apiId: props.api.id,
      stageName: props.api.stageName,
    });
    this.route(domainName, mapping, this.createHealthCheck(props), props);
    this.name = domainName.domainName;
    this.arn = domainName.arn;
  }

  /** In the region of the API, as a regional domain name wants it. */
  private createCertificate({ name }: ApiDomainProps): AcmCertificate {
    return new AcmCertificate(this, "Certificate", {
      domainName: name,
      validationMethod: "DNS",
      tags: { Name: TapStack.of(this).nameOf("tag", "domain") },
      // ACM deletes none that is in use.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /** ARN of the certificate, once it is issued. */
  private validate(certificate: AcmCertificate, { hostedZoneId }: ApiDomainProps): string {
    const proof = certificate.domainValidationOptions.get(0);
    const record = new Route53Record(this, "ValidationRecord", {
      zoneId: hostedZoneId,
      name: proof.resourceRecordName,
      type: proof.resourceRecordType,
      records: [proof.resourceRecordValue],
      ttl: 60,
      // One per name and account: the certificates of all regions are proven by the same record (ACM user guide, DNS validation).
      allowOverwrite: true,
    });
    const validation = new AcmCertificateValidation(this, "Validation", {
      certificateArn: certificate.arn,
      validationRecordFqdns: [record.fqdn],
    });
    return validation.certificateArn;
  }

  private createDomainName(certificate: AcmCertificate, regionalCertificateArn: string): ApiGatewayDomainName {
    return new ApiGatewayDomainName(this, "DomainName", {
      domainName: certificate.domainName,
      regionalCertificateArn,
      endpointConfiguration: { types: ["REGIONAL"] },
      securityPolicy: "TLS_1_2",
    });
  }

  /** From all of Route 53's places; the region is in while more than 18 % of them say so (developer guide, how health is determined). */
  private createHealthCheck({ api, healthPath, healthyText }: ApiDomainProps): Route53HealthCheck {
    const stack = TapStack.of(this);
    return new Route53HealthCheck(this, "HealthCheck", {
      // The API answers 200 whenever it can answer; what it says decides.
      type: "HTTPS_STR_MATCH",
      fqdn: `${api.id}.execute-api.${stack.region}.amazonaws.com`,
      port: 443,
      resourcePath: `/${api.stageName}${healthPath}`,
      searchString: healthyText,
      requestInterval: requestIntervalSeconds,
      failureThreshold,
      tags: { Name: stack.nameOf("tag", "health") },
    });
  }

  /** By IPv4, which is all that a regional domain name has unless it is made for both. */
  private route(
    domainName: ApiGatewayDomainName,
    mapping: ApiGatewayBasePathMapping,
    healthCheck: Route53HealthCheck,
    { hostedZoneId }: ApiDomainProps,
  ): void {
    const { region } = TapStack.of(this);
    new Route53Record(this, "Record", {
      zoneId: hostedZoneId,
      name: domainName.domainName,
      type: "A",
      setIdentifier: region,
      latencyRoutingPolicy: { region },
      healthCheckId: healthCheck.id,
      alias: {
        name: domainName.regionalDomainName,
        zoneId: domainName.regionalZoneId,
        // Out where API Gateway itself is; the health check sees the rest (API Gateway developer guide, DNS failover).
        evaluateTargetHealth: true,
      },
      // Or callers would come before there is an API behind the name.
      dependsOn: [mapping],
    });
  }
}
