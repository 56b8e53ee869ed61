import type { Environment } from "../../../config/environment";
import { regionPattern } from "../../../config/fields";
import { type Leaf, leavesOf } from "../../graph/leaves";
import { remembering } from "../../graph/remembering";
import { type Attributes, isObject } from "../../graph/terraform-json";
import { releaseRoles } from "../account-arns";
import { expectThat, type Finding, judgeEach, type Requirement } from "../requirement";
import { resourcesOf, type StackJson } from "../stack-json";

export const api01: Requirement = {
  id: "API-01",
  checks:
    "Whatever is named anywhere in the JSON, in an attribute of whatever depth, an ARN, a path, a namespace of metrics, an output's parameter or a tag, carries the environment's suffix, but for what the account has once and names that are inside another thing.",
  why: "Two environments in one account that share one name overwrite each other, or the second can't be deployed.",
  judge: (subject) =>
    judgeEach(subject, "all", (stack, environment) => {
      // What the account has once carries the suffix of the environment that it belongs to (PLAT-16).
      if (stack.component === "bootstrap") return [];
      const texts = resourceTexts(stack);
      return [
        ...tags(stack),
        ...named(stack, environment, texts),
        ...mentioned(stack, environment, [...texts, ...otherTexts(stack)]),
        ...exports(stack),
      ];
    }),
};

/** The last part of the way to a text that names something. */
const nameLike = /(^|_)(name|bucket|identifier|alias|namespace|name_prefix|bucket_prefix|identifier_prefix)$/i;

/** Names that have a meaning inside their owner alone, whose own name carries the suffix. */
const insideAnother = new Set([
  "aws_api_gateway_method operation_name",
  "aws_api_gateway_model name",
  "aws_api_gateway_request_validator name",
  "aws_api_gateway_stage stage_name",
  "aws_backup_plan rule.rule_name",
  "aws_appautoscaling_policy name",
  "aws_dynamodb_table attribute.name",
  "aws_dynamodb_table global_secondary_index.name",
  "aws_dynamodb_table ttl.attribute_name",
  "aws_iam_role_policy name",
  "aws_lambda_alias name",
  // Beside the name of the record, which no other environment has.
  "aws_route53_record set_identifier",
  "aws_wafv2_web_acl rule.name",
  "aws_wafv2_web_acl rule.visibility_config.metric_name",
  // Beside the namespace of its metrics, which carries the suffix.
  "aws_lambda_function environment.variables.POWERTOOLS_SERVICE_NAME",
]);

/** What AWS has named. */
const awsNames: Readonly<Record<string, RegExp>> = {
  "aws_appautoscaling_policy service_namespace": /^dynamodb$/,
  "aws_appautoscaling_target service_namespace": /^dynamodb$/,
  // API Gateway takes no other; the API's id is in it.
  "aws_cloudwatch_log_group name": /^API-Gateway-Execution-Logs_\$\{aws_api_gateway_rest_api\.[\w-]+\.id\}\/live$/,
  "aws_cloudwatch_metric_alarm metric_name": /^[A-Z0-9][A-Za-z0-9.]+$/,
  "aws_cloudwatch_metric_alarm metric_query.metric.metric_name": /^[A-Z0-9][A-Za-z0-9.]+$/,
  "aws_cloudwatch_metric_alarm metric_query.metric.namespace": /^AWS\/\w+$/,
  // Drift has one namespace, by which roles are let measure it, and the environment in its dimension (PLAT-09).
  "aws_cloudwatch_metric_alarm namespace": /^(AWS\/\w+|Tap\/Drift)$/,
  "aws_vpc_endpoint service_name": /^com\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+$/,
  "aws_wafv2_web_acl rule.statement.managed_rule_group_statement.name": /^AWSManagedRules\w+$/,
  "aws_wafv2_web_acl rule.statement.managed_rule_group_statement.vendor_name": /^AWS$/,
  "aws_wafv2_web_acl_logging_configuration redacted_fields.single_header.name": /^[a-z-]+$/,
};

interface Text extends Pick<Leaf, "text" | "path" | "way"> {
  readonly type: string;
  readonly address?: string;
}

function resourceTexts(stack: StackJson): Text[] {
  const data = Object.entries(stack.json.data ?? {}).flatMap(([type, instances]) =>
    Object.entries(instances).map(([name, attributes]) => ({
      type: `data.${type}`,
      address: `data.${type}.${name}`,
      attributes,
    })),
  );
  return [...resourcesOf(stack), ...data].flatMap(({ type, address, attributes }) =>
    leavesOf(attributes).map(({ text, path, way }) => ({ text, path, way, type, address })),
  );
}

/** What no resource says: outputs, variables, locals, the provider, the backend. */
function otherTexts(stack: StackJson): Text[] {
  const { output, variable, locals, provider, terraform } = stack.json;
  const others: Attributes = { output, variable, locals, aws: provider, terraform };
  return Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .flatMap(([type, value]) => leavesOf({ [type]: value }).map(({ text, path, way }) => ({ text, path, way, type })));
}

function named(stack: StackJson, environment: Environment, texts: readonly Text[]): Finding[] {
  return texts
    .filter((leaf) => !isDomain(leaf, environment))
    .filter(({ way, text }) => nameLike.test(way) && !isReference(text) && text !== "")
    .filter(({ type, way, text }) => !insideAnother.has(`${type} ${way}`) && !awsNames[`${type} ${way}`]?.test(text))
    .filter(({ text }) => !carriesSuffix(text, stack))
    .map(({ path, text, address }) => finding(stack, address, `has the ${path} ${text}, without the suffix`));
}

