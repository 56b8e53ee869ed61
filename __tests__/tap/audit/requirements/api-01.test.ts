import { rmSync } from "node:fs";
import { loadEnvironments } from "../../../../config/load";
import { toSubject } from "../../../../tap/audit/requirement";
import { api01 } from "../../../../tap/audit/requirements/api-01";
import { plat16 } from "../../../../tap/audit/requirements/plat-16";
import { readStacks, resourcesOf, type StackJson } from "../../../../tap/audit/stack-json";
import { leavesOf } from "../../../../tap/graph/leaves";
import { tap, temporaryFolder } from "../../../support/project";
import { type Mutation, prove } from "../../../support/prove";
import { backend, provider, resource, stackOf } from "../../../support/synthesized";
import { add, jobs, jobsResource } from "./mutations";

type Attributes = Record<string, unknown>;

/** Takes the suffix out of an attribute. */
const unsuffixed =
  (component: string, type: string, name: string | undefined, attribute: string): Mutation =>
  (subject, environment) => {
    const { region } = subject.environments.find(({ environmentSuffix }) => environmentSuffix === environment) ?? {};
    const attributes = resource(stackOf(subject, environment, component, region), type, name);
    attributes[attribute] = String(attributes[attribute]).replaceAll(new RegExp(`-${environment}(?=-)`, "g"), "");
  };

const inFunction = (change: (variables: Attributes) => void) =>
  jobsResource("aws_lambda_function", "work_Function", (lambda) => {
    change((lambda.environment as { variables: Attributes }).variables);
  });

prove(
  api01,
  {
    "a queue's name lacks the suffix": unsuffixed("jobs", "aws_sqs_queue", "Queue_C399BAB1", "name"),
    "an API's name lacks the suffix": unsuffixed("api", "aws_api_gateway_rest_api", undefined, "name"),
    "an API key's name lacks the suffix": unsuffixed("api", "aws_api_gateway_api_key", undefined, "name"),
    "a usage plan's name lacks the suffix": unsuffixed("api", "aws_api_gateway_usage_plan", undefined, "name"),
    "a web ACL's name lacks the suffix": unsuffixed("api", "aws_wafv2_web_acl", undefined, "name"),
    "a log group's name lacks the suffix": unsuffixed("api", "aws_cloudwatch_log_group", "WebAcl", "name"),
    "an alarm's name lacks the suffix": unsuffixed(
      "api",
      "aws_cloudwatch_metric_alarm",
      "Messages_Alarms_age",
      "alarm_name",
    ),
    "a dashboard's name lacks the suffix": unsuffixed(
      "observability",
      "aws_cloudwatch_dashboard",
      undefined,
      "dashboard_name",
    ),
    "a rule's name lacks the suffix": unsuffixed("api", "aws_cloudwatch_event_rule", undefined, "name"),
    "a policy names a thing without the suffix": unsuffixed(
      "api",
      "aws_iam_role_policy",
      "replicate_Role_data",
      "policy",
    ),
    "a subscription's queue lacks the suffix": unsuffixed("api", "aws_sns_topic_subscription", undefined, "endpoint"),
    "a log group's name begins with the suffix": jobsResource("aws_cloudwatch_log_group", "work_LogGroup", (group) => {
      group.name = "/aws/lambda/dev-jobs";
    }),
    "a web ACL's metrics lack the suffix": (subject, environment) => {
      const acl = resource(stackOf(subject, environment, "api", "us-west-2"), "aws_wafv2_web_acl");
      acl.visibility_config = { ...(acl.visibility_config as object), metric_name: "api" };
    },
    "a certificate is for a domain that isn't configured": (subject, environment) =>
      add(stackOf(subject, environment, "api", "us-west-2"), "aws_acm_certificate", { domain_name: "api.example.com" }),
    "a name is AWS's to choose": jobsResource("aws_sqs_queue", "Queue_C399BAB1", (queue) => {
      delete queue.name;
      queue.name_prefix = "tap-jobs-";
    }),
    "a thing of a type that nobody thought of is named": jobs((stack) =>
      add(stack, "aws_scheduler_schedule", { name: "jobs", target: [{ sqs_parameters: { message_group_name: "x" } }] }),
    ),
    "a name is deep within": jobs((stack) =>
      add(stack, "aws_glue_job", { name: "x", command: [{ bucket: "results" }] }),
    ),
    "a function's metrics are in everybody's namespace": inFunction((variables) => {
      variables.POWERTOOLS_METRICS_NAMESPACE = "tap";
    }),
    "a function is told another environment's table": inFunction((variables) => {
      variables.TABLE_NAME = "tap-jobs-other-us-east-1";
    }),
    "a function is told another environment's settings": inFunction((variables) => {
      variables.CONFIG_PATH = "/tap/other/jobs/config/";
    }),
    "an alarm is on a metric of everybody's": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "work_Alarms_throttles",
      (alarm) => {
        alarm.namespace = "tap";
      },
    ),
    "a parameter is another environment's": jobsResource("aws_ssm_parameter", "output_queue_arn", (parameter) => {
      parameter.name = "/tap/other/jobs/queue_arn";
    }),
    "a parameter is nobody's": jobsResource("aws_ssm_parameter", "output_queue_arn", (parameter) => {
      parameter.name = "/jobs/queue_arn";
    }),
    "an output is exported under no path": jobs((stack) => {
      delete stack.json.resource?.aws_ssm_parameter?.output_queue_arn;
    }),
    "an output is exported twice": jobs((stack) =>
      add(stack, "aws_ssm_parameter", resource(stack, "aws_ssm_parameter", "output_queue_arn")),
    ),
    "an output is of another environment's thing": jobs((stack) => {
      stack.json.output = { ...stack.json.output, queue_name: { value: "tap-jobs-other-us-east-1" } };
    }),
    "a parameter of another environment is read": (subject, environment) => {
      const [read] = Object.values(stackOf(subject, environment, "jobs").json.data?.aws_ssm_parameter ?? {});
      Object.assign(read ?? {}, { name: "/tap/other/network/vpc_id" });
    },
    "the state is under another environment's key": jobs((stack) => {
      const s3 = stack.json.terraform?.backend?.s3 as Attributes;
      s3.key = "tap-jobs-other-us-east-1/terraform.tfstate";
    }),
    "everything is tagged as another environment's": jobs((stack) => {
      const [defaults] = provider(stack).default_tags as { tags: Attributes }[];
      Object.assign(defaults?.tags ?? {}, { Environment: "other" });
    }),
    "nothing is tagged": jobs((stack) => {
      delete provider(stack).default_tags;
    }),
    "one thing is tagged as another environment's": jobsResource("aws_sqs_queue", "Queue_C399BAB1", (queue) => {
      queue.tags = { Environment: "other" };
    }),
  },
  { alone: true, without: ["files", "stream"] },
);

