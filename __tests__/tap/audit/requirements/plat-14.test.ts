import { plat14 } from "../../../../tap/audit/requirements/plat-14";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  add,
  bootstrap,
  changing,
  jobs,
  jobsResource,
  records,
  recordsResource,
  referenceTo,
  remove,
  rewrite,
} from "./mutations";

const tableReplica = (mutate: (attributes: Attributes) => void): Mutation =>
  jobsResource("aws_dynamodb_table_replica", undefined, mutate);

/** The rule from the primary region, and the one back. */
const rule = (mutate: (rule: Attributes) => void, id = "Rule_"): Mutation =>
  jobsResource("aws_s3_bucket_replication_configuration", `Results_Replication_${id}`, (attributes) =>
    mutate((attributes.rule as [Attributes])[0]),
  );

const destination = (changes: Attributes): Mutation =>
  rule((each) => Object.assign(each.destination as Attributes, changes));

const withoutAction = (sid: string, action: string): Mutation =>
  jobsResource("aws_iam_role_policy", "Results_Replication", (attributes) =>
    rewrite(
      attributes,
      "policy",
      changing(sid, ({ Action }) => ({ Action: [Action ?? []].flat().filter((each) => each !== action) })),
    ),
  );

const stateRule = (mutate: (rule: Attributes) => void): Mutation =>
  bootstrap((stack) => mutate((resource(stack, "aws_s3_bucket_replication_configuration").rule as [Attributes])[0]));

