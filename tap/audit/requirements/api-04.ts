import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo, sameInTerraform } from "../exact";
import { logGroupProblems } from "../log-groups";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** AWS's groups, each with the rules of it that only count. */
type Groups = Readonly<Record<string, readonly string[]>>;

const groups: Groups = {
  AWSManagedRulesAmazonIpReputationList: [],
  // Servers in other clouds call APIs.
  AWSManagedRulesAnonymousIpList: ["HostingProviderIPList"],
  AWSManagedRulesCommonRuleSet: [],
  AWSManagedRulesKnownBadInputsRuleSet: [],
};

/** Where bodies may be larger than the 8 KB that AWS's rule takes for the longest; models and functions bound them instead. */
const groupsForLargeBodies: Groups = { ...groups, AWSManagedRulesCommonRuleSet: ["SizeRestrictions_BODY"] };

/** What the web ACL of a gateway lets in. */
interface Wanted {
  /** Requests of an address in five minutes. */
  readonly requestsPerAddress: number;
  readonly groups: Groups;
}

/** By the component of the gateway; another one has none. */
const wantedOf: Readonly<Record<string, (environment: Environment) => Wanted>> = {
  api: () => ({ requestsPerAddress: 2_000, groups: groupsForLargeBodies }),
  files: ({ files }) => ({ ...files.api, groups }),
  jobs: ({ jobs }) => ({ ...jobs.api, groups: groupsForLargeBodies }),
  stream: ({ stream }) => ({ ...stream.api, groups: groupsForLargeBodies }),
};

const secretHeaders = ["authorization", "x-api-key"] as const;

/** The five rules; names, metrics and the order are nobody's concern, as all of them only block. */
function expectedRules({ requestsPerAddress: limit, groups: wanted }: Wanted): Attributes[] {
  return [
    {
      action: { block: {} },
      statement: { rate_based_statement: { limit, evaluation_window_sec: 300, aggregate_key_type: "IP" } },
    },
    ...Object.entries(wanted).map(([name, counted]) => ({
      override_action: { none: {} },
      statement: { managed_rule_group_statement: { vendor_name: "AWS", name, ...counting(counted) } },
    })),
  ];
}

function counting(names: readonly string[]): Attributes {
  const overrides = names.map((name) => ({ name, action_to_use: { count: {} } }));
  return overrides.length === 0 ? {} : { rule_action_override: overrides };
}

export const api04: Requirement = {
  id: "API-04",
  checks:
    "A regional web ACL is on the API's stage and has exactly five rules, all of which block: 2,000 requests of an address in 300 s, and AWS's common, known-bad-inputs, IP-reputation and anonymous-IP groups as AWS has them but for the length of bodies, which the API bounds itself, and for hosting providers, whose servers call; its log, and samples, leave out authorization and x-api-key. The other systems' stages have one too, with the configured requests of an address.",
  why: "A group that only counts, or an ACL that is on nothing, looks the same in the console and stops nobody.",
  judge: (subject) => [
    ...judgeEach(subject, "api", (stack, environment) => webAcl(subject.graph, stack, environment)),
    ...judgeEach(subject, "all", (stack, environment) =>
      stack.component === "api" || nodesIn(subject.graph, stack, "aws_api_gateway_stage").length === 0
        ? []
        : webAcl(subject.graph, stack, environment),
    ),
  ],
};

function webAcl(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const one = (type: string) => {
    const [node, ...others] = nodesIn(graph, stack, type);
    return others.length === 0 ? node : undefined;
  };
  const stage = one("aws_api_gateway_stage");
  const acl = one("aws_wafv2_web_acl");
  const association = one("aws_wafv2_web_acl_association");
  const logging = one("aws_wafv2_web_acl_logging_configuration");
  if (stage === undefined || acl === undefined || association === undefined || logging === undefined)
    return [{ stack: stack.id, message: "must have one stage, one web ACL on it, and one log of that" }];
  const wanted = wantedOf[stack.component]?.(environment);
  if (wanted === undefined) return findingsOn(acl, ["is of a gateway of which nobody said whom it lets in"]);
  return [
    ...findingsOn(acl, settings(graph, acl, wanted)),
    ...findingsOn(association, [
      ...differences(graph, association, {
        resource_arn: referenceTo(stage, "arn"),
        web_acl_arn: referenceTo(acl, "arn"),
      }),
    ]),
    ...webAclLogs(graph, environment, acl, logging),
    ...nodesIn(graph, stack)
      .filter(({ type }) => /^aws_waf/.test(type))
      .filter((node) => ![acl, association, logging].includes(node))
      .flatMap((node) => findingsOn(node, ["changes what the web ACL does, beside its own rules"])),
  ];
}

