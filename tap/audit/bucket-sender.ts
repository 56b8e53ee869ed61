import type { Graph, GraphNode } from "../graph/model";
import type { Statement } from "../graph/policy";

/** Who sends what a bucket has to tell. */
export const bucketService = "s3.amazonaws.com";

/** S3 may send to the queue for this bucket, and nobody else by the queue's policy: roles of the account send by theirs. */
export function letsBucketAloneSend(graph: Graph, queue: GraphNode, accountId: string, bucketArn: string): boolean {
  const documents = graph.policiesOf(queue);
  const [allowing, ...others] = documents
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow");
  return (
    documents.length === 1 &&
    allowing !== undefined &&
    others.length === 0 &&
    isForBucket(allowing, accountId, bucketArn) &&
    allowing.actions.join() === "sqs:SendMessage" &&
    allowing.resources.join() === queue.arn
  );
}

/**
 * In the bucket's name and for its account: S3 itself sends for whoever has a bucket.
 * @param operator by which the bucket may be compared
 */
export function isForBucket(
  { principals, notPrincipals, conditions }: Statement,
  accountId: string,
  bucketArn: string,
  operator = /^ArnEquals$/,
) {
  const isOn = (key: string, operator: RegExp, value: string) =>
    conditions.some(
      (condition) =>
        condition.key.toLowerCase() === key && operator.test(condition.operator) && condition.values.join() === value,
    );
  return (
    notPrincipals.length === 0 &&
    principals.length === 1 &&
    principals[0]?.type === "Service" &&
    principals[0].value === bucketService &&
    conditions.length === 2 &&
    isOn("aws:sourceaccount", /^StringEquals$/, accountId) &&
    isOn("aws:sourcearn", operator, bucketArn)
  );
}
