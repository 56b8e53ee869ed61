import type { Graph, GraphNode } from "../../graph/model";
import { coversAction } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { sameInTerraform } from "../exact";
import { findings, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { policyOf } from "./iam-statements";
import { referrersOf } from "./relations";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const subnet = (zone: Attributes) => ({
  provider,
  resource: { aws_subnet: { A: { vpc_id: "vpc-1", cidr_block: "10.0.0.0/24", ...zone } } },
});
const endpoint = (more: object) => ({
  provider,
  resource: {
    aws_security_group: { Endpoints: { name: "endpoints", vpc_id: "vpc-1" } },
    aws_vpc_endpoint: {
      Sqs: {
        vpc_id: "vpc-1",
        vpc_endpoint_type: "Interface",
        service_name: "com.amazonaws.us-east-1.sqs",
        security_group_ids: ["${aws_security_group.Endpoints.id}"],
      },
    },
    ...more,
  },
});
const flowLog = (...actions: readonly string[]) => ({
  provider,
  resource: {
    aws_iam_role: { Flow: { name: "flow", assume_role_policy: policyOf([]) } },
    aws_iam_role_policy: {
      Flow: {
        role: "${aws_iam_role.Flow.id}",
        policy: policyOf([{ Effect: "Allow", Action: actions, Resource: "*" }]),
      },
    },
    aws_flow_log: {
      Vpc: { vpc_id: "vpc-1", traffic_type: "ALL", iam_role_arn: "${aws_iam_role.Flow.arn}", log_destination: "l" },
    },
  },
});
const writing = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"];
const logged = {
  aws_s3_bucket: { Data: { bucket: "data" }, Logs: { bucket: "logs" } },
  aws_s3_bucket_logging: {
    Data: { bucket: "${aws_s3_bucket.Data.id}", target_bucket: "${aws_s3_bucket.Logs.id}", target_prefix: "data/" },
  },
};
const cors = (...methods: readonly string[]) => ({
  provider,
  resource: {
    aws_s3_bucket: { A: { bucket: "a" }, B: { bucket: "b" } },
    aws_s3_bucket_replication_configuration: {
      A: {
        bucket: "${aws_s3_bucket.A.id}",
        role: "r",
        rule: [{ id: "all", status: "Enabled", destination: { bucket: "${aws_s3_bucket.B.arn}" } }],
      },
    },
    aws_s3_bucket_cors_configuration: {
      A: {
        bucket: "${aws_s3_bucket.A.id}",
        cors_rule: [{ allowed_methods: ["PUT"], allowed_origins: ["https://a.example"] }],
      },
      B: {
        bucket: "${aws_s3_bucket.B.id}",
        cors_rule: [{ allowed_methods: methods, allowed_origins: ["https://a.example"] }],
      },
    },
  },
});

/** What is somewhere, and must be able to be there. */
export const placesRules: readonly Rule[] = [
  {
    id: "terraform-region-exists",
    title: "Regions are named as AWS names them",
    severity: "medium",
    why: "Terraform looks for the region's endpoint, and finds none: nothing there is made or changed any more.",
    fix: "Write the region's code, as us-east-1.",
    references: ["https://docs.aws.amazon.com/general/latest/gr/rande.html"],
    examples: {
      failing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", region: "us-east-1-x" } } } },
      passing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", region: "us-east-1" } } } },
    },
    judge: (graph) =>
      graph.nodes
        .filter(({ mode, attributes }) => mode === "managed" && typeof attributes.region === "string")
        .flatMap((node) => {
          const region = knownValue(graph, node, node.attributes.region);
          return region === unknown || /^[a-z]{2}(-[a-z]+)+-\d$/.test(String(region))
            ? []
            : findings(node, [`must be in a region that exists (${region} doesn't)`]);
        }),
  },
  {
    id: "terraform-name-own",
    title: "What people and policies call by name has a name of its own",
    severity: "low",
    why: "Terraform makes a name up, another one after each replacement: policies, alarms and people that go by names don't find it.",
    fix: "Set name, or name_prefix where several may be there at once.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"],
    examples: {
      failing: { resource: { aws_cloudwatch_event_rule: { Daily: { schedule_expression: "rate(1 day)" } } } },
      passing: {
        resource: { aws_cloudwatch_event_rule: { Daily: { name: "daily", schedule_expression: "rate(1 day)" } } },
      },
    },
    judge: judgeResources(
      ["aws_cloudwatch_event_rule", "aws_security_group", "aws_iam_role", "aws_iam_policy", "aws_kms_alias"],
      ({ attributes }) => (isSet(attributes.name) || isSet(attributes.name_prefix) ? [] : ["must have a name"]),
    ),
  },
  {
    id: "vpc-subnet-zone",
    title: "Subnets are in a zone that is named, and in their region",
    severity: "medium",
    why: "Without one AWS chooses: all subnets may be in the same zone, and fail with it.",
    fix: "Set availability_zone or availability_zone_id, another one for each subnet.",
    references: ["https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html"],
    examples: { failing: subnet({}), passing: subnet({ availability_zone_id: "use1-az1" }) },
    judge: judgeResources("aws_subnet", (node, graph) => {
      const { availability_zone, availability_zone_id } = node.attributes;
      if (!isSet(availability_zone) && !isSet(availability_zone_id)) return ["must be in a zone that is named"];
      return [
        ...wrongZone(knownValue(graph, node, availability_zone), /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/),
        ...wrongZone(knownValue(graph, node, availability_zone_id), /^[a-z]{2,5}\d-az\d+$/),
      ];
    }),
  },
  {
    id: "vpc-range",
    title: "VPCs have a range of addresses",
    severity: "low",
    why: "AWS refuses a VPC without one, and other networks can't be told what not to use.",
    fix: "Set cidr_block, or ipv4_ipam_pool_id.",
    references: ["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"],
    examples: {
      failing: { resource: { aws_vpc: { Main: {} } } },
      passing: { resource: { aws_vpc: { Main: { cidr_block: "10.0.0.0/16" } } } },
    },
    judge: judgeResources("aws_vpc", ({ attributes: { cidr_block, ipv4_ipam_pool_id } }) =>
      isSet(cidr_block) || isSet(ipv4_ipam_pool_id) ? [] : ["must have a cidr_block, or a pool that gives it one"],
    ),
  },
  {
    id: "endpoint-reachable",
    title: "Somebody is let in to interface endpoints",
    severity: "medium",
    why: "A security group without rules lets nobody in: every call to the service waits until it times out.",
    fix: "Add an aws_vpc_security_group_ingress_rule for port 443 to the endpoint's group.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"],
    examples: {
      failing: endpoint({}),
      passing: endpoint({
        aws_vpc_security_group_ingress_rule: {
          Https: {
            security_group_id: "${aws_security_group.Endpoints.id}",
            ip_protocol: "tcp",
            from_port: 443,
            to_port: 443,
            cidr_ipv4: "10.0.0.0/16",
          },
        },
      }),
    },
    judge: (graph) => {
      const groups = graph
        .ofType("aws_vpc_endpoint")
        .flatMap((each) => graph.referencesFrom(each, "security_group_ids"))
        .flatMap((each) => ("to" in each && each.to.type === "aws_security_group" ? [each.to] : []));
      return [...new Set(groups)]
        .filter((group) => !letsIn(graph, group))
        .flatMap((group) => findings(group, ["must let somebody in: it is the group of interface endpoints"]));
    },
  },
  {
    id: "vpc-flow-log-role",
    title: "Roles of flow logs may write them",
    severity: "medium",
    why: "EC2 takes the flow log, says that access is denied to whoever looks at it, and writes nothing.",
    fix: `Allow the role ${writing.join(", ")}.`,
    references: ["https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"],
    examples: { failing: flowLog("logs:PutLogEvents"), passing: flowLog(...writing) },
    judge: judgeResources("aws_flow_log", (node, graph) => {
      const role = graph.resolve(node.attributes.iam_role_arn, node.stack);
      if (role?.type !== "aws_iam_role") return [];
      const allowed = graph
        .policiesOf(role)
        .filter(({ kind }) => kind === "identity")
        .flatMap(({ statements }) => statements)
        .filter(({ effect }) => effect === "Allow");
      if (allowed.length === 0) return [];
      return writing
        .filter((action) => !allowed.some((statement) => coversAction(statement, action)))
        .map((action) => `must have a role that is allowed ${action} (${role.address} isn't)`);
    }),
  },
  {
    id: "s3-access-logs-expire",
    title: "Access logs are deleted some day",
    severity: "low",
    why: "They tell who read what from where, for ever, and cost more each day.",
    fix: "Give the bucket that aws_s3_bucket_logging writes to a lifecycle rule with expiration.days.",
    references: [
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/deleting-log-files-lifecycle.html",
      "FSBP S3.13",
    ],
    examples: {
      failing: { provider, resource: { ...logged } },
      passing: {
        provider,
        resource: {
          ...logged,
          aws_s3_bucket_lifecycle_configuration: {
            Logs: {
              bucket: "${aws_s3_bucket.Logs.id}",
              rule: [{ id: "old", status: "Enabled", expiration: [{ days: 90 }] }],
            },
          },
        },
      },
    },
    judge: (graph) => {
      const targets = graph
        .ofType("aws_s3_bucket_logging")
        .flatMap(
          (node) => graph.resolve(node.attributes.target_bucket, node.stack, { types: ["aws_s3_bucket"] }) ?? [],
        );
      return [...new Set(targets)]
        .filter(({ type }) => type === "aws_s3_bucket")
        .flatMap((bucket) =>
          findings(bucket, [
            ...(expires(graph, bucket) ? [] : ["must delete access logs after some days"]),
            ...(keepsOldVersions(graph, bucket)
              ? []
              : ["must keep what was deleted or overwritten for 30 days at least"]),
          ]),
        );
    },
  },
  {
    id: "s3-replica-cors",
    title: "Replicas let in the pages that their source lets in",
    severity: "medium",
    why: "On the day on which the replica is the one that is used, browsers are refused; or pages are let in that weren't.",
    fix: "Give the replica's aws_s3_bucket_cors_configuration the rules of its source's.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html"],
    examples: { failing: cors("GET"), passing: cors("PUT") },
    judge: (graph) =>
      graph.ofType("aws_s3_bucket_replication_configuration").flatMap((node) => {
        const source = graph.resolve(node.attributes.bucket, node.stack, { types: ["aws_s3_bucket"] });
        const own = source && corsOf(graph, source);
        if (own === undefined) return [];
        return blocksOf(node.attributes, "rule")
          .flatMap((rule) => blocksOf(rule, "destination"))
          .flatMap(({ bucket }) => {
            const replica = graph.resolve(bucket, node.stack);
            if (replica?.type !== "aws_s3_bucket") return [];
            const theirs = corsOf(graph, replica);
            return theirs !== undefined && sameInTerraform(theirs.attributes.cors_rule, own.attributes.cors_rule)
              ? []
              : findings(theirs ?? replica, [
                  `must have the rules for other origins that its source has in ${own.address}`,
                ]);
          });
      }),
  },
];