/** The name of the API that is configured for this environment, and for no other. */
function isDomain({ type, way, text }: Text, { api }: Environment): boolean {
  return type === "aws_acm_certificate" && way === "domain_name" && text === api.domain?.name;
}

function isReference(text: string): boolean {
  return /^\$\{[^{}]*\}$/.test(text);
}

/** In the place that the pattern of names has for it. */
function carriesSuffix(text: string, { environmentSuffix }: StackJson): boolean {
  return suffixed(environmentSuffix).some((pattern) => pattern.test(text));
}

const suffixed = remembering((environmentSuffix) => [
  new RegExp(`-${environmentSuffix}-${region}(-\\d{12})?($|[^a-z0-9-])`),
  new RegExp(`^/?tap/${environmentSuffix}(/|$)`),
]);

const region = regionPattern.source.replace(/^\^/, "").replace(/\$$/, "");

/** Wherever a thing of this project is mentioned, it is one of this environment, or the account's. */
function mentioned(stack: StackJson, environment: Environment, texts: readonly Text[]): Finding[] {
  return texts
    .filter((leaf) => !isDomain(leaf, environment))
    .flatMap((leaf) =>
      mentionsIn(leaf.text)
        .filter((mention) => !isOwn(mention, stack) && !isAccountWide(mention, leaf, environment))
        .map((mention) => finding(stack, leaf.address, `speaks of ${mention} in ${leaf.path}, without the suffix`)),
    );
}

function mentionsIn(text: string): string[] {
  if (!text.includes("tap")) return [];
  return [...text.matchAll(/(?<![A-Za-z0-9])tap[-/][^\s"',]*/g)].map(([mention]) => mention);
}

function isOwn(mention: string, { environmentSuffix }: StackJson): boolean {
  return own(environmentSuffix).some((pattern) => pattern.test(mention));
}

const own = remembering((environmentSuffix) => [
  new RegExp(`^tap-[a-z0-9*-]+-${environmentSuffix}-${region}(-\\d{12}|-\\?{6})?(-\\*|[.:/].*)?$`),
  new RegExp(`^tap/${environmentSuffix}(/|$)`),
]);

/** Beginnings of names, by which something is for all things of the account. */
const beginnings: Readonly<Record<string, RegExp>> = {
  // Alarms that CloudWatch speaks for, with the account in the ARN.
  aws_kms_key: /^policy\.Statement\.Condition\.ArnLike\.aws:SourceArn$/,
  aws_sns_topic_policy: /^policy\.Statement\.Condition\.ArnLike\.aws:SourceArn$/,
  // What a trail records.
  aws_cloudtrail: /^advanced_event_selector\.field_selector\.(not_)?starts_with$/,
};

/** Where state is, what bootstrap made, beginnings of names, and mailboxes of teams. */
function isAccountWide(mention: string, { way, type }: Text, environment: Environment): boolean {
  const { accountId, account } = environment;
  if (type === "terraform")
    return [`tap-state-${accountId}-${account.stateRegion}`, "tap-state-lock", "tap-state"].includes(mention);
  const ofBootstrap = new RegExp(`^tap-bootstrap-[a-z-]+-${account.environmentSuffix}-${account.region}$`);
  return (
    ofBootstrap.test(mention) ||
    // Who takes releases over to the next environment.
    (type === "aws_iam_role" &&
      way === "assume_role_policy.Statement.Condition.ArnEquals.aws:PrincipalArn" &&
      releaseRoles(environment).reader.endsWith(`:role/${mention}`)) ||
    (/^tap-([a-z]+-)?\*?$/.test(mention) && beginnings[type]?.test(way) === true) ||
    (type === "aws_sns_topic_subscription" && way === "endpoint" && /^[^@/:]+@[^@/:]+$/.test(mention))
  );
}

/** An output has no name of its own in AWS: its parameter is the export. */
function exports(stack: StackJson): Finding[] {
  const parameters = resourcesOf(stack, "aws_ssm_parameter");
  const prefix = `/tap/${stack.environmentSuffix}/${stack.component}/`;
  return Object.keys(stack.json.output ?? {}).flatMap((key) =>
    expectThat(
      parameters.filter(({ attributes }) => attributes.name === `${prefix}${key}`).length === 1,
      stack,
      `must export ${key} as ${prefix}${key}`,
    ),
  );
}

function tags(stack: StackJson): Finding[] {
  const { environmentSuffix } = stack;
  const ofProviders = (stack.json.provider?.aws ?? []).map(({ default_tags }) => {
    const [tag] = [default_tags].flat();
    return isObject(tag) && isObject(tag.tags) ? tag.tags.Environment : undefined;
  });
  const changed = resourcesOf(stack).filter(
    ({ attributes: { tags: own } }) => isObject(own) && "Environment" in own && own.Environment !== environmentSuffix,
  );
  return [
    ...expectThat(
      ofProviders.length > 0 && ofProviders.every((value) => value === environmentSuffix),
      stack,
      `must tag everything Environment: ${environmentSuffix}`,
    ),
    ...changed.map(({ address }) => finding(stack, address, "is tagged as another environment's")),
  ];
}

function finding(stack: StackJson, address: string | undefined, message: string): Finding {
  return { stack: stack.id, ...(address === undefined ? {} : { address }), message };
}
