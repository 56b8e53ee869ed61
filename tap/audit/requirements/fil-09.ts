import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { findingsOn } from "../exact";
import { functionsOf } from "../functions";
import { gatewayOf } from "../gateway";
import { type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";
import { aclLogs } from "./api-04";
import { accessLog, executionLog, functionLogProblems } from "./api-10";

const retentionDays = 7;

export const fil09: Requirement = {
  id: "FIL-09",
  checks:
    "Every log group of the files keeps 7 days. Functions log JSON from INFO, to groups of their own, and nothing that their code doesn't say; the access log is JSON without addresses, keys, queries and whatever else callers choose; the web ACL's, which can't leave addresses out, is of refused requests alone; data trace is off, for every method.",
  why: "A file's name, a presigned URL or a key in a log is in the hands of everybody who reads logs, for as long as they are kept.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      const gateway = gatewayOf(graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      const groups = nodesIn(graph, stack, "aws_cloudwatch_log_group");
      return [
        ...groups.flatMap((group) => findingsOn(group, kept7Days(group))),
        ...accessLog(gateway, environment),
        ...executionLog(gateway, environment),
        ...aclLogs(graph, stack, environment),
        ...functions(graph, stack),
        ...otherLogs(graph, stack),
      ];
    }),
};

function kept7Days({ attributes: { retention_in_days, skip_destroy } }: GraphNode): string[] {
  return [
    ...wanted(retention_in_days === retentionDays, `must keep ${retentionDays} days (it keeps ${retention_in_days})`),
    ...wanted(skip_destroy !== true, "must go with its stack"),
  ];
}

function functions(graph: Graph, stack: StackJson): Finding[] {
  return [...functionsOf(graph, stack).values()].flatMap((lambda) => {
    const [logging] = blocksOf(lambda.attributes, "logging_config");
    const group = graph.resolve(logging?.log_group, lambda.stack, { types: ["aws_cloudwatch_log_group"] });
    const isOwn = group?.stack === lambda.stack && group.attributes.name === `/aws/lambda/${lambda.physicalName}`;
    return findingsOn(lambda, [
      ...wanted(isOwn, "must log to the group of its name, in its stack"),
      ...functionLogProblems(lambda),
    ]);
  });
}

/** Where logs would be copied to, or kept longer than here. */
function otherLogs(graph: Graph, stack: StackJson): Finding[] {
  return nodesIn(graph, stack)
    .filter(({ type }) => /^aws_(cloudwatch_log_(?!group$)|kinesis_firehose_)/.test(type))
    .flatMap((node) => findingsOn(node, ["takes logs out of the groups that keep them 7 days"]));
}
