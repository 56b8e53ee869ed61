import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { differences, findingsOn, referenceTo, sameInTerraform } from "../exact";
import { logGroupProblems } from "../log-groups";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, type Subject, sameJson } from "../requirement";
import type { StackJson } from "../stack-json";

/** One trail of all regions, where the configuration says so, and in prod; none elsewhere. It is where the data were made, for the time of a failover too. */
export function auditTrail(subject: Subject): Finding[] {
  const { graph } = subject;
  const isHome = (stack: StackJson, { dataRegion }: Environment) =>
    stack.component === "security" && stack.region === dataRegion;
  return [
    ...judgeEach(subject, "security", (stack, environment) => {
      if (!isHome(stack, environment)) return [];
      return environment.audit.trail ? trail(graph, stack, environment) : withoutTrail(graph, stack, environment);
    }),
    ...judgeEach(subject, "all", (stack, environment) =>
      isHome(stack, environment)
        ? []
        : nodesIn(graph, stack, "aws_cloudtrail").flatMap((node) =>
            findingsOn(node, ["is a trail beside the one of its environment"]),
          ),
    ),
  ];
}

function withoutTrail(graph: Graph, stack: StackJson, { name }: Environment): Finding[] {
  const trails = nodesIn(graph, stack, "aws_cloudtrail");
  return [
    ...(name === "prod" ? [{ stack: stack.id, message: "prod must have its trail switched on" }] : []),
    ...trails.flatMap((node) => findingsOn(node, ["is a trail that the configuration doesn't ask for"])),
  ];
}

