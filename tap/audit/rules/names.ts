import { identities, scopeOf } from "../../graph/identities";
import type { GraphNode } from "../../graph/model";
import { push } from "../../graph/sorted";
import { findings, isSet, knownValue, type Rule, unknown } from "../rule";

const provider = (account: string) => ({ aws: [{ region: "us-east-1", allowed_account_ids: [account] }] });
const queue = { aws_sqs_queue: { Jobs: { name: "jobs" } } };

/** How a name must look: AWS refuses others when Terraform has already made half of the stack. */
interface NameForm {
  /** @default that which the graph knows names of the type by */
  readonly attribute?: string;
  readonly most: number;
  /** @default 1 */
  readonly least?: number;
  readonly form: RegExp;
  /** What the form lets through, in words. */
  readonly of: string;
}

const plain = { form: /^[\w-]+$/, of: "letters, digits, hyphens and underscores" };
const iam = { form: /^[\w+=,.@-]+$/, of: "letters, digits and +=,.@-_" };
const path = { form: /^[\w./#-]+$/, of: "letters, digits and ./#-_" };

/** By type, from the pages of each service's API. */
const forms: Readonly<Record<string, NameForm>> = {
  aws_backup_vault: { most: 50, least: 2, form: /^[a-zA-Z0-9-]+$/, of: "letters, digits and hyphens" },
  aws_cloudtrail: {
    most: 128,
    least: 3,
    form: /^[a-zA-Z0-9][\w.-]*[a-zA-Z0-9]$/,
    of: "letters, digits, periods, hyphens and underscores",
  },
  aws_cloudwatch_composite_alarm: { most: 255, form: /^[^\p{C}]+$/u, of: "anything but control characters" },
  aws_cloudwatch_dashboard: { most: 255, ...plain },
  aws_cloudwatch_event_bus: { most: 256, form: /^[/.\w-]+$/, of: "letters, digits and /.-_" },
  aws_cloudwatch_event_rule: { most: 64, form: /^[.\w-]+$/, of: "letters, digits, periods, hyphens and underscores" },
  aws_cloudwatch_log_group: { most: 512, ...path },
  aws_cloudwatch_metric_alarm: { most: 255, form: /^[^\p{C}]+$/u, of: "anything but control characters" },
  aws_db_instance: {
    most: 63,
    form: /^[a-z](?!.*--)[a-z0-9-]*(?<!-)$/,
    of: "small letters, digits and single hyphens, a letter first",
  },
  aws_dynamodb_table: {
    most: 255,
    least: 3,
    form: /^[\w.-]+$/,
    of: "letters, digits, periods, hyphens and underscores",
  },
  aws_iam_group: { most: 128, ...iam },
  aws_iam_instance_profile: { most: 128, ...iam },
  aws_iam_policy: { most: 128, ...iam },
  aws_iam_role: { most: 64, ...iam },
  aws_iam_user: { most: 64, ...iam },
  aws_kinesis_firehose_delivery_stream: {
    most: 64,
    form: /^[\w.-]+$/,
    of: "letters, digits, periods, hyphens and underscores",
  },
  aws_kinesis_stream: { most: 128, form: /^[\w.-]+$/, of: "letters, digits, periods, hyphens and underscores" },
  aws_kms_alias: {
    most: 256,
    form: /^alias\/(?!aws\/)[\w/-]+$/,
    of: "alias/ and letters, digits and /-_ behind it, but not alias/aws/",
  },
  aws_lambda_alias: {
    most: 128,
    form: /^(?!\d+$)[\w-]+$/,
    of: "letters, digits, hyphens and underscores, and no bare number",
  },
  aws_lambda_function: { most: 64, ...plain },
  aws_rds_cluster: {
    most: 63,
    form: /^[a-z](?!.*--)[a-z0-9-]*(?<!-)$/,
    of: "small letters, digits and single hyphens, a letter first",
  },
  aws_s3_bucket: {
    most: 63,
    least: 3,
    form: /^(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]*[a-z0-9](?<!-s3alias|--ol-s3)$/,
    of: "small letters, digits, hyphens and single periods, with a letter or digit at both ends",
  },
  aws_scheduler_schedule: {
    attribute: "name",
    most: 64,
    form: /^[.\w-]+$/,
    of: "letters, digits, periods, hyphens and underscores",
  },
  aws_scheduler_schedule_group: {
    most: 64,
    form: /^[.\w-]+$/,
    of: "letters, digits, periods, hyphens and underscores",
  },
  aws_secretsmanager_secret: { most: 512, form: /^[\w/+=.@-]+$/, of: "letters, digits and /_+=.@-" },
  aws_security_group: {
    attribute: "name",
    most: 255,
    form: /^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]+$/,
    of: "letters, digits and ._-:/()#,@[]+=&;{}!$*, and no sg- first",
  },
  aws_sfn_state_machine: { most: 80, ...plain },
  aws_sns_topic: {
    most: 256,
    form: /^[\w-]+(\.fifo)?$/,
    of: "letters, digits, hyphens and underscores, with .fifo behind a FIFO topic's",
  },
  aws_sqs_queue: {
    most: 80,
    form: /^[\w-]+(\.fifo)?$/,
    of: "letters, digits, hyphens and underscores, with .fifo behind a FIFO queue's",
  },
  aws_ssm_parameter: {
    most: 1011,
    form: /^(?!\/?(aws|ssm)(?![\w.-]))[\w./-]+$/i,
    of: "letters, digits and ./-_, and neither aws nor ssm first",
  },
  aws_wafv2_web_acl: { most: 128, ...plain },
};

/** Types of which AWS takes a second thing with the same name. */
const notUnique: ReadonlySet<string> = new Set([
  "aws_api_gateway_rest_api",
  "aws_apigatewayv2_api",
  "aws_backup_plan",
  "aws_lambda_layer_version",
]);

/** Settings that an account has once in a region: a second resource overwrites the first. */
const once: Readonly<Record<string, readonly string[]>> = {
  aws_account_alternate_contact: ["alternate_contact_type"],
  aws_api_gateway_account: [],
  aws_backup_region_settings: [],
  aws_cloudwatch_log_account_policy: ["policy_name", "policy_type"],
  aws_ebs_encryption_by_default: [],
  aws_iam_account_password_policy: [],
  aws_s3_account_public_access_block: [],
};

/** Of an account, and of no region. */
const ofAccount: ReadonlySet<string> = new Set([
  "aws_iam_account_password_policy",
  "aws_s3_account_public_access_block",
  "aws_account_alternate_contact",
]);

/** Names in AWS. */
export const namesRules: readonly Rule[] = [
  {
    id: "name-unique",
    title: "No two things have the same name in AWS",
    severity: "high",
    why: "The second one can't be made, or both stacks change the same thing in turns.",
    fix: "Put stack, environment or region into the name.",
    references: [],
    examples: {
      failing: {
        stacks: {
          one: { provider: provider("111111111111"), resource: queue },
          two: { provider: provider("111111111111"), resource: queue },
        },
      },
      passing: {
        stacks: {
          one: { provider: provider("111111111111"), resource: queue },
          two: { provider: provider("222222222222"), resource: queue },
        },
      },
    },
    judge: (graph) => {
      const byName = new Map<string, GraphNode[]>();
      for (const type of Object.keys(identities))
        if (!notUnique.has(type))
          for (const node of graph.ofType(type)) if (!isConditional(node)) addByName(byName, node);
      return [...byName.values()]
        .flatMap(othersOf)
        .flatMap(({ node, others }) => findings(node, [`must not have the name ${node.physicalName} of ${others}`]));
    },
  },
  {
    id: "name-form",
    title: "Names are as AWS takes them",
    severity: "high",
    why: "AWS refuses the name when everything before it is already made.",
    fix: "Shorten the name, and leave out the characters that AWS doesn't take.",
    references: [
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    ],
    examples: {
      failing: { resource: { aws_iam_role: { Work: { name: "w".repeat(65), assume_role_policy: "{}" } } } },
      passing: { resource: { aws_iam_role: { Work: { name: "w".repeat(64), assume_role_policy: "{}" } } } },
    },
    judge: (graph) =>
      Object.entries(forms).flatMap(
        ([type, { attribute = identities[type]?.name ?? "name", most, least = 1, form, of }]) =>
          graph.ofType(type).flatMap((node) => {
            const name = knownValue(graph, node, node.attributes[attribute]);
            if (typeof name !== "string" || name === "" || name.includes("%{")) return [];
            const length = name.length > most || name.length < least;
            return findings(node, [
              ...(length
                ? [`must have a name of ${least} to ${most} characters (${shown(name)} has ${name.length})`]
                : []),
              ...(form.test(name) ? [] : [`must have a name of ${of} (it has ${shown(name)})`]),
            ]);
          }),
      ),
  },
  {
    id: "name-fifo",
    title: "FIFO queues and topics are named so, and no others",
    severity: "high",
    why: "AWS refuses the queue or topic.",
    fix: "End the name with .fifo where fifo_queue or fifo_topic is true, and nowhere else.",
    references: ["https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"],
    examples: {
      failing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", fifo_queue: true } } } },
      passing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs.fifo", fifo_queue: true } } } },
    },
    judge: (graph) =>
      (
        [
          ["aws_sqs_queue", "fifo_queue"],
          ["aws_sns_topic", "fifo_topic"],
        ] as const
      ).flatMap(([type, attribute]) =>
        graph.ofType(type).flatMap((node) => {
          const isFifo = knownValue(graph, node, node.attributes[attribute] ?? false);
          const name = knownValue(graph, node, node.attributes.name);
          if (isFifo === unknown || typeof name !== "string") return [];
          return (String(isFifo) === "true") === name.endsWith(".fifo")
            ? []
            : findings(node, [`must have a name with .fifo behind it just where ${attribute} is true`]);
        }),
      ),
  },
  {
    id: "name-account-setting",
    title: "Settings of an account are made once",
    severity: "high",
    why: "Each stack's setting overwrites the other's, and destroying one takes it away from all.",
    fix: "Keep the setting in one stack of the account and region.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"],
    examples: {
      failing: {
        stacks: {
          one: {
            provider: provider("111111111111"),
            resource: { aws_api_gateway_account: { Logs: { cloudwatch_role_arn: "r" } } },
          },
          two: {
            provider: provider("111111111111"),
            resource: { aws_api_gateway_account: { Logs: { cloudwatch_role_arn: "r" } } },
          },
        },
      },
      passing: {
        stacks: {
          one: {
            provider: provider("111111111111"),
            resource: { aws_api_gateway_account: { Logs: { cloudwatch_role_arn: "r" } } },
          },
          two: {
            provider: provider("222222222222"),
            resource: { aws_api_gateway_account: { Logs: { cloudwatch_role_arn: "r" } } },
          },
        },
      },
    },
    judge: (graph) => {
      const byPlace = new Map<string, GraphNode[]>();
      for (const [type, by] of Object.entries(once))
        for (const node of graph.ofType(type)) {
          if (isConditional(node)) continue;
          const region = ofAccount.has(type) ? "" : (node.region ?? `of ${node.stack.id}`);
          const values = by.map((name) => String(knownValue(graph, node, node.attributes[name])));
          push(byPlace, JSON.stringify([type, node.accountId ?? `of ${node.stack.id}`, region, ...values]), node);
        }
      return [...byPlace.values()]
        .flatMap(othersOf)
        .flatMap(({ node, others }) => findings(node, [`must not set what ${others} sets as well`]));
    },
  },
];

