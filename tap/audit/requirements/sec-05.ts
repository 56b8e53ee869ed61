import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { coversAction, coversResource } from "../../graph/statement";
import { settingsOf } from "../buckets";
import { differences, findingsOn, referenceTo } from "../exact";
import { gatewayOf } from "../gateway";
import { logGroupProblems } from "../log-groups";
import { type Finding, judgeEach, judgeNodes, nodesIn, type Requirement, type Subject, sameJson } from "../requirement";
import { allowedBy, trustedBy } from "../roles";
import type { StackJson } from "../stack-json";
import { aclLogs } from "./api-04";
import { accessLog, executionLog } from "./api-10";
import { auditTrail } from "./sec-05-trail";

export const sec05: Requirement = {
  id: "SEC-05",
  checks:
    "Every VPC has flow logs of all traffic; every bucket writes access logs into the access-log bucket of its region, which has none itself; every stage has an access log, and an execution log that is declared before it and has nothing of what callers send; every web ACL has a log without keys; prod, and wherever the configuration says so, has one trail of all regions, in a bucket and a log group, of who used which key and touched which object, item and function.",
  why: "What nobody wrote down can't be found out afterwards: who came in, what was taken, since when.",
  judge: (subject) => [
    ...judgeEach(subject, "network", (stack, environment) => flowLogs(subject.graph, stack, environment)),
    ...judgeNodes(subject, ["aws_s3_bucket"], (bucket, environment) => bucketLogs(subject.graph, bucket, environment)),
    ...judgeEach(subject, "security", (stack, environment) => accessLogBucket(subject.graph, stack, environment)),
    ...judgeEach(subject, "all", (stack, environment) => [
      ...stageLogs(subject.graph, stack, environment),
      ...aclLogs(subject.graph, stack, environment),
    ]),
    ...auditTrail(subject),
    ...nothing(subject),
  ],
};

/** Or the rule would hold because there is nothing. */
function nothing({ graph }: Subject): Finding[] {
  return ["aws_api_gateway_stage", "aws_wafv2_web_acl"]
    .filter((type) => graph.ofType(type).length === 0)
    .map((type) => ({ message: `there is no ${type} that could be logged` }));
}

function flowLogs(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const [vpc, ...others] = nodesIn(graph, stack, "aws_vpc");
  if (vpc === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one VPC" }];
  const [log, ...more] = nodesNaming(graph, "aws_flow_log", "vpc_id", vpc);
  const group = log && graph.resolve(log.attributes.log_destination, log.stack);
  const role = log && graph.resolve(log.attributes.iam_role_arn, log.stack);
  if (log === undefined || more.length > 0 || group?.type !== "aws_cloudwatch_log_group")
    return findingsOn(vpc, ["must have one flow log, in a log group"]);
  if (role?.type !== "aws_iam_role") return findingsOn(log, ["must log under a role of its stack"]);
  return [
    ...findingsOn(
      log,
      differences(graph, log, {
        vpc_id: referenceTo(vpc, "id"),
        traffic_type: "ALL",
        log_destination_type: "cloud-watch-logs",
        log_destination: referenceTo(group, "arn"),
        iam_role_arn: referenceTo(role, "arn"),
        max_aggregation_interval: 60,
      }),
    ),
    ...findingsOn(group, logGroupProblems(graph, group, environment)),
    ...findingsOn(role, mayWrite(graph, role, group)),
  ];
}

/** VPC user guide, flow logs in CloudWatch Logs: IAM role. */
function mayWrite(graph: Graph, role: GraphNode, group: GraphNode): string[] {
  const allowed = allowedBy(graph, role);
  const lacking = ["logs:CreateLogStream", "logs:PutLogEvents"].filter(
    (action) =>
      !allowed.some(
        (statement) => coversAction(statement, action) && coversResource(statement, `${group.arn}:log-stream:x`),
      ),
  );
  return [
    ...lacking.map((action) => `must be allowed ${action} in ${group.physicalName}`),
    ...(sameJson(trustedBy(graph, role), ["vpc-flow-logs.amazonaws.com"])
      ? []
      : ["must be entered by flow logs alone"]),
  ];
}

/** Name of the bucket that takes the access logs of a region's buckets; the account's own are apart. */
function accessLogName(component: string | undefined, region: unknown, environment: Environment): string {
  const owner = component === "bootstrap" ? "bootstrap" : "security";
  return `tap-${owner}-access-logs-${environment.environmentSuffix}-${region}-${environment.accountId}`;
}

function bucketLogs(graph: Graph, bucket: GraphNode, environment: Environment): string[] {
  const settings = settingsOf(graph, bucket, "aws_s3_bucket_logging");
  const name = accessLogName(bucket.stack.component, bucket.region, environment);
  if (bucket.physicalName === name)
    return [
      ...(settings.length === 0 ? [] : ["must not log its own logs: each would make another"]),
      ...(takesLogs(graph, bucket, environment)
        ? []
        : ["must let S3 bring access logs of this account, and nobody else"]),
    ];
  const [setting, ...others] = settings;
  if (setting === undefined || others.length > 0) return [`must log access once, into ${name}`];
  const target = graph.resolve(setting.attributes.target_bucket, setting.stack, { types: ["aws_s3_bucket"] });
  return [
    ...(target?.physicalName === name && target.region === bucket.region && target.accountId === bucket.accountId
      ? []
      : [`must log access into ${name}, which must be there`]),
    ...differences(graph, setting, {
      ...(bucket.region === bucket.stack.region ? {} : { region: bucket.region }),
      bucket: referenceTo(bucket, "id"),
      target_bucket: name,
      // By which the logs of one bucket are told from another's.
      target_prefix: `${bucket.physicalName}/`,
    }),
  ];
}

/** S3 user guide, server access logging: permissions. */
function takesLogs(graph: Graph, bucket: GraphNode, { accountId }: Environment): boolean {
  const [statement, ...others] = graph
    .policiesOf(bucket)
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow");
  return (
    statement !== undefined &&
    others.length === 0 &&
    sameJson(statement.principals, [{ type: "Service", value: "logging.s3.amazonaws.com" }]) &&
    sameJson(statement.actions, ["s3:PutObject"]) &&
    sameJson(statement.resources, [`${bucket.arn}/*`]) &&
    sameJson(statement.conditions, [{ operator: "StringEquals", key: "aws:SourceAccount", values: [accountId] }])
  );
}

/** In each region: a bucket that comes there later logs into it. */
function accessLogBucket(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const name = accessLogName(stack.component, stack.region, environment);
  const isThere = nodesIn(graph, stack, "aws_s3_bucket").some(({ physicalName }) => physicalName === name);
  return isThere ? [] : [{ stack: stack.id, message: `must have the bucket ${name}` }];
}

function stageLogs(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const others = nodesIn(graph, stack, "aws_apigatewayv2_stage");
  const stages = nodesIn(graph, stack, "aws_api_gateway_stage");
  if (stages.length === 0) return others.flatMap((node) => findingsOn(node, ["is of a type that isn't judged here"]));
  const gateway = gatewayOf(graph, stack);
  if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API for its one stage" }];
  return [
    ...accessLog(gateway, environment),
    ...executionLog(gateway, environment),
    ...others.flatMap((node) => findingsOn(node, ["is of a type that isn't judged here"])),
  ];
}
