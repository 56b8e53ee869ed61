import { matchesArn, matchesPattern } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";

/** A thing that is encrypted with a key. */
export interface KeyUser {
  readonly key: GraphNode;
  readonly user: GraphNode;
  /** The service that encrypts it, as `kms:ViaService` has it before the region: `dynamodb`. */
  readonly service: string;
}

/** What a service says of what it encrypts: the key of the encryption context, and its value for a thing. */
interface Encryption {
  readonly service: string;
  readonly context?: { readonly name: string; readonly value: (node: GraphNode, graph: Graph) => string | undefined };
}

const arnOf = ({ arn }: GraphNode) => arn;

/** How types are encrypted: the contexts that the services' guides name. */
const encryptions: Readonly<Record<string, Encryption>> = {
  aws_backup_vault: { service: "backup" },
  aws_cloudtrail: { service: "cloudtrail", context: { name: "aws:cloudtrail:arn", value: arnOf } },
  aws_cloudwatch_log_group: { service: "logs", context: { name: "aws:logs:arn", value: arnOf } },
  aws_db_instance: { service: "rds" },
  aws_dynamodb_table: {
    service: "dynamodb",
    context: { name: "aws:dynamodb:tableName", value: ({ physicalName }) => physicalName },
  },
  aws_dynamodb_table_replica: {
    service: "dynamodb",
    context: {
      name: "aws:dynamodb:tableName",
      value: (node, graph) => graph.resolve(node.attributes.global_table_arn, node.stack)?.physicalName,
    },
  },
  aws_ebs_volume: { service: "ec2" },
  aws_efs_file_system: { service: "elasticfilesystem" },
  aws_kinesis_stream: { service: "kinesis", context: { name: "aws:kinesis:arn", value: arnOf } },
  aws_lambda_function: { service: "lambda", context: { name: "aws:lambda:FunctionArn", value: arnOf } },
  aws_rds_cluster: { service: "rds" },
  aws_s3_bucket_server_side_encryption_configuration: {
    service: "s3",
    context: {
      name: "aws:s3:arn",
      value: (node, graph) => graph.resolve(node.attributes.bucket, node.stack, { types: ["aws_s3_bucket"] })?.arn,
    },
  },
  aws_secretsmanager_secret: { service: "secretsmanager", context: { name: "SecretARN", value: arnOf } },
  aws_sns_topic: { service: "sns", context: { name: "aws:sns:topicArn", value: arnOf } },
  aws_sqs_queue: { service: "sqs", context: { name: "aws:sqs:arn", value: arnOf } },
};

/** Types of what a service works on, by how they begin. */
export const serviceTypes: Readonly<Record<string, RegExp>> = {
  autoscaling: /^aws_(autoscaling|launch)_/,
  backup: /^aws_backup_/,
  cloudtrail: /^aws_cloudtrail/,
  cloudwatch: /^aws_cloudwatch_(metric|composite)_alarm$/,
  dynamodb: /^aws_dynamodb_/,
  ec2: /^aws_(ebs_|instance$|launch_template$|ami)/,
  elasticache: /^aws_elasticache_/,
  elasticfilesystem: /^aws_efs_/,
  events: /^aws_cloudwatch_event_/,
  firehose: /^aws_kinesis_firehose_/,
  kinesis: /^aws_kinesis_/,
  lambda: /^aws_lambda_/,
  logs: /^aws_cloudwatch_(log_|query_)/,
  rds: /^aws_(rds_|db_)/,
  redshift: /^aws_redshift/,
  s3: /^aws_s3_/,
  secretsmanager: /^aws_secretsmanager_/,
  sns: /^aws_sns_/,
  sqs: /^aws_sqs_/,
  ssm: /^aws_ssm_/,
  states: /^aws_sfn_/,
};

/** Attributes that name the key a thing is encrypted with. */
const naming = /(^|\.)(kms_key_id|kms_key_arn|kms_master_key_id|kms_master_key_arn|source_kms_key_arn)$/;

/** All things that are encrypted with keys of the configuration. */
export const keyUsers = rememberingObjects((graph: Graph): readonly KeyUser[] =>
  ["aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"]
    .flatMap((type) => graph.ofType(type))
    .flatMap((key) => {
      const aliases = graph
        .referencesTo(key)
        .flatMap(({ from, path }) => (from.type === "aws_kms_alias" && path === "target_key_id" ? [from] : []));
      const users = [key, ...aliases]
        .flatMap((named) => graph.referencesTo(named))
        .filter(({ from, path }) => from.mode === "managed" && naming.test(path) && !/(^|\.)replica(\[|\.)/.test(path))
        .map(({ from }) => from);
      return [...new Set(users)].flatMap((user) => {
        const service = encryptions[user.type]?.service;
        return service === undefined ? [] : [{ key, user, service }];
      });
    }),
);

/** The encryption context of a thing; undefined where the service sends none that a policy may hold on to. */
export function contextOf(
  graph: Graph,
  user: GraphNode,
): { readonly name: string; readonly value: string } | undefined {
  const { name, value } = encryptions[user.type]?.context ?? {};
  const known = value?.(user, graph);
  return name === undefined || known === undefined ? undefined : { name, value: known };
}

/** Whether a pattern of a policy matches a value: an ARN or a name. A secret's ARN has an end that AWS chooses. */
export function matchesContext(pattern: string, value: string): boolean {
  return pattern === value || matchesArn(pattern, value) || matchesPattern(pattern, value);
}
