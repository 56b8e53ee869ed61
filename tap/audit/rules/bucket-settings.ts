import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { settingsOf } from "../buckets";
import type { Finding } from "../requirement";
import type { Rule } from "../rule";
import { isSet } from "../rule";

/** Judges every bucket, by what is said of it wherever that is. */
export function judgeBuckets(problemsOf: (bucket: GraphNode, graph: Graph) => Finding[]): Rule["judge"] {
  return (graph) => graph.ofType("aws_s3_bucket").flatMap((bucket) => problemsOf(bucket, graph));
}

/** Resources of a type that set something of a bucket, also those made for each bucket of a list. */
export function bucketSettings(graph: Graph, bucket: GraphNode, type: string): GraphNode[] {
  const forEach = graph
    .referencesTo(bucket)
    .filter(({ from, path }) => from.type === type && path === "for_each")
    .map(({ from }) => from)
    .filter(({ attributes }) => String(attributes.bucket).includes("each."));
  return [...new Set([...settingsOf(graph, bucket, type), ...forEach])];
}

/** Services that put logs into buckets. */
const logServices = ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"];

/** Whether logs come into a bucket, of accesses to other buckets, of load balancers, of distributions, or may come. */
export function receivesLogs(graph: Graph, bucket: GraphNode): boolean {
  const isTarget = graph
    .referencesTo(bucket)
    .some(
      ({ from, path }) =>
        (from !== bucket && /^(logging(\[\d+\])?\.)?target_bucket$/.test(path)) ||
        (/^aws_(lb|alb|elb|cloudfront_distribution)$/.test(from.type) && /log/.test(path)),
    );
  const isOpenToLogs = ({ effect, principals }: Statement) =>
    effect === "Allow" && principals.some(({ value }) => logServices.includes(value));
  return isTarget || graph.policiesOf(bucket).some(({ statements }) => statements.some(isOpenToLogs));
}

/** The trail that writes into a bucket, and encrypts what it writes with a key of its own. */
export function encryptingTrail(graph: Graph, bucket: GraphNode): GraphNode | undefined {
  return graph
    .referencesTo(bucket)
    .map(({ from, path }) => (path === "s3_bucket_name" ? from : undefined))
    .find((from) => from?.type === "aws_cloudtrail" && isSet(from.attributes.kms_key_id));
}

/** Whether both are known to be in different regions. */
export function differsInRegion(a: GraphNode, b: GraphNode): boolean {
  return a.region !== undefined && b.region !== undefined && a.region !== b.region;
}
