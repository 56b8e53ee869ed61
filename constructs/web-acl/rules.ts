import type { Wafv2WebAclRule } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { requireInRange } from "../ranges";

/** A rule before it has its place among the others. */
export type PlacelessRule = Omit<Wafv2WebAclRule, "priority">;

/** Requests of one address in five minutes, unless said otherwise (API-04). */
const requestsPerAddress = 2_000;
const windowSeconds = 300;

/** Counts the requests of each address; one with more than the limit is blocked until it is below again. */
export function rateLimit(name: string, limit: number = requestsPerAddress): PlacelessRule {
  // WAF API reference, RateBasedStatement.
  requireInRange("requestsPerAddress", limit, 10, 2_000_000_000, "requests in five minutes");
  return {
    name,
    action: { block: {} },
    statement: statement({
      rate_based_statement: {
        limit,
        evaluation_window_sec: windowSeconds,
        aggregate_key_type: "IP",
      },
    }),
    visibilityConfig: visible(name),
  };
}

/** A rule group that AWS maintains, as it is but for rules that only count. */
export function managedGroup(name: string, countedRules: readonly string[] = []): PlacelessRule {
  return {
    name,
    overrideAction: { none: {} },
    statement: statement({
      managed_rule_group_statement: {
        vendor_name: "AWS",
        name,
        ...(countedRules.length === 0
          ? {}
          : { rule_action_override: countedRules.map((rule) => ({ name: rule, action_to_use: { count: {} } })) }),
      },
    }),
    visibilityConfig: visible(name),
  };
}

/** A statement in Terraform's own words: the bindings take `any` here, and would pass camelCase on as it is. */
function statement<T extends Readonly<Record<`${string}_statement`, object>>>(value: T): T {
  return value;
}

function visible(metricName: string): Wafv2WebAclRule["visibilityConfig"] {
  return { cloudwatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName };
}