function trail(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const { accountId, environmentSuffix, regionNames } = environment;
  const [node, ...others] = nodesIn(graph, stack, "aws_cloudtrail");
  if (node === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one trail" }];
  const name = `tap-security-audit-${environmentSuffix}-${stack.region}`;
  const arn = `arn:aws:cloudtrail:${stack.region}:${accountId}:trail/${name}`;
  const bucket = graph.resolve(node.attributes.s3_bucket_name, node.stack, { types: ["aws_s3_bucket"] });
  const key = ownKey(graph, node, node.attributes.kms_key_id, {
    service: "cloudtrail",
    by: "service",
    context: "aws:cloudtrail:arn",
    value: arn,
  });
  if (bucket?.type !== "aws_s3_bucket" || bucket.stack !== node.stack || key === undefined)
    return findingsOn(node, ["must have a bucket of its stack, and a key that CloudTrail may use for it"]);
  const group = graph.resolve(node.attributes.cloud_watch_logs_group_arn, node.stack);
  const role = graph.resolve(node.attributes.cloud_watch_logs_role_arn, node.stack);
  if (group?.type !== "aws_cloudwatch_log_group" || group.stack !== node.stack || role?.type !== "aws_iam_role")
    return findingsOn(node, ["must have a log group of its stack, and a role by which CloudTrail writes there"]);
  const recorded = blocksOf(node.attributes, "advanced_event_selector").map(
    ({ field_selector }) => field_selector as Attributes[],
  );
  return [
    ...findingsOn(
      node,
      differences(graph, node, {
        name,
        s3_bucket_name: referenceTo(bucket, "id"),
        kms_key_id: referenceTo(key, "arn"),
        // With all of its streams.
        cloud_watch_logs_group_arn: `${referenceTo(group, "arn")}:*`,
        cloud_watch_logs_role_arn: referenceTo(role, "arn"),
        enable_log_file_validation: true,
        is_multi_region_trail: true,
        include_global_service_events: true,
        advanced_event_selector: node.attributes.advanced_event_selector,
      }),
    ),
    ...findingsOn(
      node,
      selectorProblems(
        recorded,
        regionNames.map((region) => `${region}:${accountId}`),
      ),
    ),
    ...findingsOn(bucket, bucketProblems(graph, bucket, arn, environment)),
    ...findingsOn(group, logGroupProblems(graph, group, environment)),
    ...findingsOn(role, roleProblems(graph, role, group, arn, environment)),
  ];
}

/** CloudTrail alone enters, for this trail where it says for which, and writes its own streams of this group. */
function roleProblems(
  graph: Graph,
  role: GraphNode,
  group: GraphNode,
  trailArn: string,
  { accountId }: Environment,
): string[] {
  const entered = {
    effect: "Allow",
    principals: [{ type: "Service", value: "cloudtrail.amazonaws.com" }],
    actions: ["sts:AssumeRole"],
    conditions: [
      { operator: "StringEqualsIfExists", key: "aws:SourceAccount", values: [accountId] },
      { operator: "ArnEqualsIfExists", key: "aws:SourceArn", values: [trailArn] },
    ],
  };
  const written = {
    effect: "Allow",
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [`${group.arn}:log-stream:${accountId}_CloudTrail_*`],
    conditions: [],
  };
  const of = (wanted: "trust" | "identity") =>
    graph
      .policiesOf(role)
      .filter(({ kind }) => kind === wanted)
      .flatMap(({ statements }) => statements);
  const trust = of("trust").map(({ effect, principals, actions, conditions }) => ({
    effect,
    principals,
    actions,
    conditions,
  }));
  const rights = of("identity").map(({ effect, actions, resources, conditions }) => ({
    effect,
    actions,
    resources,
    conditions,
  }));
  return [
    ...(sameInTerraform(trust, [entered]) ? [] : ["must be entered by CloudTrail for this trail, and by nobody else"]),
    ...(sameInTerraform(rights, [written])
      ? []
      : [`must be allowed to write CloudTrail's streams of ${group.physicalName}, and nothing else`]),
  ];
}

/**
 * All calls that manage something: the use of keys is among them, and the reading of secrets, of which there are no data
 * events. Objects, items and functions of this project; but for what trail and access logs write, which would be recorded
 * in its turn.
 */
function wantedSelectors(places: readonly string[]): Attributes[][] {
  return [
    [{ field: "eventCategory", equals: ["Management"] }],
    data("AWS::S3::Object", ["arn:aws:s3:::tap-"], { not_starts_with: ["arn:aws:s3:::tap-security-"] }),
    data(
      "AWS::DynamoDB::Table",
      places.map((place) => `arn:aws:dynamodb:${place}:table/tap-`),
    ),
    data(
      "AWS::Lambda::Function",
      places.map((place) => `arn:aws:lambda:${place}:function:tap-`),
    ),
  ];
}

/** Records of streams can be recorded as well, each call that puts and each that reads. */
function allowedSelectors(places: readonly string[]): Attributes[][] {
  return [
    data(
      "AWS::Kinesis::Stream",
      places.map((place) => `arn:aws:kinesis:${place}:stream/tap-`),
    ),
  ];
}

function data(type: string, startsWith: readonly string[], others: Attributes = {}): Attributes[] {
  return [
    { field: "eventCategory", equals: ["Data"] },
    { field: "resources.type", equals: [type] },
    { field: "resources.ARN", starts_with: startsWith, ...others },
  ];
}

/** @param places the environment's regions, each with the account */
function selectorProblems(recorded: readonly Attributes[][], places: readonly string[]): string[] {
  const wanted = wantedSelectors(places);
  const known = [...wanted, ...allowedSelectors(places)];
  return [
    ...wanted
      .filter((selector) => !recorded.some((each) => sameInTerraform(each, selector)))
      .map((selector) => `must record ${JSON.stringify(selector)}`),
    ...recorded
      .filter((each) => !known.some((selector) => sameInTerraform(each, selector)))
      .map((each) => `records something else: ${JSON.stringify(each)}`),
  ];
}

/** CloudTrail alone comes in, for this trail, and only adds; what it adds is kept as long as configured. */
function bucketProblems(graph: Graph, bucket: GraphNode, trailArn: string, environment: Environment): string[] {
  const { accountId, audit } = environment;
  const principals = [{ type: "Service", value: "cloudtrail.amazonaws.com" }];
  const ofTrail = { operator: "StringEquals", key: "aws:SourceArn", values: [trailArn] };
  const ofOwner = { operator: "StringEquals", key: "s3:x-amz-acl", values: ["bucket-owner-full-control"] };
  const wanted = [
    { actions: ["s3:GetBucketAcl"], resources: [bucket.arn], conditions: [ofTrail] },
    { actions: ["s3:PutObject"], resources: [`${bucket.arn}/AWSLogs/${accountId}/*`], conditions: [ofTrail, ofOwner] },
  ].map((each) => ({ ...each, principals }));
  const actual = graph
    .policiesOf(bucket)
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow")
    .map(({ actions, resources, conditions, principals: own }) => ({
      actions,
      resources,
      conditions,
      principals: own,
    }));
  const lifecycles = nodesNaming(graph, "aws_s3_bucket_lifecycle_configuration", "bucket", bucket)
    .flatMap(({ attributes }) => blocksOf(attributes, "rule"))
    .filter(({ status }) => status === "Enabled")
    .flatMap((rule) => blocksOf(rule, "expiration"));
  return [
    ...(sameInTerraform(actual, wanted) ? [] : ["must let CloudTrail add to it for this trail, and nobody else"]),
    ...(sameJson(lifecycles, [{ days: audit.retentionDays }])
      ? []
      : [`must keep what is recorded ${audit.retentionDays} days`]),
  ];
}
