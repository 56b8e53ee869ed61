import type { Graph, GraphNode } from "../../graph/model";
import { grantingServices, type KeyUse, keyPolicyProblems, keyUses } from "../key-policy";
import { sameInPolicy } from "../policies";
import { expectThat, type Finding, judgeEach, nodesIn, ownNodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

export const rec01: Requirement = {
  id: "REC-01",
  checks:
    "One customer key, rotated; its policy names DynamoDB, CloudWatch Logs, Lambda and SQS, each for this account and for exactly the table, log groups, functions and queues of the stack.",
  why: "A key that a service may use for anything decrypts what another table or function wrote.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack, { accountId }) => {
      const [key, ...others] = ownNodesIn(subject.graph, stack, "aws_kms_key");
      if (key === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one key" }];
      return [
        ...expectThat(key.attributes.enable_key_rotation === true, stack, "is not rotated", key.address),
        ...keyPolicyProblems(subject.graph, key, accountId).map((message) => ({
          stack: stack.id,
          address: key.address,
          message,
        })),
        ...uses(subject.graph, stack, key),
      ];
    }),
};

/** The encryption context that each service sends, and the things of the stack that it sends it for. */
function expectedUses(graph: Graph, stack: StackJson): KeyUse[] {
  const arns = (type: string) => nodesIn(graph, stack, type).map(({ arn }) => String(arn));
  const tables = nodesIn(graph, stack, "aws_dynamodb_table").map(({ physicalName }) => String(physicalName));
  const functions = {
    context: "aws:lambda:FunctionArn",
    values: arns("aws_lambda_function").flatMap((arn) => [arn, `${arn}:*`]),
  };
  return [
    {
      service: "dynamodb",
      by: "caller",
      context: "aws:dynamodb:tableName",
      values: tables.flatMap((name) => [name, `${name}-*`]),
    },
    // Settings are encrypted for the caller, code by Lambda itself.
    { service: "lambda", by: "caller", ...functions },
    { service: "lambda", by: "service", ...functions },
    { service: "logs", by: "service", context: "aws:logs:arn", values: arns("aws_cloudwatch_log_group") },
    { service: "sqs", by: "caller", context: "aws:sqs:arn", values: arns("aws_sqs_queue") },
  ];
}

function uses(graph: Graph, stack: StackJson, key: GraphNode): Finding[] {
  const expected = expectedUses(graph, stack);
  const actual = keyUses(graph, key);
  const lacking = expected.filter((use) => !actual.some((other) => isSame(use, other)));
  const surplus = actual.filter((use) => !expected.some((other) => isSame(use, other)));
  const granting = grantingServices(graph, key);
  return [
    // They go on using the key when the caller has gone; others don't.
    ...expectThat(
      sameInPolicy(granting, ["dynamodb", "lambda"]),
      stack,
      `must let DynamoDB and Lambda make grants, and nobody else (it lets ${granting.join(", ") || "none"})`,
      key.address,
    ),
    ...lacking.flatMap((use) => expectThat(false, stack, `must let ${describe(use)}`, key.address)),
    ...surplus.flatMap((use) => expectThat(false, stack, `must not let ${describe(use)}`, key.address)),
  ];
}

function isSame(a: KeyUse, b: KeyUse): boolean {
  return a.service === b.service && a.by === b.by && a.context === b.context && sameInPolicy(a.values, b.values);
}

function describe({ service, by, context, values }: KeyUse): string {
  return `${service} use it (${by === "caller" ? "for a caller" : "by itself"}), with ${context}: ${values.join(", ")}`;
}
