import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import { audit } from "../../../tap/audit/audit";
import { htmlReport } from "../../../tap/audit/report/html";
import { jsonReport } from "../../../tap/audit/report/json";
import { sarifReport } from "../../../tap/audit/report/sarif";
import { textReport } from "../../../tap/audit/report/text";
import { defaultSettings } from "../../../tap/audit/rule";
import { buildGraph } from "../../../tap/graph/build";
import { readStackSources } from "../../../tap/graph/read";
import { projectRoot } from "../../support/project";

/*
 * Configurations of other people's shapes: what is planted in them is found, and what is right has no finding.
 * scripts/record-shapes.mjs records what cdktf and Terraform write; Terraform takes all others as valid.
 */

const shapes = join(__dirname, "shapes");

interface Shape {
  /** What is critical or high, by address; a finding about a whole stack has `-`. All of it, and nothing else. */
  readonly found: Readonly<Record<string, readonly string[]>>;
  /** What is less bad and planted all the same. */
  readonly also?: Readonly<Record<string, readonly string[]>>;
  /** What is right, and has no finding of any severity. */
  readonly right: readonly string[];
}

const table: Readonly<Record<string, Shape>> = {
  // Nothing is in it: there is nothing to find.
  "stock/synthesized": { found: {}, right: [] },
  "tutorial/synthesized": {
    found: {
      "aws_instance.compute": ["ec2-disk-encryption", "ec2-imdsv2"],
      "aws_s3_bucket.uploads": ["s3-bucket-public-access-block"],
    },
    right: [],
  },
  ec2: {
    found: {
      "aws_ebs_volume.data": ["ec2-disk-encryption"],
      "aws_instance.bastion": ["ec2-disk-encryption", "ec2-imdsv2", "ec2-public-address"],
      "aws_launch_template.legacy": ["ec2-imdsv2", "ec2-public-address"],
      "aws_lb_listener.old_tls": ["elb-listener-tls"],
      "aws_lb_listener.plain": ["elb-listener-tls"],
      "aws_security_group.bastion": ["vpc-open-ingress"],
      "aws_vpc_security_group_ingress_rule.database": ["vpc-open-ingress"],
    },
    also: {
      "aws_lb.legacy": ["elb-access-log", "elb-deletion-protection", "elb-invalid-headers", "elb-web-acl"],
      "aws_subnet.public_a": ["vpc-subnet-public-ip"],
    },
    right: [
      "aws_autoscaling_group.web",
      "aws_default_security_group.main",
      "aws_ebs_volume.safe",
      "aws_flow_log.main",
      "aws_iam_instance_profile.web",
      "aws_iam_role.web",
      "aws_iam_role_policy.web",
      "aws_instance.runner",
      "aws_launch_template.web",
      "aws_lb.shop",
      "aws_lb_listener.http",
      "aws_lb_listener.https",
      "aws_lb_target_group.web",
      "aws_security_group.balancer",
      "aws_security_group.web",
      "aws_subnet.private_a",
      "aws_vpc.main",
      "aws_vpc_security_group_egress_rule.web",
      "aws_vpc_security_group_ingress_rule.web",
    ],
  },
  rds: {
    found: {
      "aws_db_instance.reporting": [
        "rds-deletion-protection",
        "rds-not-public",
        "rds-password-not-written",
        "rds-storage-encrypted",
      ],
      "aws_elasticache_replication_group.sessions": ["elasticache-access"],
      "aws_rds_cluster.scratch": ["rds-deletion-protection", "rds-password-not-written", "rds-storage-encrypted"],
      "aws_security_group.open": ["vpc-open-ingress"],
      "output.reporting_password": ["sensitive-output"],
      "var.reporting_password": ["sensitive-variable"],
    },
    also: {
      "aws_db_instance.reporting": ["rds-backup-retention", "rds-minor-versions"],
      "aws_elasticache_replication_group.sessions": ["elasticache-encrypted"],
    },
    right: [
      "aws_db_cluster_snapshot.books",
      "aws_iam_role.monitoring",
      "aws_kms_key.data",
      "aws_rds_cluster.books",
      "aws_rds_cluster_instance.books",
      "aws_rds_cluster_parameter_group.books",
      "aws_security_group.data",
    ],
  },
  ecs: {
    found: {
      "aws_ecr_repository_policy.tools": ["ecr-policy-everyone"],
      "aws_ecs_service.tools": ["ecs-public-address"],
      "aws_ecs_task_definition.tools": [
        "ecs-host-namespaces",
        "ecs-host-network-user",
        "ecs-privileged",
        "ecs-secrets",
      ],
      "aws_iam_role.tools": ["iam-trust-everyone"],
      "aws_iam_role_policy.tools": ["iam-pass-role", "iam-resource-wildcard", "iam-service-wildcard"],
      "aws_iam_role_policy_attachment.tools": ["iam-no-administrator-attached"],
    },
    also: {
      "aws_cloudwatch_log_group.tools": ["logs-retention"],
      "aws_ecr_repository.tools": ["ecr-immutable-tags", "ecr-scan"],
      "aws_secretsmanager_secret.database": ["secretsmanager-rotation"],
      "aws_sqs_queue.dead": ["sqs-redrive-allow"],
    },
    right: [
      "aws_cloudwatch_log_group.orders",
      "aws_ecr_lifecycle_policy.orders",
      "aws_ecr_repository.orders",
      "aws_ecs_cluster.orders",
      "aws_ecs_service.orders",
      "aws_ecs_task_definition.orders",
      "aws_iam_role.execution",
      "aws_iam_role.task",
      "aws_iam_role_policy.execution",
      "aws_iam_role_policy.task",
      "aws_kms_key.orders",
      "aws_security_group.orders",
    ],
  },
  modules: {
    found: {
      "aws_cloudwatch_metric_alarm.worker": ["alarm-actions"],
      "aws_s3_bucket.exports": ["s3-bucket-public-access-block"],
      "aws_s3_bucket_acl.exports": ["s3-acl-not-public"],
      "aws_security_group.worker": ["vpc-open-ingress"],
      "aws_sns_topic.alarms": ["sns-alarms-subscribed", "sns-key-lets-publishers"],
      "module.worker.aws_iam_role_policy.this": ["iam-service-wildcard"],
      "module.worker.aws_lambda_function.this": ["lambda-environment-secrets", "lambda-runtime-supported"],
    },
    also: {
      "module.previews.aws_s3_bucket.this": ["s3-bucket-tls-only"],
    },
    right: [
      "aws_s3_bucket_policy.originals",
      "module.originals.aws_s3_bucket_public_access_block.this",
      "module.originals.aws_s3_bucket_versioning.this",
      "module.previews.aws_s3_bucket_public_access_block.this",
      "module.worker.data.aws_iam_policy_document.trust",
    ],
  },
  "for-each": {
    found: {
      "aws_dynamodb_table.scratch": ["dynamodb-deletion-protection"],
      "aws_iam_role_policy.robot": [
        "iam-no-administrator",
        "iam-no-assume-any-role",
        "iam-no-escalation",
        "iam-pass-role",
        "iam-role-creation-bounded",
      ],
      "aws_security_group_rule.world": ["vpc-open-ingress"],
      "aws_sqs_queue.open": ["sqs-dead-letters", "sqs-encryption"],
      "aws_sqs_queue_policy.open": ["sqs-policy-everyone"],
    },
    also: {
      "aws_kms_key.spare": ["kms-key-rotation"],
      "aws_s3_bucket.team": ["s3-bucket-owner-enforced"],
    },
    right: [
      "aws_cloudwatch_log_group.team",
      "aws_dynamodb_table.team",
      "aws_iam_role_policy.team",
      "aws_s3_bucket_policy.team",
      "aws_s3_bucket_public_access_block.team",
      "aws_s3_bucket_versioning.team",
      "aws_security_group.api",
      "aws_ssm_parameter.arns",
      "data.aws_iam_policy_document.admin",
    ],
  },
  providers: {
    found: {
      "aws_cloudtrail.trail": ["cloudtrail-regions"],
      "aws_cloudwatch_metric_alarm.east": ["alarm-actions"],
      "aws_s3_bucket.trail": ["cloudtrail-bucket"],
      "aws_s3_bucket.twin": ["name-unique", "s3-bucket-public-access-block"],
      "aws_sns_topic.west": ["sns-alarms-subscribed"],
    },
    also: {
      "aws_cloudtrail.trail": ["cloudtrail-encryption", "cloudtrail-validation"],
      "aws_s3_bucket_policy.trail": ["s3-bucket-tls-only"],
    },
    right: [
      "aws_iam_role.replication",
      "aws_iam_role_policy.replication",
      "aws_kms_key.records",
      "aws_s3_bucket_public_access_block.records",
      "aws_s3_bucket_public_access_block.records_west",
      "aws_s3_bucket_public_access_block.trail",
      "aws_s3_bucket_replication_configuration.records",
      "aws_s3_bucket_versioning.records",
      "aws_s3_bucket_versioning.records_west",
    ],
  },
  "plan/media.json": {
    found: {
      "aws_cloudwatch_metric_alarm.worker": ["alarm-actions"],
      "aws_s3_bucket.exports": ["s3-bucket-public-access-block"],
      "aws_s3_bucket_acl.exports": ["s3-acl-not-public"],
      "aws_security_group.worker": ["vpc-open-ingress"],
      "aws_sns_topic.alarms": ["sns-alarms-subscribed", "sns-key-lets-publishers"],
      "module.worker.aws_iam_role_policy.this": ["iam-service-wildcard"],
      "module.worker.aws_lambda_function.this": ["lambda-environment-secrets", "lambda-runtime-supported"],
    },
    also: {
      "module.previews.aws_s3_bucket.this": ["s3-bucket-tls-only"],
      "module.previews.aws_s3_bucket_versioning.this": ["s3-bucket-versioning"],
    },
    right: [
      "aws_s3_bucket_policy.originals",
      "module.originals.aws_s3_bucket_public_access_block.this",
      "module.originals.aws_s3_bucket_versioning.this",
      "module.previews.aws_s3_bucket_public_access_block.this",
    ],
  },
};

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const isSarif = ajv.compile(
  JSON.parse(readFileSync(join(projectRoot, "__tests__", "fixtures", "sarif", "sarif-schema-2.1.0.json"), "utf8")),
);

