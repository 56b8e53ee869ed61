import type { Graph, GraphNode } from "../../graph/model";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";

export const rec05: Requirement = {
  id: "REC-05",
  checks: "Log groups are kept 14 days; each function depends on its log group and on every policy of its role.",
  why: "A function that is called before its log group is there makes one itself, without key and without end; before its policies, it fails.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack) => [
      ...nodesIn(subject.graph, stack, "aws_cloudwatch_log_group").flatMap(({ attributes, address }) =>
        expectThat(attributes.retention_in_days === 14, stack, "must be kept 14 days", address),
      ),
      ...nodesIn(subject.graph, stack, "aws_lambda_function").flatMap((lambda) =>
        waitsForItsParts(subject.graph, stack, lambda),
      ),
    ]),
};

/** Also when they go: a function without its rights or its log group is still called for a moment. */
export function waitsForItsParts(graph: Graph, stack: { readonly id: string }, lambda: GraphNode): Finding[] {
  const waitedFor = graph
    .referencesFrom(lambda)
    .filter(({ kind }) => kind === "depends_on")
    .flatMap((each) => ("to" in each ? [each.to] : []));
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  const policies = role === undefined ? [] : graph.policiesOf(role).filter(({ kind }) => kind === "identity");
  const group = `/aws/lambda/${lambda.physicalName}`;
  return [
    ...expectThat(
      waitedFor.some(({ type, physicalName }) => type === "aws_cloudwatch_log_group" && physicalName === group),
      stack,
      `must wait for its log group ${group}`,
      lambda.address,
    ),
    ...expectThat(policies.length > 0, stack, "has a role without policies", lambda.address),
    ...policies.flatMap(({ node }) =>
      expectThat(waitedFor.includes(node), stack, `must wait for ${node.address}`, lambda.address),
    ),
  ];
}
