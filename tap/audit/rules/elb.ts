import { blocksOf } from "../../graph/terraform-json";
import { isOn, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { referrersOf } from "./relations";

const balancer = (attributes: Record<string, unknown> = {}) => ({
  aws_lb: { Shop: { name: "shop", load_balancer_type: "application", ...attributes } },
});
const listener = (attributes: Record<string, unknown>) => ({
  ...balancer(),
  aws_lb_listener: { Web: { load_balancer_arn: "${aws_lb.Shop.arn}", ...attributes } },
});

/** Policies of load balancers that take TLS 1.2 or 1.3 alone. */
const strongPolicy = /^ELBSecurityPolicy-(TLS13-1-[23]-|TLS-1-2-|FS-1-2-)/;

/** Load balancers of Elastic Load Balancing. */
export const elbRules: readonly Rule[] = [
  {
    id: "elb-listener-tls",
    title: "Listeners speak TLS 1.2 or newer, or redirect to those that do",
    severity: "high",
    why: "What clients send, credentials among it, is read and changed on the way.",
    fix: "Set protocol to HTTPS or TLS with ssl_policy ELBSecurityPolicy-TLS13-1-2-2021-06; on port 80, redirect to HTTPS.",
    references: ["FSBP ELB.1", "CKV_AWS_2", "CKV_AWS_103", "CKV2_AWS_20"],
    examples: {
      failing: { resource: listener({ port: 80, protocol: "HTTP", default_action: { type: "forward" } }) },
      passing: {
        resource: listener({ port: 443, protocol: "HTTPS", ssl_policy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
      },
    },
    judge: judgeResources(["aws_lb_listener", "aws_alb_listener"], (node, graph) => {
      const protocol = knownValue(graph, node, node.attributes.protocol);
      const policy = knownValue(graph, node, node.attributes.ssl_policy);
      if (protocol === "HTTPS" || protocol === "TLS")
        return policy === unknown || strongPolicy.test(String(policy))
          ? []
          : [
              `must have an ssl_policy of TLS 1.2 or newer (it has ${isSet(policy) ? String(policy) : "the default one"})`,
            ];
      const redirects = blocksOf(node.attributes, "default_action").some((action) =>
        blocksOf(action, "redirect").some(
          (redirect) => redirect.protocol === "HTTPS" || redirect.protocol === "#{protocol}",
        ),
      );
      return protocol === "HTTP" && !redirects ? ["must have the protocol HTTPS, or redirect to it"] : [];
    }),
  },
  {
    id: "elb-access-log",
    title: "Load balancers log each request",
    severity: "medium",
    why: "Nobody can tell who asked for what, when it matters.",
    fix: "Set access_logs with enabled true and the bucket that they go to.",
    references: ["FSBP ELB.5", "CKV_AWS_91", "CKV_AWS_92"],
    examples: {
      failing: { resource: balancer() },
      passing: { resource: balancer({ access_logs: { bucket: "shop-logs", enabled: true } }) },
    },
    judge: judgeResources(["aws_lb", "aws_alb", "aws_elb"], (node, graph) => {
      const isGateway = node.attributes.load_balancer_type === "gateway";
      // Those of classic load balancers are on unless they are turned off.
      const enabled = (log: Record<string, unknown>) =>
        isOn(graph, node, node.type === "aws_elb" ? (log.enabled ?? true) : log.enabled) && isSet(log.bucket);
      return isGateway || blocksOf(node.attributes, "access_logs").some(enabled)
        ? []
        : ["must have access_logs that are enabled"];
    }),
  },
  {
    id: "elb-deletion-protection",
    title: "Load balancers are protected from deletion",
    severity: "medium",
    why: "A wrong plan takes the address away that clients and DNS know.",
    fix: "Set enable_deletion_protection to true.",
    references: ["FSBP ELB.6", "CKV_AWS_150"],
    examples: {
      failing: { resource: balancer() },
      passing: { resource: balancer({ enable_deletion_protection: true }) },
    },
    judge: judgeResources(["aws_lb", "aws_alb"], (node, graph) =>
      isOn(graph, node, node.attributes.enable_deletion_protection) ? [] : ["must have enable_deletion_protection"],
    ),
  },
  {
    id: "elb-invalid-headers",
    title: "Application load balancers drop invalid headers",
    severity: "medium",
    why: "Headers that balancer and server read differently smuggle a second request past every check.",
    fix: "Set drop_invalid_header_fields to true.",
    references: ["FSBP ELB.4", "CKV_AWS_131"],
    examples: {
      failing: { resource: balancer() },
      passing: { resource: balancer({ drop_invalid_header_fields: true }) },
    },
    judge: judgeResources(["aws_lb", "aws_alb"], (node, graph) =>
      ["network", "gateway"].includes(String(node.attributes.load_balancer_type)) ||
      isOn(graph, node, node.attributes.drop_invalid_header_fields)
        ? []
        : ["must have drop_invalid_header_fields"],
    ),
  },
  {
    id: "elb-web-acl",
    title: "Public application load balancers are behind a web ACL",
    severity: "medium",
    why: "Floods and known attacks reach the code.",
    fix: "Add an aws_wafv2_web_acl_association with the load balancer's ARN.",
    references: ["CKV2_AWS_28"],
    examples: {
      failing: { resource: balancer() },
      passing: { resource: balancer({ internal: true }) },
    },
    judge: judgeResources(["aws_lb", "aws_alb"], (node, graph) =>
      ["network", "gateway"].includes(String(node.attributes.load_balancer_type)) ||
      (isSet(node.attributes.internal) && isOn(graph, node, node.attributes.internal)) ||
      referrersOf(graph, node, "aws_wafv2_web_acl_association", "resource_arn").length > 0
        ? []
        : ["must be associated with a web ACL, as it is public"],
    ),
  },
];
