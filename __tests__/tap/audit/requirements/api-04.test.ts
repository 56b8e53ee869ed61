import { api04 } from "../../../../tap/audit/requirements/api-04";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { api, apiResource, apiSetting, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { jobs, jobsResource, referenceTo, rewrite } from "./mutations";

const acl = "aws_wafv2_web_acl";
const log = "aws_wafv2_web_acl_logging_configuration";

type Rule = Record<string, unknown> & { statement: Record<string, Record<string, unknown>> };

/** Changes the rule with that statement and, of a group of AWS's, that name. */
const rule = (kind: string, name: string | undefined, change: (rule: Rule) => void): Mutation =>
  apiResource(acl, "WebAcl", (attributes) => {
    const found = (attributes.rule as Rule[]).filter(
      ({ statement }) => statement[kind] && (name === undefined || statement[kind]?.name === name),
    );
    if (found.length !== 1) throw new Error(`There are ${found.length} rules with ${kind} ${name}`);
    change(found[0] as Rule);
  });

const rate = (change: (statement: Record<string, unknown>) => void) =>
  rule("rate_based_statement", undefined, ({ statement }) =>
    change(statement.rate_based_statement as Record<string, unknown>),
  );

const managed = (name: string, change: (statement: Record<string, unknown>, rule: Rule) => void) =>
  rule("managed_rule_group_statement", name, (each) =>
    change(each.statement.managed_rule_group_statement as Record<string, unknown>, each),
  );

const groups = [
  "AWSManagedRulesAmazonIpReputationList",
  "AWSManagedRulesAnonymousIpList",
  "AWSManagedRulesCommonRuleSet",
  "AWSManagedRulesKnownBadInputsRuleSet",
];

const eachGroup = groups.flatMap((name): [string, Mutation][] => [
  [
    `${name} only counts`,
    managed(name, (_, each) => {
      each.override_action = { count: {} };
    }),
  ],
  [
    `${name} is gone`,
    apiResource(acl, "WebAcl", (attributes) => {
      attributes.rule = (attributes.rule as Rule[]).filter(
        ({ statement }) => statement.managed_rule_group_statement?.name !== name,
      );
    }),
  ],
]);

const common = "AWSManagedRulesCommonRuleSet";
const anonymous = "AWSManagedRulesAnonymousIpList";
const association = "aws_wafv2_web_acl_association";

/** Changes the rules of the jobs' web ACL: its stage is another system's. */
const jobsRules = (change: (rules: Rule[]) => void) =>
  jobsResource(acl, "WebAcl", (attributes) => change(attributes.rule as Rule[]));

prove(
  api04,
  {
    ...Object.fromEntries(eachGroup),
    "a rule of a group only counts": managed(common, (statement) => {
      statement.rule_action_override = [
        { name: "SizeRestrictions_BODY", action_to_use: { count: {} } },
        { name: "SizeRestrictions_QUERYSTRING", action_to_use: { count: {} } },
      ];
    }),
    "a rule of a group lets in": managed(common, (statement) => {
      statement.rule_action_override = { name: "CrossSiteScripting_BODY", action_to_use: { allow: {} } };
    }),
    "servers of other clouds are kept out": managed(anonymous, (statement) => {
      delete statement.rule_action_override;
    }),
    "whoever hides is let in": managed(anonymous, (statement) => {
      statement.rule_action_override = [
        { name: "HostingProviderIPList", action_to_use: { count: {} } },
        { name: "AnonymousIPList", action_to_use: { count: {} } },
      ];
    }),
    "another system's stage has no ACL": jobs((stack) => {
      delete stack.json.resource?.[association];
    }),
    "an address may take all of another system's stage": jobsRules(([first]) => {
      Object.assign(first?.statement.rate_based_statement ?? {}, { limit: 2_000_000_000 });
    }),
    "another system's groups only count": jobsRules((rules) => {
      for (const each of rules.slice(1)) each.override_action = { count: {} };
    }),
    "a gateway is of a system that nobody thought of": (subject, environment) => {
      const { region } = subject.environments.find((each) => each.environmentSuffix === environment) ?? {};
      const from = stackOf(subject, environment, "api", region);
      const to = stackOf(subject, environment, "records");
      for (const type of ["aws_api_gateway_rest_api", "aws_api_gateway_stage", acl, association, log])
        to.json.resource = { ...to.json.resource, [type]: structuredClone(from.json.resource?.[type] ?? {}) };
    },
    "a rule of a group is left out, as it used to be": managed(common, (statement) => {
      statement.excluded_rule = [{ name: "NoUserAgent_HEADER" }];
    }),
    "a group is for some requests": managed(common, (statement) => {
      statement.scope_down_statement = { geo_match_statement: { country_codes: ["US"] } };
    }),
    "a group is of an old version": managed(common, (statement) => {
      statement.version = "Version_1.0";
    }),
    "a group is somebody else's": managed(common, (statement) => {
      statement.vendor_name = "Fortinet";
    }),
    "a group stands twice, another one not": managed(groups[0] as string, (statement) => {
      statement.name = common;
    }),
    "the rate is higher": rate((statement) => {
      statement.limit = 20_000;
    }),
    "the rate is lower": rate((statement) => {
      statement.limit = 100;
    }),
    "the rate is of a minute": rate((statement) => {
      statement.evaluation_window_sec = 60;
    }),
    "the rate is by a header that callers choose": rate((statement) => {
      statement.aggregate_key_type = "FORWARDED_IP";
      statement.forwarded_ip_config = { header_name: "X-Forwarded-For", fallback_behavior: "NO_MATCH" };
    }),
    "the rate is of all callers together": rate((statement) => {
      statement.aggregate_key_type = "CONSTANT";
    }),
    "the rate is of some requests": rate((statement) => {
      statement.scope_down_statement = { geo_match_statement: { country_codes: ["US"] } };
    }),
    "the rate only counts": rule("rate_based_statement", undefined, (each) => {
      each.action = { count: {} };
    }),
    "the rate asks for a captcha": rule("rate_based_statement", undefined, (each) => {
      each.action = { captcha: {} };
    }),
    "the rate blocks with a 200": rule("rate_based_statement", undefined, (each) => {
      each.action = { block: { custom_response: { response_code: 200 } } };
    }),
    "what doesn't match a rule is blocked": apiSetting(acl, "WebAcl", { default_action: { block: {} } }),
    "some are let in before all rules": apiResource(acl, "WebAcl", (attributes) => {
      attributes.rule = [
        ...(attributes.rule as Rule[]),
        {
          name: "friends",
          priority: 100,
          action: { allow: {} },
          statement: { geo_match_statement: { country_codes: ["US"] } },
          visibility_config: { cloudwatch_metrics_enabled: true, metric_name: "x", sampled_requests_enabled: true },
        },
      ];
    }),
    "a rule is only one block": apiResource(acl, "WebAcl", (attributes) => {
      attributes.rule = (attributes.rule as Rule[])[0];
    }),
    "rules come from a text": apiSetting(acl, "WebAcl", { rule_json: "[]" }),
    "the ACL is CloudFront's": apiSetting(acl, "WebAcl", { scope: "CLOUDFRONT" }),
    "the ACL isn't made": apiSetting(acl, "WebAcl", { count: 0 }),
    "the ACL is in another region": apiSetting(acl, "WebAcl", { region: "us-east-1" }),
    "the ACL has no metrics": apiWithin(acl, "WebAcl", "visibility_config.cloudwatch_metrics_enabled", false),
    "a rule has no samples": rule("rate_based_statement", undefined, (each) => {
      (each.visibility_config as Record<string, unknown>).sampled_requests_enabled = false;
    }),
    "two rules have one priority": rule("rate_based_statement", undefined, (each) => {
      each.priority = 1;
    }),
    "samples have the keys of callers": apiSetting(acl, "WebAcl", { data_protection_config: undefined }),
    "samples have one header": apiWithin(acl, "WebAcl", "data_protection_config.data_protection.0.field.field_keys", [
      "authorization",
    ]),
    "the ACL is on nothing": apiWithout("aws_wafv2_web_acl_association", "WebAcl"),
    "the ACL is on another stage": apiSetting("aws_wafv2_web_acl_association", "WebAcl", {
      resource_arn: "arn:aws:apigateway:us-west-2::/restapis/abcdefghij/stages/live",
    }),
    "another ACL is on the stage": apiSetting("aws_wafv2_web_acl_association", "WebAcl", {
      web_acl_arn: "arn:aws:wafv2:us-west-2:111111111111:regional/webacl/other/1",
    }),
    "there is a stage without an ACL": apiWith("aws_api_gateway_stage", (stack) => ({
      ...resource(stack, "aws_api_gateway_stage"),
      stage_name: "other",
    })),
    "there is a second ACL": apiWith(acl, (stack) => ({ ...resource(stack, acl) })),
    "rules are added from beside": apiWith("aws_wafv2_web_acl_rule_group_association", (stack) => ({
      web_acl_arn: referenceTo(stack, acl, "WebAcl", "arn"),
      rule_name: "friends",
      priority: 50,
    })),
    "nothing is logged": apiWithout(log, "WebAcl"),
    "keys are logged": apiSetting(log, "WebAcl", { redacted_fields: undefined }),
    "one of two headers is logged": apiResource(log, "WebAcl", (attributes) => {
      attributes.redacted_fields = (attributes.redacted_fields as unknown[])[0];
    }),
    "another header is left out of the log": apiWithin(log, "WebAcl", "redacted_fields.1.single_header.name", "accept"),
    "blocked requests aren't logged": apiSetting(log, "WebAcl", {
      logging_filter: { default_behavior: "DROP", filter: [] },
    }),
    "another ACL is logged": apiSetting(log, "WebAcl", { resource_arn: "arn:aws:wafv2:us-west-2:111111111111:x" }),
    "it is logged to somebody's bucket": apiSetting(log, "WebAcl", {
      log_destination_configs: ["arn:aws:s3:::aws-waf-logs-somebody"],
    }),
    "it is logged to another group": api((stack) => {
      resource(stack, log).log_destination_configs = [referenceTo(stack, "aws_cloudwatch_log_group", "items", "arn")];
    }),
    "WAF doesn't take the group's name": apiSetting("aws_cloudwatch_log_group", "WebAcl", { name: "tap-api-waf" }),
    "the log is kept for ever": apiSetting("aws_cloudwatch_log_group", "WebAcl", { retention_in_days: undefined }),
    "the log is kept a day": apiSetting("aws_cloudwatch_log_group", "WebAcl", { retention_in_days: 1 }),
    "the log is under no key": apiSetting("aws_cloudwatch_log_group", "WebAcl", { kms_key_id: undefined }),
    "the log's key isn't for it": api((stack) =>
      rewrite(resource(stack, "aws_kms_key", "Key_4"), "policy", (statements) =>
        JSON.parse(JSON.stringify(statements).replaceAll("log-group:aws-waf-logs-", "log-group:other-")),
      ),
    ),
    "there is no stage": apiWithout("aws_api_gateway_stage", "Stage"),
  },
  { alone: true, without: ["files", "stream"] },
);