// Of the environments, prod has a second region to go to; the others must have nothing of it.
prove(
  plat14,
  {
    "the jobs' table has no replica": jobs((stack) => remove(stack, "aws_dynamodb_table_replica", "Table")),
    "the records' table has no replica": records((stack) => remove(stack, "aws_dynamodb_table_replica", "Table")),
    "the replica is in the same region": tableReplica((replica) => {
      delete replica.region;
    }),
    "the replica is under AWS's own key": tableReplica((replica) => {
      delete replica.kms_key_arn;
    }),
    "the replica is under the key of the first region": jobs((stack) => {
      const { kms_key_arn } = resource(stack, "aws_dynamodb_table").server_side_encryption as Attributes;
      resource(stack, "aws_dynamodb_table_replica").kms_key_arn = kms_key_arn;
    }),
    "the replica's key isn't for the table": jobsResource("aws_kms_key", "Key_Replica", (key) =>
      rewrite(
        key,
        "policy",
        changing("DynamoDb", ({ Condition }) => ({
          Condition: { ...Condition, StringLike: { "kms:EncryptionContext:aws:dynamodb:tableName": ["other"] } },
        })),
      ),
    ),
    "the replica can't be restored": tableReplica((replica) => {
      replica.point_in_time_recovery = false;
    }),
    "the replica may be deleted": tableReplica((replica) => {
      replica.deletion_protection_enabled = false;
    }),
    "the replica may be destroyed": tableReplica((replica) => {
      delete replica.lifecycle;
    }),
    "the table's stream doesn't tell what was": jobsResource("aws_dynamodb_table", undefined, (table) => {
      table.stream_view_type = "NEW_IMAGE";
    }),
    "the table has no stream": jobsResource("aws_dynamodb_table", undefined, (table) => {
      table.stream_enabled = false;
    }),
    "the table removes its replicas": jobsResource("aws_dynamodb_table", undefined, (table) => {
      table.lifecycle = { prevent_destroy: true };
    }),
    "the records' replica doesn't wait for the scaling": recordsResource(
      "aws_dynamodb_table_replica",
      "",
      (replica) => {
        delete replica.depends_on;
      },
    ),
    "nobody hears of a replica that is behind": jobs((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "table-replication-latency"),
    ),
    "the alarm on the replica waits for an hour": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "table-replication-latency",
      (alarm) => {
        alarm.threshold = 3_600_000;
      },
    ),
    "the results aren't replicated": jobs((stack) =>
      remove(stack, "aws_s3_bucket_replication_configuration", "Replication_Rule_"),
    ),
    "results of a failover don't come back": jobs((stack) =>
      remove(stack, "aws_s3_bucket_replication_configuration", "RuleBack"),
    ),
    "the results have no bucket in the second region": jobs((stack) =>
      remove(stack, "aws_s3_bucket", "Results_Replica"),
    ),
    "the rule is off": rule((each) => {
      each.status = "Disabled";
    }),
    "the rule back is off": rule((each) => {
      each.status = "Disabled";
    }, "RuleBack"),
    "a part of the results is replicated": rule((each) => {
      each.filter = { prefix: "results/a" };
    }),
    "deletions aren't replicated": rule((each) => {
      each.delete_marker_replication = { status: "Disabled" };
    }),
    "encrypted results are left out": rule((each) => {
      each.source_selection_criteria = { sse_kms_encrypted_objects: { status: "Disabled" } };
    }),
    "results may take their time": destination({ replication_time: { status: "Disabled", time: { minutes: 15 } } }),
    "replication isn't measured": destination({ metrics: { status: "Disabled" } }),
    "replicas are under another key": destination({ encryption_configuration: { replica_kms_key_id: "alias/aws/s3" } }),
    "results go to another bucket": destination({ bucket: "arn:aws:s3:::tap-jobs-other" }),
    "replication doesn't wait for versions": jobsResource(
      "aws_s3_bucket_replication_configuration",
      "Results_Replication_Rule_",
      (attributes) => {
        delete attributes.depends_on;
      },
    ),
    "replicas have no versions": jobsResource("aws_s3_bucket_versioning", "Results_Replica", (attributes) => {
      attributes.versioning_configuration = { status: "Suspended" };
    }),
    "replicas expire otherwise": jobsResource(
      "aws_s3_bucket_lifecycle_configuration",
      "Results_Replica",
      (attributes) => {
        attributes.rule = [{ ...(attributes.rule as [Attributes])[0], expiration: [{ days: 1 }] }];
      },
    ),
    "replicas go with their bucket": jobsResource("aws_s3_bucket", "Results_Replica", (bucket) => {
      delete bucket.lifecycle;
      bucket.force_destroy = true;
    }),
    "replicas are encrypted by S3's own key": jobsResource(
      "aws_s3_bucket_server_side_encryption_configuration",
      "Results_Replica",
      (attributes) => {
        attributes.rule = [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }];
      },
    ),
    "S3 may not read versions": withoutAction("ReadVersions", "s3:GetObjectVersionForReplication"),
    "S3 may not write replicas": withoutAction("WriteReplicas", "s3:ReplicateObject"),
    "S3 may not replicate deletions": withoutAction("WriteReplicas", "s3:ReplicateDelete"),
    "S3 may not write back": withoutAction("WriteReplicasBack", "s3:ReplicateObject"),
    "S3 may not decrypt": withoutAction("Decrypt", "kms:Decrypt"),
    "S3 may not encrypt": withoutAction("Encrypt", "kms:GenerateDataKey"),
    "S3 may decrypt through another region": jobsResource("aws_iam_role_policy", "Results_Replication", (attributes) =>
      rewrite(
        attributes,
        "policy",
        changing("Encrypt", ({ Condition }) => ({
          Condition: {
            StringEquals: { ...Condition?.StringEquals, "kms:ViaService": "s3.us-east-1.amazonaws.com" },
          },
        })),
      ),
    ),
    "another service replicates": jobsResource("aws_iam_role", "Results_Replication", (role) =>
      rewrite(role, "assume_role_policy", (statements) =>
        statements.map((each) => ({ ...each, Principal: { Service: ["lambda.amazonaws.com"] } })),
      ),
    ),
    "nobody hears of results that are behind": jobs((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "Replication_AlarmsLatency"),
    ),
    "nobody hears of results that don't come back": jobs((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "Replication_AlarmsBackLatency"),
    ),
    "the alarm on results is where its metric isn't": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "Replication_AlarmsLatency",
      (alarm) => {
        delete alarm.region;
      },
    ),
    "the alarm on results writes to the other region's topic": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "Replication_AlarmsLatency",
      (alarm) => {
        alarm.alarm_actions = ["arn:aws:sns:us-east-1:333333333333:tap-security-alarms-prod-us-east-1"];
      },
    ),
    "the alarm on results looks at the quickest": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "Replication_AlarmsLatency",
      (alarm) => {
        alarm.statistic = "Minimum";
      },
    ),
    "the alarm on the table looks once a day": jobsResource(
      "aws_cloudwatch_metric_alarm",
      "table-replication-latency",
      (alarm) => {
        alarm.period = 86_400;
      },
    ),
    "DynamoDB may not go on using the replica's key": jobsResource("aws_kms_key", "Key_Replica", (key) =>
      rewrite(key, "policy", (statements) => statements.filter(({ Sid }) => Sid !== "ServicesKeepUsing")),
    ),
    "nobody hears of results that can't be replicated": jobs((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "Replication_AlarmsFailures"),
    ),
    "the states aren't replicated": bootstrap((stack) => {
      delete stack.json.resource?.aws_s3_bucket_replication_configuration;
    }),
    "the states have no second bucket": bootstrap((stack) => remove(stack, "aws_s3_bucket", "ReplicaBucket")),
    "the states may take their time": stateRule(({ destination: to }) => {
      delete (to as Attributes).replication_time;
    }),
    "the states' rule is off": stateRule((each) => {
      each.status = "Disabled";
    }),
    "states are sent back": bootstrap((stack) =>
      add(stack, "aws_s3_bucket_replication_configuration", {
        bucket: referenceTo(stack, "aws_s3_bucket", "ReplicaBucket", "id"),
      }),
    ),
    "S3 may not read states": bootstrap((stack) =>
      rewrite(resource(stack, "aws_iam_policy", "State_ReplicationRole"), "policy", (statements) =>
        statements.filter(({ Sid }) => Sid !== "ReadVersions"),
      ),
    ),
  },
  { alone: true, environments: ["prod"] },
);

prove(
  plat14,
  {
    "a table is replicated": jobs((stack) =>
      add(stack, "aws_dynamodb_table_replica", {
        global_table_arn: referenceTo(stack, "aws_dynamodb_table", "Table", "arn"),
        region: "us-west-2",
      }),
    ),
    "a bucket is replicated": jobs((stack) =>
      add(stack, "aws_s3_bucket_replication_configuration", {
        bucket: referenceTo(stack, "aws_s3_bucket", "Results", "id"),
      }),
    ),
  },
  { alone: true, environments: ["dev", "staging", "pr12"] },
);
