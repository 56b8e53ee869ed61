import type { Environment } from "../../../config/environment";
import { stateRegions } from "../account-arns";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject } from "../requirement";
import { type Resource, resourcesOf, type StackJson } from "../stack-json";

/** Attributes that give a thing its name in AWS. */
const nameAttributes = ["name", "bucket", "function_name", "alarm_name", "dashboard_name", "topic_name", "table_name"];
/** Resources whose `name` or `bucket` is another's, or has meaning inside its owner only. */
const notNames: Readonly<Record<string, readonly string[]>> = {
  // Inside its plan.
  aws_backup_selection: ["name"],
  aws_api_gateway_model: ["name"],
  aws_api_gateway_request_validator: ["name"],
  aws_appautoscaling_policy: ["name"],
  aws_iam_role_policy: ["name"],
  aws_lambda_alias: ["name"],
  aws_lambda_permission: ["function_name"],
  // The bucket that it is of; after a failover that one is the other region's.
  aws_s3_bucket_notification: ["bucket"],
};
/** What AWS, or PLAT-20 and PLAT-17, force into another form; all of it per account or with the suffix in it. */
const forcedForms: readonly { type: string; pattern: (stack: StackJson, environment: Environment) => RegExp }[] = [
  {
    type: "aws_ssm_parameter",
    pattern: (stack) =>
      new RegExp(`^/tap/${stack.environmentSuffix}/${stack.component}/([a-z][a-z0-9_]*|config/[a-z0-9-]+)$`),
  },
  {
    // API Gateway writes execution logs to the group of this name, by the API's id, and makes it where it isn't there.
    type: "aws_cloudwatch_log_group",
    pattern: () => /^API-Gateway-Execution-Logs_\$\{aws_api_gateway_rest_api\.[\w-]+\.id\}\/live$/,
  },
  {
    type: "aws_s3_bucket",
    pattern: (stack, { accountId, account }) =>
      onlyIn(stack, `^tap-state-${accountId}-(${stateRegions(account).join("|")})$`),
  },
  { type: "aws_dynamodb_table", pattern: (stack) => onlyIn(stack, "^tap-state-lock$") },
  { type: "aws_kms_alias", pattern: (stack) => onlyIn(stack, "^alias/tap-state$") },
];
/** Longest name by type, characters, as AWS refuses it. */
const limits: Readonly<Record<string, number>> = {
  aws_backup_plan: 50,
  aws_backup_vault: 50,
  aws_iam_role: 64,
  aws_s3_bucket: 63,
  aws_sqs_queue: 80,
  aws_lambda_function: 64,
  aws_iam_policy: 128,
  aws_cloudtrail: 128,
  aws_wafv2_web_acl: 128,
  aws_cloudwatch_event_rule: 64,
};

/** What may have the same name in two regions: paths of parameters have no region in them, nor what keeps the states. */
const inEachRegion = ["aws_ssm_parameter", "aws_dynamodb_table", "aws_kms_alias"];

export const plat16: Requirement = {
  id: "PLAT-16",
  checks:
    "Every name, and every Name tag, is tap-{component}[-{resource}]-{environment}-{region}, buckets with the account id, or one of the forced forms; within AWS's length; no name twice in an account.",
  why: "Two environments in one account must never want the same name, and rights by name pattern (tap-*) must reach everything.",
  judge: (subject) => [
    ...judgeEach(subject, "all", (stack, environment) =>
      namesIn(stack).flatMap((name) => judgeName(stack, environment, name)),
    ),
    ...twice(subject),
  ],
};

interface Name {
  readonly resource: Resource;
  readonly attribute: string;
  readonly value: string;
}

function namesIn(stack: StackJson): Name[] {
  return resourcesOf(stack).flatMap((resource) => {
    const tags = (resource.attributes.tags ?? {}) as Record<string, unknown>;
    const candidates = [
      ...nameAttributes.map((attribute) => [attribute, resource.attributes[attribute]] as const),
      ["tags.Name", tags.Name] as const,
    ];
    return candidates.flatMap(([attribute, value]) =>
      typeof value !== "string" || value.startsWith("${") || notNames[resource.type]?.includes(attribute)
        ? []
        : [{ resource, attribute, value }],
    );
  });
}

function judgeName(stack: StackJson, environment: Environment, { resource, attribute, value }: Name): Finding[] {
  const account = resource.type === "aws_s3_bucket" ? `-${environment.accountId}` : "";
  // A resource in another region has that one in its name.
  const region = String(resource.attributes.region ?? stack.region);
  const prefix = "(alias/|/aws/lambda/|aws-waf-logs-)?";
  const pattern = new RegExp(
    `^${prefix}tap-${stack.component}(-[a-z0-9]+)*-${stack.environmentSuffix}-${region}${account}$`,
  );
  const forced = forcedForms.some(
    (form) => form.type === resource.type && form.pattern(stack, environment).test(value),
  );
  return [
    ...expectThat(
      forced || pattern.test(value),
      stack,
      `has the ${attribute} ${JSON.stringify(value)}, which is not of the pattern`,
      resource.address,
    ),
    ...expectThat(
      value.length <= (limits[resource.type] ?? 255),
      stack,
      `has a ${attribute} of ${value.length} characters`,
      resource.address,
    ),
  ];
}

function twice({ stacks }: Subject): Finding[] {
  const seen = new Map<string, string>();
  return stacks.flatMap((stack) =>
    namesIn(stack)
      // A name with an id in it is no one else's.
      .filter(({ attribute, value }) => attribute !== "tags.Name" && !value.includes("${"))
      .flatMap(({ resource, value }) => {
        const account = String(stack.json.provider?.aws?.[0]?.allowed_account_ids);
        const region = inEachRegion.includes(resource.type) ? (resource.attributes.region ?? stack.region) : "";
        const key = `${account} ${region} ${resource.type} ${value}`;
        const other = seen.get(key);
        seen.set(key, stack.id);
        return other === undefined
          ? []
          : [{ stack: stack.id, address: resource.address, message: `has the name ${value}, which ${other} has too` }];
      }),
  );
}

function onlyIn(stack: StackJson, pattern: string): RegExp {
  return stack.component === "bootstrap" ? new RegExp(pattern) : /^\b$/;
}
