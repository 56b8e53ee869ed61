import { isObject, ownValue } from "../graph/terraform-json";
import type { ConfiguredResource, DriftPlan, ResourceDrift } from "./plan-json";
import type { AttributeDrift } from "./report";

/** What an attribute tells of is a resource of its own, of this type. */
interface Echo {
  readonly of: string;
  /** How many of them the attribute speaks of; without it, one. More than there are in the stack is drift. */
  readonly count?: (value: unknown) => number;
}

const listed = (value: unknown) => (Array.isArray(value) ? value.length : 0);

/** Every source of every rule: AWS puts together what differs by nothing else. */
const sources = (rules: unknown) =>
  (Array.isArray(rules) ? rules : []).reduce((sum: number, rule) => {
    if (!isObject(rule)) return sum + 1;
    const lists = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"].map((key) =>
      listed(rule[key]),
    );
    return sum + lists.reduce((a, b) => a + b, rule.self === true ? 1 : 0);
  }, 0);

/**
 * Attributes that the provider reads back and that other resources of the stack are there for. The first time that
 * anybody looks after a deployment they differ from the state, which was written before these resources were made. A
 * change of them by hand is seen in the other resource; what these can't show (one more policy or rule) is counted.
 */
const echoes: Readonly<Record<string, Readonly<Record<string, Echo>>>> = {
  aws_s3_bucket: {
    acceleration_status: { of: "aws_s3_bucket_accelerate_configuration" },
    acl: { of: "aws_s3_bucket_acl" },
    cors_rule: { of: "aws_s3_bucket_cors_configuration" },
    grant: { of: "aws_s3_bucket_acl" },
    lifecycle_rule: { of: "aws_s3_bucket_lifecycle_configuration" },
    logging: { of: "aws_s3_bucket_logging" },
    object_lock_configuration: { of: "aws_s3_bucket_object_lock_configuration" },
    policy: { of: "aws_s3_bucket_policy" },
    replication_configuration: { of: "aws_s3_bucket_replication_configuration" },
    server_side_encryption_configuration: { of: "aws_s3_bucket_server_side_encryption_configuration" },
    versioning: { of: "aws_s3_bucket_versioning" },
    website: { of: "aws_s3_bucket_website_configuration" },
  },
  aws_iam_role: {
    inline_policy: { of: "aws_iam_role_policy", count: listed },
    managed_policy_arns: { of: "aws_iam_role_policy_attachment", count: listed },
  },
  aws_security_group: {
    egress: { of: "aws_vpc_security_group_egress_rule", count: sources },
    ingress: { of: "aws_vpc_security_group_ingress_rule", count: sources },
  },
  aws_sns_topic: { policy: { of: "aws_sns_topic_policy" } },
  aws_sqs_queue: {
    policy: { of: "aws_sqs_queue_policy" },
    redrive_allow_policy: { of: "aws_sqs_queue_redrive_allow_policy" },
    redrive_policy: { of: "aws_sqs_queue_redrive_policy" },
  },
  aws_kms_key: { policy: { of: "aws_kms_key_policy" } },
  aws_api_gateway_rest_api: { policy: { of: "aws_api_gateway_rest_api_policy" } },
  aws_dynamodb_table: { replica: { of: "aws_dynamodb_table_replica", count: listed } },
};

/** Whether a difference only tells what another resource of the stack was made for. */
export function isEcho(plan: DriftPlan, { address, type, change }: ResourceDrift, { path }: AttributeDrift): boolean {
  const [attribute = ""] = path.split(/[.[]/);
  const echo = ownValue(ownValue(echoes, type) ?? {}, attribute);
  if (echo === undefined) return false;
  const configured = plan.configuration?.root_module?.resources ?? [];
  if (configured.find((resource) => resource.address === address)?.expressions?.[attribute] !== undefined) return false;
  const names = namesOf(change.before);
  const others = configured.filter((other) => other.type === echo.of && isAbout(other, address, names)).length;
  if (echo.count === undefined) return others > 0;
  return isObject(change.after) && others >= echo.count(change.after[attribute]);
}

function namesOf(value: unknown): ReadonlySet<unknown> {
  return new Set(isObject(value) ? [value.id, value.arn, value.name, value.bucket].filter((name) => name) : []);
}

/** Whether a resource's arguments refer to another one, by expression or by its written-out name. */
function isAbout({ expressions = {} }: ConfiguredResource, address: string, names: ReadonlySet<unknown>): boolean {
  return Object.values(expressions).some(
    (expression) =>
      isObject(expression) &&
      (names.has(expression.constant_value) ||
        (Array.isArray(expression.references) && expression.references.includes(address))),
  );
}
