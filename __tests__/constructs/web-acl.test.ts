import { CustomerKey } from "../../constructs/customer-key";
import { WebAcl, type WebAclProps } from "../../constructs/web-acl";
import { built, EmptyStack, statements } from "../support/constructed";

const stageArn = "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live";

function newWebAcl(options: Partial<WebAclProps> = {}) {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const webAcl = new WebAcl(stack, "WebAcl", { resourceArn: stageArn, key, ...options });
  return { stack, webAcl };
}

const visible = (metric_name: string) => ({
  cloudwatch_metrics_enabled: true,
  sampled_requests_enabled: true,
  metric_name,
});

const counting = (name: string) => ({ rule_action_override: [{ name, action_to_use: { count: {} } }] });

/** A group as AWS made it, but for a rule that only counts. */
const managed = (priority: number, name: string, counted?: string) => ({
  name,
  priority,
  override_action: { none: {} },
  statement: {
    managed_rule_group_statement: { vendor_name: "AWS", name, ...(counted === undefined ? {} : counting(counted)) },
  },
  visibility_config: visible(name),
});

/** What each rule takes of a web ACL's capacity (WAF developer guide, rate-based statements and AWS managed rule groups). */
const capacityUnits: Readonly<Record<string, number>> = {
  "rate-per-address": 2,
  AWSManagedRulesAmazonIpReputationList: 25,
  AWSManagedRulesAnonymousIpList: 50,
  AWSManagedRulesKnownBadInputsRuleSet: 200,
  AWSManagedRulesCommonRuleSet: 700,
};

test("API-04 2,000 requests per 5 minutes and address, and AWS's reputation, bad-input and common rules", () => {
  const { stack } = newWebAcl();
  const acl = built(stack, "aws_wafv2_web_acl");
  expect(acl).toMatchObject({
    name: "tap-records-dev-us-east-1",
    scope: "REGIONAL",
    default_action: { allow: {} },
    visibility_config: visible("tap-records-dev-us-east-1"),
  });
  expect(acl.rule).toEqual([
    {
      name: "rate-per-address",
      priority: 0,
      action: { block: {} },
      statement: { rate_based_statement: { limit: 2_000, evaluation_window_sec: 300, aggregate_key_type: "IP" } },
      visibility_config: visible("rate-per-address"),
    },
    managed(1, "AWSManagedRulesAmazonIpReputationList"),
    managed(2, "AWSManagedRulesAnonymousIpList", "HostingProviderIPList"),
    managed(3, "AWSManagedRulesKnownBadInputsRuleSet"),
    managed(4, "AWSManagedRulesCommonRuleSet"),
  ]);
  const units = (acl.rule as { name: string }[]).map(({ name }) => capacityUnits[name] ?? Number.NaN);
  // What WAF's basic price includes.
  expect(units.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1_500);
});

test("an address may make as many requests as is said, within what WAF takes", () => {
  const limitOf = (requestsPerAddress: number) => {
    const { rule } = built(newWebAcl({ requestsPerAddress }).stack, "aws_wafv2_web_acl") as {
      rule: { statement: { rate_based_statement?: { limit: number } } }[];
    };
    return rule[0]?.statement.rate_based_statement?.limit;
  };
  expect([limitOf(10), limitOf(300_000)]).toEqual([10, 300_000]);
  expect(() => limitOf(9)).toThrow(
    "requestsPerAddress must be a whole number from 10 to 2000000000 (requests in five minutes) (given 9)",
  );
});

test("API-04 it stands before the stage", () => {
  const { stack } = newWebAcl();
  expect(built(stack, "aws_wafv2_web_acl_association")).toMatchObject({
    resource_arn: stageArn,
    web_acl_arn: expect.stringMatching(/^\$\{aws_wafv2_web_acl\.WebAcl_\w+\.arn\}$/),
  });
});

test("API-04 its log, under the key, has neither tokens nor keys of the API, and no sample has", () => {
  const { stack } = newWebAcl();
  expect(built(stack, "aws_wafv2_web_acl_logging_configuration")).toMatchObject({
    resource_arn: expect.stringMatching(/^\$\{aws_wafv2_web_acl\.WebAcl_\w+\.arn\}$/),
    log_destination_configs: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.WebAcl_Logs_\w+\.arn\}$/)],
    redacted_fields: [{ single_header: { name: "authorization" } }, { single_header: { name: "x-api-key" } }],
  });
  expect(built(stack, "aws_cloudwatch_log_group")).toMatchObject({
    name: "aws-waf-logs-tap-records-dev-us-east-1",
    retention_in_days: 14,
    kms_key_id: expect.stringContaining("aws_kms_key.Key"),
  });
  expect(JSON.stringify(statements(stack, "aws_kms_key").Logs)).toContain("aws-waf-logs-tap-records-dev-us-east-1");
  expect(built(stack, "aws_wafv2_web_acl").data_protection_config).toEqual({
    data_protection: [
      { action: "SUBSTITUTION", field: { field_type: "SINGLE_HEADER", field_keys: ["authorization", "x-api-key"] } },
    ],
  });
});

test("large bodies pass where that is said, and nothing else does", () => {
  const { stack } = newWebAcl({ largeBodies: "count", resource: "files", logRetentionDays: 7 });
  const { rule, name } = built(stack, "aws_wafv2_web_acl") as { rule: object[]; name: string };
  expect(rule.slice(1)).toEqual([
    managed(1, "AWSManagedRulesAmazonIpReputationList"),
    managed(2, "AWSManagedRulesAnonymousIpList", "HostingProviderIPList"),
    managed(3, "AWSManagedRulesKnownBadInputsRuleSet"),
    managed(4, "AWSManagedRulesCommonRuleSet", "SizeRestrictions_BODY"),
  ]);
  expect(name).toBe("tap-records-files-dev-us-east-1");
  expect(built(stack, "aws_cloudwatch_log_group").retention_in_days).toBe(7);
});

test("FIL-09 its log has refused requests alone, where that is said; all of them otherwise", () => {
  const filterOf = (options: Partial<WebAclProps>) =>
    built(newWebAcl(options).stack, "aws_wafv2_web_acl_logging_configuration").logging_filter;
  expect(filterOf({})).toBeUndefined();
  expect(filterOf({ logged: "all" })).toBeUndefined();
  expect(filterOf({ logged: "refused" })).toEqual({
    default_behavior: "DROP",
    filter: [{ behavior: "KEEP", requirement: "MEETS_ANY", condition: [{ action_condition: { action: "BLOCK" } }] }],
  });
});
