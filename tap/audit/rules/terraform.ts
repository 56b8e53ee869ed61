import type { GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isSet, judgeResources, knownValue, type Rule } from "../rule";

const provider = (account: string | undefined) => ({
  aws: [{ region: "us-east-1", ...(account === undefined ? {} : { allowed_account_ids: [account] }) }],
});
const queue = { aws_sqs_queue: { Jobs: { name: "jobs" } } };

/** What holds data, and the argument by which AWS itself refuses to delete it. */
const protection: Readonly<Record<string, string>> = {
  aws_cognito_user_pool: "deletion_protection",
  aws_db_instance: "deletion_protection",
  aws_docdb_cluster: "deletion_protection",
  aws_dynamodb_table: "deletion_protection_enabled",
  aws_neptune_cluster: "deletion_protection",
  aws_rds_cluster: "deletion_protection",
};

/** Arguments by which deleting a thing takes its data with it, without asking. */
const force: Readonly<Record<string, string>> = {
  aws_backup_vault: "force_destroy",
  aws_ecr_repository: "force_delete",
  aws_s3_bucket: "force_destroy",
};

/** What Terraform itself can get wrong. */
export const terraformRules: readonly Rule[] = [
  {
    id: "terraform-account",
    title: "Where several accounts are used, each provider says which is its own",
    severity: "high",
    why: "With another account's credentials in the shell, the stack is made there, or Terraform sees everything gone.",
    fix: "Set allowed_account_ids of the provider.",
    references: [],
    examples: {
      failing: {
        stacks: {
          dev: { provider: provider("111111111111"), resource: queue },
          prod: { provider: provider("222222222222"), resource: queue },
          other: { provider: provider(undefined), resource: queue },
        },
      },
      passing: {
        stacks: {
          dev: { provider: provider("111111111111"), resource: queue },
          prod: { provider: provider("222222222222"), resource: queue },
          other: { provider: provider("222222222222"), resource: { aws_sqs_queue: { Jobs: { name: "other" } } } },
        },
      },
    },
    judge: (graph) => {
      const accounts = new Set(graph.stacks.flatMap(({ accountId }) => accountId ?? []));
      if (accounts.size < 2) return [];
      const using = new Set(
        graph.nodes
          .filter(
            ({ mode, type, accountId }) => mode === "managed" && type.startsWith("aws_") && accountId === undefined,
          )
          .map(({ stack }) => stack),
      );
      return graph.stacks
        .filter((stack) => stack.accountId === undefined && using.has(stack))
        .map(
          ({ id }): Finding => ({
            stack: id,
            message: "must have allowed_account_ids in its provider, as the stacks are of several accounts",
          }),
        );
    },
  },
  {
    id: "terraform-region",
    title: "Providers say which region they work in",
    severity: "medium",
    why: "The region is that of whoever runs Terraform: the same stack is made a second time elsewhere.",
    fix: "Set region of the provider.",
    references: [],
    examples: {
      failing: {
        stacks: {
          one: { provider: provider("111111111111"), resource: queue },
          two: { provider: { aws: [{}] }, resource: queue },
        },
      },
      passing: {
        stacks: {
          one: { provider: provider("111111111111"), resource: queue },
          two: { provider: provider("222222222222"), resource: queue },
        },
      },
    },
    judge: (graph) => {
      // Modules are given their provider by who uses them: nothing is said where no stack names a region.
      if (!graph.stacks.some(({ region }) => region !== undefined)) return [];
      const using = new Set(
        graph.nodes
          .filter(({ mode, type, region }) => mode === "managed" && type.startsWith("aws_") && region === undefined)
          .map(({ stack }) => stack),
      );
      return graph.stacks
        .filter((stack) => stack.region === undefined && using.has(stack))
        .map(({ id }): Finding => ({ stack: id, message: "must have a region in its provider" }));
    },
  },
  {
    id: "terraform-deletion",
    title: "Terraform and AWS agree on what must not be deleted",
    severity: "medium",
    why: "Terraform plans to replace what AWS refuses to delete and stops halfway, or prevents what AWS would do at once.",
    fix: "Set lifecycle.prevent_destroy to true where deletion protection is on, and the other way round.",
    references: ["FSBP DynamoDB.6", "FSBP RDS.8"],
    examples: {
      failing: {
        resource: {
          aws_dynamodb_table: {
            Items: { name: "items", deletion_protection_enabled: false, lifecycle: { prevent_destroy: true } },
          },
        },
      },
      passing: {
        resource: {
          aws_dynamodb_table: {
            Items: { name: "items", deletion_protection_enabled: true, lifecycle: { prevent_destroy: true } },
          },
        },
      },
    },
    judge: judgeResources(Object.keys(protection), (node, graph) => {
      const attribute = protection[node.type] ?? "";
      const given = knownValue(graph, node, node.attributes[attribute]);
      const isProtected = !isSet(given) ? false : !["false", "INACTIVE", "0"].includes(String(given));
      return preventsDestroy(node) && !isProtected ? [`must have ${attribute}, as it has prevent_destroy`] : [];
    }),
  },
  {
    id: "terraform-force-destroy",
    title: "What Terraform must not destroy isn't emptied by force",
    severity: "high",
    why: "Once prevent_destroy is gone, as it is when the block leaves the configuration, all data go with the resource.",
    fix: "Set force_destroy to false where prevent_destroy is true.",
    references: [],
    examples: {
      failing: {
        resource: {
          aws_s3_bucket: { Files: { bucket: "files", force_destroy: true, lifecycle: { prevent_destroy: true } } },
        },
      },
      passing: {
        resource: {
          aws_s3_bucket: { Files: { bucket: "files", force_destroy: false, lifecycle: { prevent_destroy: true } } },
        },
      },
    },
    judge: judgeResources(Object.keys(force), (node, graph) => {
      const attribute = force[node.type] ?? "";
      return preventsDestroy(node) && String(knownValue(graph, node, node.attributes[attribute])) === "true"
        ? [`must not have ${attribute}, as it has prevent_destroy`]
        : [];
    }),
  },
  {
    id: "terraform-reference",
    title: "Every expression leads to something",
    severity: "high",
    why: "Terraform refuses the configuration, or takes another thing than was meant.",
    fix: "Correct the address, or add the resource that it names.",
    references: [],
    examples: {
      failing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", kms_master_key_id: "${aws_kms_key.Key.arn}" } } } },
      passing: {
        resource: {
          aws_sqs_queue: { Jobs: { name: "jobs", kms_master_key_id: "${aws_kms_key.Key.arn}" } },
          aws_kms_key: { Key: {} },
        },
      },
    },
    judge: (graph) =>
      graph.unresolved
        // Outputs of modules are in files that aren't read.
        .filter(({ text }) => !/(^|\.)module\./.test(text))
        .flatMap(({ from, path, text }) =>
          findings(from, [`must not refer to ${text}, which isn't there (in ${path})`]),
        ),
  },
];

function preventsDestroy({ attributes }: GraphNode): boolean {
  return blocksOf(attributes, "lifecycle").some(({ prevent_destroy }) => String(prevent_destroy) === "true");
}
