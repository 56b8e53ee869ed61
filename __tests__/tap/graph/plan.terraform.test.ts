import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildGraph } from "../../../tap/graph/build";
import type { Graph } from "../../../tap/graph/model";
import { readGraph } from "../../../tap/graph/read";
import { projectRoot, temporaryFolder } from "../../support/project";
import { stackOf, subjectOf } from "../../support/synthesized";
import { describeWithTerraform, terraformFolder } from "../../support/terraform";

jest.setTimeout(120_000);

/** Who refers to whom by Terraform's own means, and from which attribute. Plans write a single block as a list. */
function expressions(graph: Graph): string[] {
  return graph.nodes
    .flatMap((node) => graph.referencesFrom(node))
    .flatMap((reference) =>
      reference.kind === "expression" || reference.kind === "depends_on"
        ? `${reference.kind} ${reference.from.id} ${attributeOf(reference.path)} → ${reference.text} ${reference.to.id}`
        : [],
    )
    .sort();
}

/** The plan of a policy with unknown parts has one text, in which the graph of the JSON looks for places. */
function attributeOf(path: string): string {
  return path.replace(/[.[].*$/, "");
}

function names({ nodes }: Graph): string[] {
  return nodes
    .map(({ id, accountId, region, physicalName, arn }) => [id, accountId, region, physicalName, arn].join(" "))
    .sort();
}

function policies(graph: Graph): unknown[] {
  return graph.policies
    .map(({ node, path, kind, statements, subjects }) => ({
      node: node.id,
      path,
      kind,
      statements,
      subjects: subjects.map(({ id }) => id).sort(),
    }))
    .sort((a, b) => (`${a.node} ${a.path}` < `${b.node} ${b.path}` ? -1 : 1));
}

describeWithTerraform("the plan of a stack", () => {
  test.each(["network", "bootstrap"])("of %s makes the same graph as its JSON", (component) => {
    const stack = stackOf(subjectOf("dev"), "dev", component, "us-east-1");
    const folder = terraformFolder(
      join(projectRoot, ".cache", "test-synth", "declared", "stacks", stack.id),
      temporaryFolder(),
    );
    folder.run("init", "-no-color");
    folder.run("plan", "-no-color", "-out=plan");
    const file = join(temporaryFolder(), `${stack.id}.json`);
    writeFileSync(file, folder.run("show", "-json", "plan"));
    const planned = readGraph(file);
    const written = buildGraph([stack]);
    // What is declared of Terraform itself and of variables, a plan doesn't tell.
    expect(planned.stacks.map(({ outputs, ...rest }) => [rest, outputs])).toEqual(
      written.stacks.map(({ outputs, declared: _, ...rest }) => [rest, outputs]),
    );
    expect(names(planned)).toEqual(names(written));
    expect([...new Set(expressions(planned))]).toEqual([...new Set(expressions(written))]);
    expect(expressions(written).length).toBeGreaterThan(10);
    expect(policies(planned)).toEqual(policies(written));
    expect([planned.unreadablePolicies, planned.unresolved]).toEqual([[], []]);
  });

  test("in Terraform's own syntax has its instances and modules, and what they refer to", () => {
    const source = temporaryFolder();
    mkdirSync(join(source, "queues"));
    writeFileSync(join(source, "main.tf"), rootModule);
    writeFileSync(join(source, "queues", "main.tf"), queuesModule);
    const folder = terraformFolder(source, temporaryFolder());
    folder.run("init", "-no-color");
    folder.run("plan", "-no-color", "-out=plan");
    const file = join(temporaryFolder(), "native.json");
    writeFileSync(file, folder.run("show", "-json", "plan"));
    const graph = readGraph(file);
    expect(names(graph)).toEqual([
      "native/aws_iam_role.r 111111111111 us-east-1 r arn:aws:iam::111111111111:role/r",
      "native/aws_iam_role_policy.p 111111111111 us-east-1  ",
      "native/aws_kms_key.k[0] 111111111111 us-east-1  ",
      "native/aws_sns_topic.t 111111111111 us-east-1 t arn:aws:sns:us-east-1:111111111111:t",
      "native/data.aws_iam_policy_document.trust 111111111111 us-east-1  ",
      'native/module.queues.aws_sqs_queue.q["a"] 111111111111 us-east-1 q-a arn:aws:sqs:us-east-1:111111111111:q-a',
      'native/module.queues.aws_sqs_queue.q["b"] 111111111111 us-east-1 q-b arn:aws:sqs:us-east-1:111111111111:q-b',
    ]);
    expect(expressions(graph)).toEqual([
      "depends_on native/aws_sns_topic.t depends_on → aws_iam_role.r native/aws_iam_role.r",
      "expression native/aws_iam_role.r assume_role_policy → data.aws_iam_policy_document.trust.json native/data.aws_iam_policy_document.trust",
      "expression native/aws_iam_role_policy.p policy → aws_kms_key.k[0].arn native/aws_kms_key.k[0]",
      'expression native/aws_iam_role_policy.p policy → module.queues.arns native/module.queues.aws_sqs_queue.q["a"]',
      'expression native/aws_iam_role_policy.p policy → module.queues.arns native/module.queues.aws_sqs_queue.q["b"]',
      "expression native/aws_iam_role_policy.p role → aws_iam_role.r.name native/aws_iam_role.r",
      "expression native/aws_sns_topic.t kms_master_key_id → aws_kms_key.k[0].id native/aws_kms_key.k[0]",
      'expression native/module.queues.aws_sqs_queue.q["a"] kms_master_key_id → var.key native/aws_kms_key.k[0]',
      'expression native/module.queues.aws_sqs_queue.q["b"] kms_master_key_id → var.key native/aws_kms_key.k[0]',
    ]);
    const [topic] = graph.ofType("aws_sns_topic");
    expect(topic?.attributes.kms_master_key_id).toBe("${aws_kms_key.k[0].id}");
    expect(graph.policies.map(({ node, kind }) => `${kind} ${node.name}`)).toEqual(["trust r"]);
    expect(graph.unreadablePolicies.map(({ node, why }) => `${node.name} ${why}`)).toEqual([
      "p is known only after the apply",
    ]);
    expect(graph.unresolved).toEqual([]);
  });
});

const rootModule = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "6.25.0" }
  }
}

variable "account" {
  default = "111111111111"
}

provider "aws" {
  region = "us-east-1"
  assume_role {
    role_arn = "arn:aws:iam::\${var.account}:role/deploy"
  }
  allowed_account_ids = [var.account]
}

resource "aws_kms_key" "k" {
  count = 1
}

module "queues" {
  source = "./queues"
  key    = aws_kms_key.k[0].arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "p" {
  role = aws_iam_role.r.name
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = module.queues.arns },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = "\${aws_kms_key.k[0].arn}" },
    ]
  })
}

resource "aws_sns_topic" "t" {
  name              = "t"
  kms_master_key_id = aws_kms_key.k[0].id
  depends_on        = [aws_iam_role.r]
}
`;

const queuesModule = `
variable "key" {
  type = string
}

resource "aws_sqs_queue" "q" {
  for_each          = toset(["a", "b"])
  name              = "q-\${each.key}"
  kms_master_key_id = var.key
}

output "arns" {
  value = [for queue in aws_sqs_queue.q : queue.arn]
}
`;