function settings(graph: Graph, acl: GraphNode, wanted: Wanted): string[] {
  const expected = expectedRules(wanted);
  const rules = blocksOf(acl.attributes, "rule");
  const priorities = new Set(rules.map(({ priority }) => priority));
  const bare = rules.map(({ name: _, priority: __, visibility_config: ___, ...rest }) => rest);
  const [visibility] = blocksOf(acl.attributes, "visibility_config");
  const unseen = [acl.attributes, ...rules].filter((each) => !isVisible(each));
  return [
    ...differences(graph, acl, {
      ...kept(acl, "name", "rule"),
      scope: "REGIONAL",
      default_action: { allow: {} },
      visibility_config: { ...visibility, cloudwatch_metrics_enabled: true, sampled_requests_enabled: true },
      data_protection_config: {
        data_protection: {
          action: "SUBSTITUTION",
          field: { field_type: "SINGLE_HEADER", field_keys: [...secretHeaders] },
        },
      },
    }),
    ...(sameInTerraform(bare, expected) ? [] : [`must have the rules ${JSON.stringify(expected)}`]),
    ...(priorities.size === rules.length ? [] : ["has two rules of one priority, which WAF refuses"]),
    ...(unseen.length === 0 ? [] : ["has rules without metrics or samples: nobody sees what they block"]),
  ];
}

function isVisible(attributes: Attributes): boolean {
  const [visibility, ...others] = blocksOf(attributes, "visibility_config");
  return (
    others.length === 0 &&
    visibility?.cloudwatch_metrics_enabled === true &&
    visibility.sampled_requests_enabled === true &&
    String(visibility.metric_name ?? "") !== ""
  );
}

/** Each request has its caller's address, which is personal data: the log of the files has those alone that were refused (FIL-09). */
const refusedAlone: Attributes = {
  default_behavior: "DROP",
  filter: { behavior: "KEEP", requirement: "MEETS_ANY", condition: { action_condition: { action: "BLOCK" } } },
};

/** Every web ACL of a stack has a log, and one alone. */
export function aclLogs(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  return nodesIn(graph, stack, "aws_wafv2_web_acl").flatMap((acl) => {
    const [logging, ...others] = graph
      .ofType("aws_wafv2_web_acl_logging_configuration")
      .filter(({ attributes, stack: own }) => graph.resolve(attributes.resource_arn, own) === acl);
    return logging === undefined || others.length > 0
      ? findingsOn(acl, ["must have one log"])
      : webAclLogs(graph, environment, acl, logging);
  });
}

/** What a web ACL says of each request, to a group that WAF takes, without keys. */
function webAclLogs(graph: Graph, environment: Environment, acl: GraphNode, logging: GraphNode): Finding[] {
  const group = nodesIn(graph, acl.stack, "aws_cloudwatch_log_group").find(
    ({ attributes, physicalName = "" }) =>
      attributes.name ===
        `aws-waf-logs-tap-${acl.stack.component}-${environment.environmentSuffix}-${acl.stack.region}` &&
      physicalName.startsWith("aws-waf-logs-"),
  );
  if (group === undefined) return findingsOn(logging, ["must log to a group that WAF takes: aws-waf-logs-…"]);
  return [
    ...findingsOn(
      logging,
      differences(graph, logging, {
        resource_arn: referenceTo(acl, "arn"),
        log_destination_configs: [referenceTo(group, "arn")],
        redacted_fields: secretHeaders.map((name) => ({ single_header: { name } })),
        ...(acl.stack.component === "files" ? { logging_filter: refusedAlone } : {}),
      }),
    ),
    ...findingsOn(group, logGroupProblems(graph, group, environment)),
  ];
}