/** What a second environment may have in common with the first: by type, and the way to it. */
const shared = [
  // The account's: state, lock and key, and what bootstrap made.
  /^terraform backend\.s3\.(bucket|dynamodb_table|kms_key_id)$/,
  /^variable provider_role_arn\.default$/,
  /^aws_iam_role permissions_boundary$/,
  /^aws_(kms_key|sns_topic_policy) policy\.Statement\.Condition\.ArnLike\.aws:SourceArn$/,
  /^aws_sns_topic_subscription endpoint$/,
  // Who takes releases on: the account's, where there is no next environment.
  /^aws_iam_role assume_role_policy\.Statement\.Condition\.ArnEquals\.aws:PrincipalArn$/,
  // Names that are inside another thing, which has a name of its own.
  /^aws_api_gateway_(method operation_name|model name|request_validator name|stage stage_name)$/,
  /^aws_(iam_role_policy|lambda_alias|appautoscaling_policy) name$/,
  /^aws_dynamodb_table (attribute\.name|global_secondary_index\.name|ttl\.attribute_name)$/,
  /^aws_backup_plan rule\.rule_name$/,
  /^aws_s3_bucket_notification queue\.filter_prefix$/,
  /^aws_wafv2_web_acl rule\.(name|visibility_config\.metric_name)$/,
  /^aws_lambda_function environment\.variables\.POWERTOOLS_SERVICE_NAME$/,
  // The API's id, which AWS chooses, is in the name.
  /^aws_cloudwatch_log_group name$/,
  // AWS's own.
  /^aws_cloudwatch_metric_alarm (metric_query\.metric\.)?(metric_name|namespace)$/,
  /^aws_wafv2_web_acl rule\.statement\.managed_rule_group_statement\.((vendor_)?|rule_action_override\.)name$/,
  /^aws_wafv2_web_acl_logging_configuration redacted_fields\.single_header\.name$/,
  /^aws_vpc_endpoint service_name$/,
  /^aws_appautoscaling_(policy|target) service_namespace$/,
];

