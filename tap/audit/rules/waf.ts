import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { findings, isOn, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { apiOf, methodsOf } from "./api-gateway-parts";
import { reachedFrom, referrersOf } from "./relations";

const metrics = { cloudwatch_metrics_enabled: true, metric_name: "m", sampled_requests_enabled: true };
const managed = (name: string, override: Attributes = { none: {} }) => ({
  name,
  priority: 1,
  override_action: override,
  statement: { managed_rule_group_statement: { name, vendor_name: "AWS" } },
  visibility_config: metrics,
});
const perAddress = {
  name: "per-address",
  priority: 0,
  action: { block: {} },
  statement: { rate_based_statement: { aggregate_key_type: "IP", limit: 1000 } },
  visibility_config: metrics,
};
const acl = (attributes: Attributes = {}) => ({
  aws_wafv2_web_acl: {
    Acl: {
      name: "shop",
      scope: "REGIONAL",
      default_action: { allow: {} },
      rule: [perAddress, managed("AWSManagedRulesKnownBadInputsRuleSet")],
      visibility_config: metrics,
      ...attributes,
    },
  },
});
const logging = (attributes: Attributes = {}, group = "aws-waf-logs-shop") => ({
  aws_cloudwatch_log_group: { Waf: { name: group } },
  aws_wafv2_web_acl_logging_configuration: {
    Acl: {
      resource_arn: "${aws_wafv2_web_acl.Acl.arn}",
      log_destination_configs: ["${aws_cloudwatch_log_group.Waf.arn}"],
      redacted_fields: [{ single_header: { name: "authorization" } }],
      ...attributes,
    },
  },
});
const associated = (resource: string) => ({
  aws_wafv2_web_acl_association: { Acl: { resource_arn: resource, web_acl_arn: "${aws_wafv2_web_acl.Acl.arn}" } },
});
const balancer = { aws_lb: { Shop: { name: "shop" } } };

/** Rules of an ACL that are blocks in it; undefined where they are in JSON, or made by `dynamic`. */
function rulesOf({ attributes }: GraphNode): Attributes[] | undefined {
  return "rule_json" in attributes || "dynamic" in attributes || typeof attributes.rule === "string"
    ? undefined
    : blocksOf(attributes, "rule");
}

const has = (block: Attributes | undefined, name: string) => block !== undefined && blocksOf(block, name).length > 0;
const statementOf = (rule: Attributes) => blocksOf(rule, "statement")[0];
const isGroup = (rule: Attributes) =>
  has(statementOf(rule), "managed_rule_group_statement") || has(statementOf(rule), "rule_group_reference_statement");

/** Whether a rule keeps any request out. */
function blocks(rule: Attributes): boolean {
  const [action] = blocksOf(rule, "action");
  const [override] = blocksOf(rule, "override_action");
  return isGroup(rule)
    ? !has(override, "count")
    : has(action, "block") || has(action, "captcha") || has(action, "challenge");
}

/** Web ACLs: what they keep out, and what is known of it. */
export const wafRules: readonly Rule[] = [
  {
    id: "waf-rules",
    title: "Web ACLs keep something out",
    severity: "high",
    why: "An ACL without a rule that blocks lets everything through, and looks like protection.",
    fix: "Add rules that block, or managed rule groups; or set default_action to block, with rules that allow.",
    references: ["FSBP WAF.10", "CKV_AWS_175"],
    examples: {
      failing: { resource: acl({ rule: [] }) },
      passing: { resource: acl() },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node) => {
      const rules = rulesOf(node);
      const [action] = blocksOf(node.attributes, "default_action");
      if (rules === undefined) return [];
      if (rules.length === 0) return ["must have rules"];
      return has(action, "block") || rules.some(blocks)
        ? []
        : ["must have a rule that blocks, as it allows by default"];
    }),
  },
  {
    id: "waf-counting-groups",
    title: "Managed rule groups block what they find",
    severity: "high",
    why: "A group that is overridden to count lets every attack through that it knows.",
    fix: "Set override_action of the rule to none; where one rule of the group is too strict, override that one by rule_action_override.",
    references: ["https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-group-settings.html"],
    examples: {
      failing: { resource: acl({ rule: [perAddress, managed("AWSManagedRulesCommonRuleSet", { count: {} })] }) },
      passing: { resource: acl() },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node) =>
      (rulesOf(node) ?? [])
        .filter((rule) => isGroup(rule) && has(blocksOf(rule, "override_action")[0], "count"))
        .map(({ name }) => `must not only count what its rule group ${String(name)} finds`),
    ),
  },
  {
    id: "waf-rate-limit",
    title: "Web ACLs limit how often one address may ask",
    severity: "medium",
    why: "One machine tries passwords or keys as fast as it likes, and uses up what others need.",
    fix: "Add a rule with a rate_based_statement, and block as its action.",
    references: ["https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html"],
    examples: {
      failing: { resource: acl({ rule: [managed("AWSManagedRulesKnownBadInputsRuleSet")] }) },
      passing: { resource: acl() },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node) => {
      const rules = rulesOf(node);
      const isLimited = rules?.some((rule) => has(statementOf(rule), "rate_based_statement") && blocks(rule));
      return rules === undefined || isLimited || has(blocksOf(node.attributes, "default_action")[0], "block")
        ? []
        : ["must have a rule with a rate_based_statement that blocks"];
    }),
  },
  {
    id: "waf-known-bad-inputs",
    title: "Web ACLs keep known attacks out, Log4j's among them",
    severity: "medium",
    why: "Requests that are known to exploit libraries reach the code, whatever it uses.",
    fix: "Add the managed rule group AWSManagedRulesKnownBadInputsRuleSet, with override_action none.",
    references: ["CKV_AWS_192", "CKV2_AWS_77"],
    examples: {
      failing: { resource: acl({ rule: [perAddress] }) },
      passing: { resource: acl() },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node) => {
      const rules = rulesOf(node);
      const groups = (rules ?? [])
        .filter(blocks)
        .flatMap((rule) => blocksOf(statementOf(rule) ?? {}, "managed_rule_group_statement"));
      const isIn = groups.some(
        (group) => group.name === "AWSManagedRulesKnownBadInputsRuleSet" && !hasRuleOff(group, /log4j/i),
      );
      return rules === undefined || isIn
        ? []
        : ["must have the rule group AWSManagedRulesKnownBadInputsRuleSet, as a whole"];
    }),
  },
  {
    id: "waf-logging",
    title: "Web ACLs log what they decide",
    severity: "medium",
    why: "Nobody can tell what was attacked, or why a customer's request was refused.",
    fix: "Add an aws_wafv2_web_acl_logging_configuration; names of its log groups, buckets and streams begin with aws-waf-logs-.",
    references: ["CKV2_AWS_31"],
    examples: {
      failing: { resource: { ...acl(), ...logging({}, "shop") } },
      passing: { resource: { ...acl(), ...logging() } },
    },
    judge: (graph) => [
      ...graph
        .ofType("aws_wafv2_web_acl")
        .filter((node) => loggingOf(graph, node).length === 0)
        .flatMap((node) => findings(node, ["must have a logging configuration"])),
      ...graph.ofType("aws_wafv2_web_acl_logging_configuration").flatMap((node) => {
        const types = ["aws_cloudwatch_log_group", "aws_s3_bucket", "aws_kinesis_firehose_delivery_stream"];
        const destinations = types.flatMap((type) => reachedFrom(graph, node, "log_destination_configs", type));
        return destinations
          .filter(({ physicalName }) => physicalName !== undefined && !physicalName.startsWith("aws-waf-logs-"))
          .flatMap((each) =>
            findings(node, [
              `must log to something whose name begins with aws-waf-logs- (${each.address} is ${each.physicalName})`,
            ]),
          );
      }),
    ],
  },
  {
    id: "waf-log-redaction",
    title: "Logs of web ACLs hold no credentials",
    severity: "high",
    why: "Every request's Authorization header and cookie is in the log, and whoever reads it can send the same.",
    fix: "Name the headers that carry credentials in redacted_fields, or in data_protection_config of the ACL.",
    references: ["https://docs.aws.amazon.com/waf/latest/developerguide/logging-management-configure.html"],
    examples: {
      failing: { resource: { ...acl(), ...logging({ redacted_fields: [] }) } },
      passing: { resource: { ...acl(), ...logging() } },
    },
    judge: judgeResources("aws_wafv2_web_acl_logging_configuration", (node, graph) => {
      const [web] = reachedFrom(graph, node, "resource_arn", "aws_wafv2_web_acl");
      const isDynamic = "dynamic" in node.attributes || typeof node.attributes.redacted_fields === "string";
      const hidden = [...redactedIn(node.attributes), ...protectedIn(web)];
      const carrying = ["authorization", ...(web !== undefined && asksForKeys(graph, web) ? ["x-api-key"] : [])];
      return isDynamic
        ? []
        : carrying
            .filter((name) => !hidden.includes(name))
            .map((name) => `must have the header ${name} in redacted_fields`);
    }),
  },
  {
    id: "waf-metrics",
    title: "Web ACLs and their rules count what they do",
    severity: "low",
    why: "No alarm can tell of an attack, or of a rule that refuses customers.",
    fix: "Set cloudwatch_metrics_enabled in visibility_config of the ACL and of each rule to true.",
    references: ["FSBP WAF.12"],
    examples: {
      failing: { resource: acl({ visibility_config: { ...metrics, cloudwatch_metrics_enabled: false } }) },
      passing: { resource: acl() },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node, graph) =>
      [node.attributes, ...(rulesOf(node) ?? [])]
        .filter(
          (each) =>
            !blocksOf(each, "visibility_config").some((config) => isOn(graph, node, config.cloudwatch_metrics_enabled)),
        )
        .map((each) =>
          each === node.attributes
            ? "must have cloudwatch_metrics_enabled"
            : `must have cloudwatch_metrics_enabled for its rule ${String(each.name)}`,
        ),
    ),
  },
  {
    id: "waf-association",
    title: "Web ACLs protect something, of their own scope and region",
    severity: "high",
    why: "An ACL that nothing is associated with protects nothing, and AWS refuses one of another scope or region.",
    fix: "Add an aws_wafv2_web_acl_association (scope REGIONAL), or set web_acl_id of the distribution (scope CLOUDFRONT, in us-east-1).",
    references: ["https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html"],
    examples: {
      failing: { resource: { ...acl({ scope: "CLOUDFRONT" }), ...balancer, ...associated("${aws_lb.Shop.arn}") } },
      passing: { resource: { ...acl(), ...balancer, ...associated("${aws_lb.Shop.arn}") } },
    },
    judge: judgeResources("aws_wafv2_web_acl", (node, graph) => {
      const associations = referrersOf(graph, node, "aws_wafv2_web_acl_association", "web_acl_arn");
      const distributions = referrersOf(graph, node, "aws_cloudfront_distribution", "web_acl_id");
      const scope = knownValue(graph, node, node.attributes.scope);
      const regions = associations.flatMap(
        (each) => graph.resolve(each.attributes.resource_arn, each.stack)?.region ?? [],
      );
      // Another stack may be told of it by an output or a parameter.
      const isGivenOn =
        graph.referencesTo(node).some(({ from }) => from.type === "aws_ssm_parameter") || isOutput(graph, node);
      return [
        ...(associations.length + distributions.length > 0 || isGivenOn
          ? []
          : ["must be associated with what it protects"]),
        ...(associations.length > 0 && scope !== unknown && scope !== "REGIONAL"
          ? [`must have the scope REGIONAL for what it is associated with (it has ${String(scope)})`]
          : []),
        ...(distributions.length > 0 && scope !== unknown && scope !== "CLOUDFRONT"
          ? [`must have the scope CLOUDFRONT for a distribution (it has ${String(scope)})`]
          : []),
        ...regions
          .filter((region) => node.region !== undefined && region !== node.region)
          .map((region) => `must be in the region of what it protects (${region}, and it is in ${node.region})`),
      ];
    }),
  },
];

