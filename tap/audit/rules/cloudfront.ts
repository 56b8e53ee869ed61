import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";

const distribution = (attributes: Attributes = {}) => ({
  aws_cloudfront_distribution: {
    Site: {
      enabled: true,
      default_cache_behavior: { target_origin_id: "site", viewer_protocol_policy: "redirect-to-https" },
      origin: {
        origin_id: "site",
        domain_name: "${aws_s3_bucket.Site.bucket_regional_domain_name}",
        origin_access_control_id: "${aws_cloudfront_origin_access_control.Site.id}",
      },
      viewer_certificate: {
        acm_certificate_arn: "arn:aws:acm:us-east-1:111111111111:certificate/c",
        minimum_protocol_version: "TLSv1.2_2021",
        ssl_support_method: "sni-only",
      },
      web_acl_id: "arn:aws:wafv2:us-east-1:111111111111:global/webacl/site/1",
      logging_config: { bucket: "site-logs.s3.amazonaws.com" },
      ...attributes,
    },
  },
  aws_s3_bucket: { Site: { bucket: "site" } },
  aws_cloudfront_origin_access_control: { Site: { name: "site", origin_access_control_origin_type: "s3" } },
});

const behaviorsOf = ({ attributes }: GraphNode) => [
  ...blocksOf(attributes, "default_cache_behavior"),
  ...blocksOf(attributes, "ordered_cache_behavior"),
];