/** Every text that is a name by its key, or that has the project's name in it, with the ways on which it stands. */
function namesOf(stacks: readonly StackJson[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const stack of stacks)
    for (const { type, attributes } of partsOf(stack))
      for (const { way, text } of leavesOf(attributes)) {
        const isName = /(^|[._])(name|bucket|alias|identifier|namespace|\w+_prefix)$/i.test(way);
        const isReference = /^\$\{[^{}]*\}$/.test(text) || /^\$\{[^{}]*\}:\*$/.test(text);
        if (text !== "" && !isReference && (isName || /(?<![A-Za-z0-9])tap[-/]/.test(text)))
          found.set(text, (found.get(text) ?? new Set()).add(`${type} ${way}`));
      }
  return found;
}

function partsOf(stack: StackJson): { type: string; attributes: Attributes }[] {
  const { data = {}, output = {}, variable = {}, locals = {}, provider: providers = {}, terraform = {} } = stack.json;
  return [
    ...resourcesOf(stack),
    ...Object.entries(data).flatMap(([type, named]) =>
      Object.values(named).map((attributes) => ({ type: `data.${type}`, attributes })),
    ),
    ...Object.entries({ output, variable, locals, provider: { aws: providers }, terraform }).map(
      ([type, attributes]) => ({
        type,
        attributes: attributes as Attributes,
      }),
    ),
  ];
}

function sharedNames(stacks: readonly StackJson[], one: string, other: string): string[] {
  const of = (suffix: string) => namesOf(stacks.filter(({ environmentSuffix }) => environmentSuffix === suffix));
  const others = of(other);
  return [...of(one)]
    .filter(([text]) => others.has(text))
    .flatMap(([text, ways]) => [...ways].map((way) => ({ text, way })))
    .filter(({ way }) => !shared.some((exception) => exception.test(way)))
    .map(({ text, way }) => `${way}: ${text}`);
}

describe("API-01 two suffixes side by side in one account", () => {
  const suffixes = ["pr12", "pr34"];
  const outdir = temporaryFolder();
  const { exitCode, stderr } = tap(["synth", "--env", suffixes.join(","), "--outdir", outdir]);
  const stacks = exitCode === 0 ? readStacks(outdir) : [];
  rmSync(outdir, { recursive: true, force: true });

  test("are synthesized, in one account, with the same stacks", () => {
    expect([exitCode, stderr.includes("Error")]).toEqual([0, false]);
    const of = (suffix: string) =>
      stacks.filter(({ environmentSuffix }) => environmentSuffix === suffix).map(({ id }) => id.replace(suffix, "…"));
    expect(of("pr12").length).toBeGreaterThan(6);
    expect(of("pr34")).toEqual(of("pr12"));
    expect(new Set(stacks.map((stack) => String(provider(stack).allowed_account_ids))).size).toBe(1);
  });

  test("share no name anywhere, but for what the account has once and names inside another thing", () => {
    expect(sharedNames(stacks, "pr12", "pr34")).toEqual([]);
  });

  test("have no exception that nothing needs", () => {
    const ways = [...namesOf(stacks).values()].flatMap((each) => [...each]);
    expect(shared.filter((exception) => !ways.some((way) => exception.test(way)))).toEqual([]);
  });

  test("have no addresses in common", () => {
    const ranges = stacks.flatMap((stack) =>
      resourcesOf(stack, "aws_vpc").map(({ attributes }) => attributes.cidr_block),
    );
    expect(ranges).toHaveLength(4);
    expect(new Set(ranges).size).toBe(4);
  });

  test("have names of the pattern, and none twice", () => {
    const subject = toSubject({
      stacks,
      environments: loadEnvironments({ environmentSuffix: suffixes.join(",") }),
      backend,
    });
    expect([...api01.judge(subject), ...plat16.judge(subject)]).toEqual([]);
  });

  // What would be seen if a name were shared.
  test.each([
    ["a queue", "jobs", "aws_sqs_queue", "Queue_C399BAB1", "name"],
    ["an API key", "api", "aws_api_gateway_api_key", undefined, "name"],
    ["a policy of a queue", "jobs", "aws_sqs_queue_policy", "Queue_Policy_17FE05FD", "policy"],
    ["a parameter", "jobs", "aws_ssm_parameter", "output_queue_arn", "name"],
  ])("share the name of %s: that is seen", (_, component, type, name, attribute) => {
    const changed = structuredClone(stacks);
    const of = (suffix: string) => {
      const stack = changed.find(({ id }) => id === `tap-${component}-${suffix}-us-east-1`);
      return resource(stack as StackJson, type, name);
    };
    of("pr34")[attribute] = of("pr12")[attribute];
    expect(sharedNames(changed, "pr12", "pr34").length).toBeGreaterThan(0);
  });
});
