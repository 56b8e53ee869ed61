import { isObject } from "../../graph/terraform-json";
import { type Change, quote } from "../change";
import type { Difference } from "../differences";
import { type Judgement, nothing, type Reason } from "../reason";
import type { Values } from "../values";

/** Ranges as wide as these hold most of the internet, or so much of it that it makes no difference. */
const widestPrefix = 7;

const ruleTypes = /^aws_(?:vpc_security_group_(?:in|e)gress_rule|security_group_rule|network_acl_rule)$/;
const groupTypes = /^aws_(?:default_)?(?:security_group|network_acl)$/;
const routeTypes = /^aws_(?:default_)?route(?:_table)?$/;

/** Who reaches the network, and whom it reaches: rules of security groups, routes. */
export function judgeNetwork(change: Change): Judgement {
  if (!["create", "update", "replace"].includes(change.action)) return nothing;
  if (ruleTypes.test(change.type)) return judgeRule(change);
  if (groupTypes.test(change.type)) return judgeGroup(change);
  return routeTypes.test(change.type) ? judgeRoutes(change) : nothing;
}

function judgeRule(change: Change): Judgement {
  const { type, before, after } = change;
  const isEgress = type.includes("egress") || after.type === "egress" || after.egress === true;
  if (after.rule_action === "deny") return nothing;
  const opened = opensMore(after, [before]);
  const judged = change.differences.filter(isOfRule);
  if (opened.length > 0) return { judged, reasons: [opening(change, isEgress, opened, after)] };
  if (change.action === "create")
    return { judged, reasons: [{ class: "review", text: `lets ${way(isEgress)} ${ruleText(change, after)}` }] };
  return nothing;
}

function judgeGroup(change: Change): Judgement {
  const reasons: Reason[] = [];
  for (const side of ["ingress", "egress"] as const) {
    const before = blocks(change.before[side]).filter(({ action }) => action !== "deny");
    for (const rule of blocks(change.after[side])) {
      const opened = rule.action === "deny" ? [] : opensMore(rule, before);
      if (opened.length > 0) reasons.push(opening(change, side === "egress", opened, rule));
    }
  }
  return { reasons, judged: reasons.length > 0 ? change.differences.filter(isOfRule) : [] };
}

function judgeRoutes(change: Change): Judgement {
  const before = change.type.endsWith("table") ? blocks(change.before.route) : [change.before];
  const now = change.type.endsWith("table") ? blocks(change.after.route) : [change.after];
  const reasons = now
    .filter((route) => [route.gateway_id, route.nat_gateway_id, route.egress_only_gateway_id].some(isGateway))
    .filter((route) => opensMore(route, before).length > 0)
    .map(
      (route): Reason => ({
        class: "dangerous",
        text: `routes ${quote(change, route.destination_cidr_block ?? route.cidr_block ?? route.destination_ipv6_cidr_block ?? route.ipv6_cidr_block)} through a gateway: the network reaches the internet`,
      }),
    );
  return { reasons };
}

/** `local` is no gateway; one that comes to be with the same plan has no id yet. */
function isGateway(id: unknown): boolean {
  return typeof id === "string" && id !== "" && id !== "local";
}

/** The widest ranges of a rule, as far as none of some rules has them with the same ports. */
function opensMore(rule: Values, before: readonly Values[]): string[] {
  return rangesOf(rule)
    .filter(isWide)
    .filter((range) => !before.some((old) => rangesOf(old).includes(range) && hasPortsOf(old, rule)));
}

function rangesOf(rule: Values): string[] {
  return [
    rule.cidr_ipv4,
    rule.cidr_ipv6,
    rule.cidr_blocks,
    rule.ipv6_cidr_blocks,
    rule.cidr_block,
    rule.ipv6_cidr_block,
    rule.destination_cidr_block,
    rule.destination_ipv6_cidr_block,
  ]
    .flat()
    .filter((range) => typeof range === "string");
}

function isWide(range: string): boolean {
  const prefix = /\/(\d+)$/.exec(range)?.[1];
  return prefix !== undefined && Number(prefix) <= widestPrefix && !range.startsWith("fc") && !range.startsWith("fd");
}

function hasPortsOf(wide: Values, narrow: Values): boolean {
  const protocol = (rule: Values) => rule.ip_protocol ?? rule.protocol;
  if (protocol(wide) === "-1") return true;
  if (protocol(wide) !== protocol(narrow)) return false;
  return Number(wide.from_port) <= Number(narrow.from_port) && Number(wide.to_port) >= Number(narrow.to_port);
}

function opening(change: Change, isEgress: boolean, ranges: readonly string[], rule: Values): Reason {
  return {
    class: "dangerous",
    text: `opens ${portsText(change, rule)} ${isEgress ? "to" : "for"} ${ranges.map((range) => quote(change, range)).join(" and ")}: ${isEgress ? "everything out there can be reached" : "everyone on the internet"}`,
  };
}

function portsText(change: Change, rule: Values): string {
  const protocol = String(rule.ip_protocol ?? rule.protocol ?? "-1");
  if (protocol === "-1") return "all ports";
  const [from, to] = [rule.from_port, rule.to_port];
  return from === to ? `port ${quote(change, from)}` : `ports ${quote(change, from)} to ${quote(change, to)}`;
}

function ruleText(change: Change, rule: Values): string {
  const others = [rule.referenced_security_group_id, rule.source_security_group_id, rule.prefix_list_id];
  const from = [...rangesOf(rule), ...others.filter((id) => typeof id === "string" && id !== "")];
  const where = from.length === 0 ? "" : ` for ${from.map((each) => quote(change, each)).join(", ")}`;
  return `${portsText(change, rule)}${where}`;
}

const way = (isEgress: boolean) => (isEgress ? "out" : "in");

function isOfRule({ name }: Difference): boolean {
  return /^(?:ingress|egress|cidr_|ipv6_cidr|from_port|to_port|ip_protocol|protocol)/.test(name);
}

function blocks(value: unknown): Values[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