/** Distributions of CloudFront. */
export const cloudfrontRules: readonly Rule[] = [
  {
    id: "cloudfront-https",
    title: "Distributions answer over HTTPS alone",
    severity: "high",
    why: "What viewers send and get is read and changed on the way.",
    fix: "Set viewer_protocol_policy of every cache behavior to redirect-to-https or https-only.",
    references: ["FSBP CloudFront.3", "CKV_AWS_34"],
    examples: {
      failing: {
        resource: distribution({
          default_cache_behavior: { target_origin_id: "site", viewer_protocol_policy: "allow-all" },
        }),
      },
      passing: { resource: distribution() },
    },
    judge: judgeResources("aws_cloudfront_distribution", (node, graph) =>
      behaviorsOf(node)
        .filter(({ viewer_protocol_policy }) => knownValue(graph, node, viewer_protocol_policy) === "allow-all")
        .map(
          ({ path_pattern }) =>
            `must not allow HTTP for ${isSet(path_pattern) ? String(path_pattern) : "its default behavior"}`,
        ),
    ),
  },
  {
    id: "cloudfront-tls",
    title: "Distributions take TLS 1.2 or newer alone, with a certificate of their own",
    severity: "medium",
    why: "CloudFront's default certificate takes TLS 1.0, which can be broken into.",
    fix: "Set viewer_certificate with acm_certificate_arn and minimum_protocol_version TLSv1.2_2021.",
    references: ["CKV_AWS_174", "CKV2_AWS_42"],
    examples: {
      failing: { resource: distribution({ viewer_certificate: { cloudfront_default_certificate: true } }) },
      passing: { resource: distribution() },
    },
    judge: judgeResources("aws_cloudfront_distribution", (node, graph) =>
      blocksOf(node.attributes, "viewer_certificate").flatMap((certificate) => {
        if (String(knownValue(graph, node, certificate.cloudfront_default_certificate)) === "true")
          return ["must have a certificate of its own: the default one takes TLS 1.0"];
        const version = knownValue(graph, node, certificate.minimum_protocol_version);
        return version === unknown || /^TLSv1\.[23]/.test(String(version))
          ? []
          : [
              `must have the minimum_protocol_version TLSv1.2_2021 (it has ${isSet(version) ? String(version) : "none"})`,
            ];
      }),
    ),
  },
  {
    id: "cloudfront-access-log",
    title: "Distributions log each request",
    severity: "medium",
    why: "Nobody can tell who asked for what, when it matters.",
    fix: "Set logging_config with a bucket, or deliver the logs by aws_cloudwatch_log_delivery.",
    references: ["FSBP CloudFront.5", "CKV_AWS_86"],
    examples: {
      failing: { resource: distribution({ logging_config: [] }) },
      passing: { resource: distribution() },
    },
    judge: judgeResources("aws_cloudfront_distribution", (node, graph) => {
      const isDelivered = graph
        .referencesTo(node)
        .some(
          ({ from }) =>
            from.type === "aws_cloudwatch_log_delivery_source" || from.type === "aws_cloudfront_realtime_log_config",
        );
      return isDelivered || blocksOf(node.attributes, "logging_config").some(({ bucket }) => isSet(bucket))
        ? []
        : ["must have a logging_config"];
    }),
  },
  {
    id: "cloudfront-web-acl",
    title: "Distributions are behind a web ACL",
    severity: "medium",
    why: "Floods and known attacks go through to the origins.",
    fix: "Set web_acl_id to the ARN of an aws_wafv2_web_acl of the scope CLOUDFRONT.",
    references: ["FSBP CloudFront.6", "CKV_AWS_68"],
    examples: {
      failing: { resource: distribution({ web_acl_id: "" }) },
      passing: { resource: distribution() },
    },
    judge: judgeResources("aws_cloudfront_distribution", ({ attributes }) =>
      isSet(attributes.web_acl_id) ? [] : ["must have a web_acl_id"],
    ),
  },
  {
    id: "cloudfront-origin-access",
    title: "Buckets behind distributions are reached through them alone",
    severity: "high",
    why: "Where CloudFront doesn't sign its requests, the bucket must be public, and is read past every check.",
    fix: "Set origin_access_control_id of the origin to an aws_cloudfront_origin_access_control.",
    references: ["FSBP CloudFront.13", "CKV2_AWS_46"],
    examples: {
      failing: {
        resource: distribution({
          origin: { origin_id: "site", domain_name: "${aws_s3_bucket.Site.bucket_regional_domain_name}" },
        }),
      },
      passing: { resource: distribution() },
    },
    judge: judgeResources("aws_cloudfront_distribution", (node, graph) =>
      blocksOf(node.attributes, "origin").flatMap((origin) => {
        if (!isBucket(graph, node, origin) || isSet(origin.origin_access_control_id)) return [];
        const hasIdentity = blocksOf(origin, "s3_origin_config").some(({ origin_access_identity }) =>
          isSet(origin_access_identity),
        );
        return hasIdentity ? [] : [`must have an origin_access_control_id for its origin ${String(origin.origin_id)}`];
      }),
    ),
  },
  {
    id: "cloudfront-origin-https",
    title: "Distributions speak TLS with their origins",
    severity: "high",
    why: "Between CloudFront and the origin, requests cross the internet in plain text.",
    fix: "Set origin_protocol_policy of custom_origin_config to https-only, and origin_ssl_protocols to TLSv1.2.",
    references: ["FSBP CloudFront.9", "FSBP CloudFront.10", "CKV2_AWS_72"],
    examples: {
      failing: {
        resource: distribution(custom({ origin_protocol_policy: "match-viewer", origin_ssl_protocols: ["TLSv1.2"] })),
      },
      passing: {
        resource: distribution(custom({ origin_protocol_policy: "https-only", origin_ssl_protocols: ["TLSv1.2"] })),
      },
    },
    judge: judgeResources("aws_cloudfront_distribution", (node, graph) =>
      blocksOf(node.attributes, "origin")
        .flatMap((origin) => blocksOf(origin, "custom_origin_config"))
        .flatMap(({ origin_protocol_policy, origin_ssl_protocols }) => {
          const policy = knownValue(graph, node, origin_protocol_policy);
          const old = [origin_ssl_protocols ?? []]
            .flat()
            .filter((protocol) => /^(SSLv3|TLSv1|TLSv1\.1)$/.test(String(protocol)));
          return [
            ...(policy === unknown || policy === "https-only" ? [] : ["must speak HTTPS alone with its origins"]),
            ...(old.length === 0 ? [] : [`must not speak ${old.join(", ")} with its origins`]),
          ];
        }),
    ),
  },
];

function custom(config: Attributes): Attributes {
  return { origin: { origin_id: "site", domain_name: "origin.example.com", custom_origin_config: config } };
}

function isBucket(graph: Graph, node: GraphNode, { domain_name }: Attributes): boolean {
  if (typeof domain_name !== "string") return false;
  const isNamed = /\.s3[.-]([\w-]+\.)?amazonaws\.com$/.test(domain_name);
  return isNamed || (graph.resolve(domain_name, node.stack)?.type === "aws_s3_bucket" && !/website/.test(domain_name));
}
