import type { GraphStack } from "../../graph/model";
import { type Attributes, blocksOf, isObject, type TerraformJson } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { isSet, type Rule } from "../rule";
import { secretIn } from "../sensitive-text";

/** What a configuration says beside its resources. */
type Blocks = Pick<TerraformJson, "terraform" | "variable">;

/** A stack that was read from a configuration has them; a plan doesn't tell all of them. */
function blocksOfStack(stack: GraphStack & { readonly declared?: Blocks }): Blocks {
  return isObject(stack.declared) ? stack.declared : {};
}

const backend = (attributes: Attributes = {}): TerraformJson => ({
  terraform: {
    backend: {
      s3: {
        bucket: "states",
        key: "shop",
        region: "us-east-1",
        encrypt: true,
        kms_key_id: "alias/states",
        use_lockfile: true,
        ...attributes,
      },
    },
  },
});

const providers = (version: string): TerraformJson => ({
  terraform: { required_providers: { aws: { source: "hashicorp/aws", version } } },
});

function s3BackendOf(stack: GraphStack): Attributes | undefined {
  const { terraform } = blocksOfStack(stack);
  const [all] = isObject(terraform) ? blocksOf(terraform, "backend") : [];
  return all === undefined ? undefined : blocksOf(all, "s3")[0];
}

/** Every stack with a state in S3; settings that are given by hand are nobody's to judge here. */
function judgeBackends(problemsOf: (s3: Attributes) => readonly string[]): Rule["judge"] {
  return ({ stacks }) =>
    stacks.flatMap((stack) => {
      const s3 = s3BackendOf(stack);
      if (s3 === undefined || !isSet(s3.bucket)) return [];
      return problemsOf(s3).map((message): Finding => ({ stack: stack.id, message }));
    });
}

const isTrue = (value: unknown) => String(value) === "true";

/** A version, or a range that ends before the next minor one. */
const pinned = /^(?:=\s*)?v?\d+\.\d+\.\d+[\w.+-]*$|^~>\s*\d+\.\d+\.\d+/;

/** What a configuration says of Terraform itself. */
export const terraformBlockRules: readonly Rule[] = [
  {
    id: "terraform-backend-encryption",
    title: "States are encrypted with a customer key",
    severity: "high",
    why: "A state holds every value that Terraform knows, secrets among them, for whoever may read the bucket.",
    fix: "Set encrypt to true and kms_key_id of the S3 backend: encrypt alone takes S3's own key.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"],
    examples: { failing: backend({ kms_key_id: null }), passing: backend() },
    judge: judgeBackends(({ encrypt, kms_key_id }) => [
      ...(isTrue(encrypt) ? [] : ["must have encrypt in its backend"]),
      ...(isSet(kms_key_id) ? [] : ["must have a kms_key_id in its backend"]),
    ]),
  },
  {
    id: "terraform-backend-lock",
    title: "States are locked while they change",
    severity: "high",
    why: "Two runs at once write over each other's state, and resources are in none.",
    fix: "Set use_lockfile to true, or dynamodb_table.",
    references: [],
    examples: { failing: backend({ use_lockfile: false }), passing: backend() },
    judge: judgeBackends(({ use_lockfile, dynamodb_table }) =>
      isTrue(use_lockfile) || isSet(dynamodb_table) ? [] : ["must have use_lockfile or dynamodb_table in its backend"],
    ),
  },
  {
    id: "terraform-provider-version",
    title: "Providers are of one version",
    severity: "medium",
    why: "A new version of a provider plans other changes than those that were reviewed.",
    fix: "Set version of each provider in required_providers to one version, or ~> of one with its patches.",
    references: [],
    examples: { failing: providers(">= 5.0"), passing: providers("6.25.0") },
    judge: ({ stacks }) =>
      stacks.flatMap((stack) => {
        const { terraform } = blocksOfStack(stack);
        const required = isObject(terraform) ? blocksOf(terraform, "required_providers") : [];
        return required.flatMap(Object.entries<unknown>).flatMap(([name, value]): Finding[] => {
          const version = isObject(value) ? value.version : value;
          // A configuration's own provider, for other accounts or regions, has no version.
          if (isObject(value) && "configuration_aliases" in value && !isSet(version)) return [];
          return pinned.test(String(version ?? "").trim())
            ? []
            : [
                {
                  stack: stack.id,
                  message: `must pin the version of the provider ${name} (it has ${isSet(version) ? String(version) : "none"})`,
                },
              ];
        });
      }),
  },
  {
    id: "sensitive-variable",
    title: "Defaults of variables hold no secret",
    severity: "critical",
    why: "Everyone who reads the repository can use it, and it is in the repository's history for ever.",
    fix: "Take the default away, and pass the value by the environment or Secrets Manager.",
    references: [],
    examples: {
      failing: { variable: { db_password: { type: "string", default: "correct horse 9" } } },
      passing: { variable: { db_password: { type: "string", sensitive: true } } },
    },
    judge: ({ stacks }) =>
      stacks.flatMap((stack) => {
        const { variable } = blocksOfStack(stack);
        return Object.entries<unknown>(isObject(variable) ? variable : {}).flatMap(([name, block]): Finding[] => {
          const value = isObject(block) ? block.default : undefined;
          const what = typeof value === "string" ? secretIn(name, value) : undefined;
          return what === undefined
            ? []
            : [{ stack: stack.id, address: `var.${name}`, message: `must not hold ${what} in its default` }];
        });
      }),
  },
];