describe.each(Object.entries(table))("%s", (name, shape) => {
  const folder = join(shapes, name);
  const sources = readStackSources(folder);
  const result = audit({ sources, settings: defaultSettings, acknowledgements: [], today: "2026-01-01" });
  const rulesAt = (address: string) => [
    ...new Set(result.findings.filter((each) => (each.address ?? "-") === address).map(({ rule }) => rule.id)),
  ];

  test("every rule can be judged", () => {
    expect(result.findings.filter(({ message }) => message.includes("could not be judged"))).toEqual([]);
  });

  test("what is bad is found, and nothing else is called bad", () => {
    const bad = result.findings.filter(({ rule }) => rule.severity === "critical" || rule.severity === "high");
    const addresses = [...new Set(bad.map(({ address = "-" }) => address))].sort();
    const found = addresses.map((address) => [
      address,
      [...new Set(bad.filter((each) => (each.address ?? "-") === address).map(({ rule }) => rule.id))].sort(),
    ]);
    expect(Object.fromEntries(found)).toEqual(shape.found);
    for (const [address, rules] of Object.entries(shape.also ?? {}))
      expect(rulesAt(address)).toEqual(expect.arrayContaining([...rules]));
  });

  test("what is right has no finding", () => {
    expect(shape.right.flatMap((address) => rulesAt(address).map((rule) => `${address} ${rule}`))).toEqual([]);
  });

  test("every report of it comes out", () => {
    expect(textReport(result, { colour: false })).toContain(`${result.findings.length} finding`);
    const { findings } = JSON.parse(jsonReport(result)) as { findings: unknown[] };
    expect(findings).toHaveLength(result.findings.length);
    const sarif = JSON.parse(sarifReport(result, { folder, root: mkdtempSync(join(tmpdir(), "tap-test-")) })) as {
      runs: { results: { locations: unknown[] }[] }[];
    };
    isSarif(sarif);
    expect(isSarif.errors ?? []).toEqual([]);
    expect(sarif.runs[0]?.results).toHaveLength(result.findings.length);
    const page = htmlReport(result, sources);
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain(basename(name) === "synthesized" ? name.split("/")[0] : basename(name, ".json"));
  });
});

test("what is right is there", () => {
  const missing = Object.entries(table).flatMap(([name, { right }]) => {
    const addresses = buildGraph(readStackSources(join(shapes, name))).nodes.map(({ address }) => address);
    return right.filter((address) => !addresses.includes(address)).map((address) => `${name}: ${address}`);
  });
  expect(missing).toEqual([]);
});