function wrongZone(zone: unknown, form: RegExp): string[] {
  return !isSet(zone) || zone === unknown || form.test(String(zone))
    ? []
    : [`must be in a zone that exists (${zone} doesn't)`];
}

function letsIn(graph: Graph, group: GraphNode): boolean {
  return (
    blocksOf(group.attributes, "ingress").length > 0 ||
    graph
      .referencesTo(group)
      .some(
        ({ from, path }) =>
          path === "security_group_id" &&
          (from.type === "aws_vpc_security_group_ingress_rule" ||
            (from.type === "aws_security_group_rule" && from.attributes.type === "ingress")),
      )
  );
}

/** Whoever covers traces up deletes the log of it. */
function keepsOldVersions(graph: Graph, bucket: GraphNode): boolean {
  return lifecycleOf(graph, bucket)
    .flatMap((rule) => blocksOf(rule, "noncurrent_version_expiration"))
    .every(({ noncurrent_days }) => typeof noncurrent_days !== "number" || noncurrent_days >= 30);
}

function expires(graph: Graph, bucket: GraphNode): boolean {
  return lifecycleOf(graph, bucket)
    .flatMap((rule) => blocksOf(rule, "expiration"))
    .some(({ days, date }) => isSet(days) || isSet(date));
}

function lifecycleOf(graph: Graph, bucket: GraphNode): Attributes[] {
  return [
    ...blocksOf(bucket.attributes, "lifecycle_rule"),
    ...referrersOf(graph, bucket, "aws_s3_bucket_lifecycle_configuration", "bucket").flatMap(({ attributes }) =>
      blocksOf(attributes, "rule"),
    ),
  ].filter(({ status }) => status !== "Disabled");
}

function corsOf(graph: Graph, bucket: GraphNode): GraphNode | undefined {
  return referrersOf(graph, bucket, "aws_s3_bucket_cors_configuration", "bucket")[0];
}
