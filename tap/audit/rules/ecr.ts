import type { TerraformJson } from "../../graph/terraform-json";
import { findings, isOn, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { blockOf } from "./attribute-values";
import { isPublic, judgeStatements, nameOf } from "./exposure";
import { provider } from "./lambda-example";

const repositoryType = "aws_ecr_repository";

function repository(attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return { provider, resource: { aws_ecr_repository: { Web: { name: "web", ...attributes } }, ...others } };
}

const withPolicy = (Principal: unknown) =>
  repository(
    {},
    {
      aws_ecr_repository_policy: {
        Web: {
          repository: "${aws_ecr_repository.Web.name}",
          policy: JSON.stringify({
            Statement: [{ Sid: "Pull", Effect: "Allow", Principal, Action: "ecr:BatchGetImage" }],
          }),
        },
      },
    },
  );

const lifecycle = {
  aws_ecr_lifecycle_policy: {
    Web: { repository: "${aws_ecr_repository.Web.name}", policy: '{"rules":[]}' },
  },
};

/** ECR repositories. */
export const ecrRules: readonly Rule[] = [
  {
    id: "ecr-scan",
    title: "Images are scanned when they are pushed",
    severity: "medium",
    why: "Images with known holes run until somebody happens to look.",
    fix: "Set image_scanning_configuration { scan_on_push = true }, or scan all of the registry.",
    references: ["FSBP ECR.1", "CKV_AWS_163"],
    examples: { failing: repository(), passing: repository({ image_scanning_configuration: { scan_on_push: true } }) },
    judge: (graph) => {
      // A registry's own configuration says it for all of its repositories.
      const registries = graph
        .ofType("aws_ecr_registry_scanning_configuration")
        .map(({ accountId, region }) => `${accountId} ${region}`);
      const scanned = new Set(registries);
      return graph.ofType(repositoryType).flatMap((node) => {
        const scanning = blockOf(node.attributes, "image_scanning_configuration");
        const isScanned = scanning === unknown || isOn(graph, node, scanning?.scan_on_push);
        return isScanned || scanned.has(`${node.accountId} ${node.region}`)
          ? []
          : findings(node, ["must have image_scanning_configuration.scan_on_push on"]);
      });
    },
  },
  {
    id: "ecr-immutable-tags",
    title: "A tag names the same image for ever",
    severity: "medium",
    why: "Whoever may push replaces what a tag means, and the next start of any container runs it.",
    fix: 'Set image_tag_mutability = "IMMUTABLE".',
    references: ["FSBP ECR.2", "CKV_AWS_51"],
    examples: { failing: repository(), passing: repository({ image_tag_mutability: "IMMUTABLE" }) },
    judge: judgeResources(repositoryType, (node, graph) => {
      const mutability = knownValue(graph, node, node.attributes.image_tag_mutability);
      return mutability === unknown || /^IMMUTABLE/.test(String(mutability))
        ? []
        : ["must have image_tag_mutability IMMUTABLE"];
    }),
  },
  {
    id: "ecr-encryption",
    title: "Images are encrypted with a KMS key",
    severity: "low",
    why: "Of AES256 nobody says who may use it, and nobody can take it away.",
    fix: 'Set encryption_configuration { encryption_type = "KMS", kms_key = … }.',
    references: ["CKV_AWS_136"],
    examples: { failing: repository(), passing: repository({ encryption_configuration: { encryption_type: "KMS" } }) },
    judge: judgeResources(repositoryType, (node, graph) => {
      const encryption = blockOf(node.attributes, "encryption_configuration");
      const type = encryption === unknown ? unknown : knownValue(graph, node, encryption?.encryption_type);
      return type === unknown || /^KMS/.test(String(type))
        ? []
        : ["must have encryption_configuration.encryption_type KMS"];
    }),
  },
  {
    id: "ecr-lifecycle",
    title: "Old images are removed",
    severity: "low",
    why: "Images that nobody runs are paid for, and can still be started with all their holes.",
    fix: "Add an aws_ecr_lifecycle_policy.",
    references: ["FSBP ECR.3"],
    examples: { failing: repository(), passing: repository({}, lifecycle) },
    judge: (graph) => {
      const policies = graph.ofType("aws_ecr_lifecycle_policy");
      const kept = new Set(
        policies.map((each) => graph.resolve(each.attributes.repository, each.stack, { types: [repositoryType] })),
      );
      // One for each of a list that only Terraform knows.
      const open = new Set(
        policies
          .filter(({ attributes }) => /\$\{(each|count)\b/.test(String(attributes.repository)))
          .map(({ stack }) => stack),
      );
      return graph
        .ofType(repositoryType)
        .filter((node) => !kept.has(node) && !open.has(node.stack))
        .flatMap((node) => findings(node, ["must have a lifecycle policy"]));
    },
  },
  {
    id: "ecr-policy-everyone",
    title: "Repositories aren't open to everyone",
    severity: "critical",
    why: "Anybody with an AWS account pulls the images, with the code that is in them, or pushes their own.",
    fix: "Name the accounts or roles as principals.",
    references: ["CKV_AWS_32"],
    examples: { failing: withPolicy("*"), passing: withPolicy({ AWS: "arn:aws:iam::222222222222:root" }) },
    judge: (graph) =>
      judgeStatements(graph, [repositoryType, "aws_ecr_repository_policy"], (each) =>
        isPublic(each) ? [`must not let everyone in by ${nameOf(each)}`] : [],
      ),
  },
];