/** Whether an API that an ACL protects takes keys, which clients send in a header. */
function asksForKeys(graph: Graph, web: GraphNode): boolean {
  return referrersOf(graph, web, "aws_wafv2_web_acl_association", "web_acl_arn")
    .flatMap((each) => reachedFrom(graph, each, "resource_arn", "aws_api_gateway_stage"))
    .flatMap((stage) => apiOf(graph, stage) ?? [])
    .flatMap((api) => methodsOf(graph, api))
    .some(({ node }) => String(node.attributes.api_key_required) === "true");
}

function loggingOf(graph: Graph, node: GraphNode): GraphNode[] {
  return referrersOf(graph, node, "aws_wafv2_web_acl_logging_configuration", "resource_arn");
}

/** Whether a rule of a group is left out or only counted. */
function hasRuleOff(group: Attributes, name: RegExp): boolean {
  const counted = blocksOf(group, "rule_action_override").filter((each) =>
    ["count", "allow"].some((action) => has(blocksOf(each, "action_to_use")[0], action)),
  );
  return [...blocksOf(group, "excluded_rule"), ...counted].some((each) => name.test(String(each.name)));
}

function redactedIn(attributes: Attributes): string[] {
  return blocksOf(attributes, "redacted_fields").flatMap((field) =>
    blocksOf(field, "single_header").map(({ name }) => String(name).toLowerCase()),
  );
}

function protectedIn(node: GraphNode | undefined): string[] {
  return blocksOf(node?.attributes ?? {}, "data_protection_config")
    .flatMap((config) => blocksOf(config, "data_protection"))
    .flatMap((each) => blocksOf(each, "field"))
    .flatMap(({ field_keys }) => [field_keys ?? []].flat().map((key) => String(key).toLowerCase()));
}

function isOutput(graph: Graph, { stack, address }: GraphNode): boolean {
  return (
    graph.ofType("aws_wafv2_web_acl_association").length === 0 &&
    Object.values(stack.outputs).some((value) => typeof value === "string" && value.includes(`\${${address}.`))
  );
}