/** Every node but the first, and who was there before. */
function othersOf([first, ...rest]: readonly GraphNode[]): { node: GraphNode; others: string }[] {
  return first === undefined
    ? []
    : rest.map((node) => ({ node, others: node.stack === first.stack ? first.address : first.id }));
}

/** By its ARN, which says account and region where they matter; else by its name, and where names of the type are unique. */
function addByName(byName: Map<string, GraphNode[]>, node: GraphNode): void {
  const { type, physicalName, arn, accountId, region, stack, attributes } = node;
  if (physicalName === undefined || !isSet(physicalName)) return;
  const scope = scopeOf(identities[type] ?? { name: "name" });
  const account = scope === "global" ? "" : (accountId ?? `of ${stack.id}`);
  const where = scope === "region" ? (region ?? `of ${stack.id}`) : "";
  // Of a bus, a function or a scope.
  const within = ["event_bus_name", "function_name", "scope"].map((name) =>
    type === "aws_lambda_function" ? "" : String(attributes[name] ?? ""),
  );
  push(
    byName,
    arn === undefined ? JSON.stringify([type, account, where, physicalName, ...within]) : `${type} ${arn}`,
    node,
  );
}

/** Made or not, or several times with other names: its one name here says nothing. */
function isConditional({ attributes }: GraphNode): boolean {
  return "count" in attributes || "for_each" in attributes;
}

function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
