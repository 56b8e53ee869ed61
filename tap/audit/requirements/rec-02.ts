import type { GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { expectThat, judgeEach, nodesIn, type Requirement } from "../requirement";

/** What the key of the records must encrypt: type, attribute that names the key, and how many there are. */
const encrypted = [
  { type: "aws_dynamodb_table", path: "server_side_encryption.kms_key_arn", count: 1 },
  { type: "aws_cloudwatch_log_group", path: "kms_key_id", count: 2 },
  { type: "aws_lambda_function", path: "kms_key_arn", count: 2 },
  { type: "aws_lambda_function", path: "source_kms_key_arn", count: 2 },
  { type: "aws_sqs_queue", path: "kms_master_key_id", count: 2 },
] as const;

export const rec02: Requirement = {
  id: "REC-02",
  checks:
    "The stack's key encrypts its table, both log groups, both functions' settings and code, and the dead letters.",
  why: "What is under another key is out of reach of the one rotation, policy and deletion that the records have.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack) => {
      const [key] = nodesIn(subject.graph, stack, "aws_kms_key");
      const tables = nodesIn(subject.graph, stack, "aws_dynamodb_table");
      const isOn = ({ attributes }: GraphNode) =>
        blocksOf(attributes, "server_side_encryption").some(({ enabled }) => enabled === true);
      const switchedOff = tables.filter((table) => !isOn(table));
      return [
        ...switchedOff.flatMap(({ address }) => expectThat(false, stack, "has its encryption switched off", address)),
        ...encrypted.flatMap(({ type, path, count }) => {
          const nodes = nodesIn(subject.graph, stack, type);
          return [
            ...expectThat(nodes.length === count, stack, `has ${nodes.length} ${type}, and not ${count}`),
            ...nodes.flatMap((node) =>
              expectThat(
                key !== undefined &&
                  subject.graph.referencesFrom(node, path).some((each) => "to" in each && each.to === key),
                stack,
                `must name the stack's key in ${path}`,
                node.address,
              ),
            ),
          ];
        }),
      ];
    }),
};
