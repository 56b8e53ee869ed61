import { blocksOf, isObject } from "../../graph/terraform-json";
import { isOn, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { secretIn } from "../sensitive-text";
import { blockOf, isCustomerKey } from "./attribute-values";
import { listOf, numberOf } from "./invoked";
import { lambdaAccessRules } from "./lambda-access";
import { lambdaConcurrencyRules } from "./lambda-concurrency";
import { worker } from "./lambda-example";
import { lambdaFailureRules } from "./lambda-failures";
import { lambdaLogRules } from "./lambda-logs";
import { isEnded } from "./lambda-runtimes";

const lambdaType = "aws_lambda_function";

const settingRules: readonly Rule[] = [
  {
    id: "lambda-runtime-supported",
    title: "Functions run on a runtime that AWS still patches",
    severity: "high",
    why: "A runtime past its end gets no security patches, and soon no function on it can be created or updated.",
    fix: "Set runtime to the newest version of the language.",
    references: ["FSBP Lambda.2", "CKV_AWS_363", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"],
    examples: { failing: worker({ runtime: "python3.7" }), passing: worker() },
    judge: judgeResources(lambdaType, (lambda, graph) => {
      const runtime = knownValue(graph, lambda, lambda.attributes.runtime);
      return typeof runtime === "string" && isEnded(runtime, new Date())
        ? [`must have a runtime that AWS supports (${runtime} has ended)`]
        : [];
    }),
  },
  {
    id: "lambda-tracing",
    title: "Functions are traced",
    severity: "low",
    why: "Without traces nobody sees which call of a request was slow, or failed.",
    fix: 'Set tracing_config { mode = "Active" }.',
    references: ["CKV_AWS_50", "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"],
    examples: { failing: worker(), passing: worker({ tracing_config: { mode: "Active" } }) },
    judge: judgeResources(lambdaType, (lambda, graph) => {
      const tracing = blockOf(lambda.attributes, "tracing_config");
      const mode = tracing === unknown ? unknown : knownValue(graph, lambda, tracing?.mode);
      return mode === "Active" || mode === unknown
        ? []
        : [`must have tracing_config.mode Active (it has ${mode ?? "none"})`];
    }),
  },
  {
    id: "lambda-limits",
    title: "Functions have a time limit and memory that somebody chose",
    severity: "low",
    why: "Lambda's defaults, 3 seconds and 128 MB, end an invocation at the first slow call; values out of range fail when they are applied.",
    fix: "Set timeout (1 to 900 seconds) and memory_size (128 to 10,240 MB).",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"],
    examples: { failing: worker(), passing: worker({ timeout: 30, memory_size: 256 }) },
    judge: judgeResources(lambdaType, (lambda, graph) => {
      const { timeout, memory_size, ephemeral_storage } = lambda.attributes;
      const [storage] = blocksOf({ ephemeral_storage }, "ephemeral_storage");
      const outside = (name: string, value: unknown, [least, most]: readonly [number, number]) => {
        const number = numberOf(graph, lambda, value);
        return number !== undefined && (number < least || number > most)
          ? [`must have ${name} from ${least} to ${most} (it has ${number})`]
          : [];
      };
      return [
        ...(isSet(timeout)
          ? outside("timeout", timeout, [1, 900])
          : ["must have timeout set: the default is 3 seconds"]),
        ...(isSet(memory_size)
          ? outside("memory_size", memory_size, [128, 10_240])
          : ["must have memory_size set: the default is 128 MB"]),
        ...outside("ephemeral_storage.size", storage?.size, [512, 10_240]),
      ];
    }),
  },
  {
    id: "lambda-environment-key",
    title: "Environment variables of functions are encrypted with a customer key",
    severity: "medium",
    why: "Under AWS's own key everybody who may read the function's configuration reads its settings, and no key policy tells who did.",
    fix: "Set kms_key_arn to a customer key whose policy lets lambda.amazonaws.com's callers use it.",
    references: ["CKV_AWS_173", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html"],
    examples: {
      failing: worker({ environment: { variables: { TABLE_NAME: "orders" } } }),
      passing: worker({
        environment: { variables: { TABLE_NAME: "orders" } },
        kms_key_arn: "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      }),
    },
    judge: judgeResources(lambdaType, (lambda, graph) => {
      const { attributes } = lambda;
      const { kms_key_arn } = attributes;
      const variables = blocksOf(attributes, "environment").map((block) => block.variables);
      const hasSome = variables.some(
        (each) => typeof each === "string" || (isObject(each) && Object.keys(each).length > 0),
      );
      return hasSome && !isCustomerKey(graph, lambda, kms_key_arn)
        ? ["must have kms_key_arn set to a customer key: it has environment variables"]
        : [];
    }),
  },
  {
    id: "lambda-environment-secrets",
    title: "Environment variables of functions hold no secrets",
    severity: "critical",
    why: "Everybody who may read the configuration, the state or the plan reads the secret, and it can't be rotated without a deployment.",
    fix: "Put the secret into Secrets Manager or a SecureString parameter, and give the function its name.",
    references: ["CKV_AWS_45", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"],
    examples: {
      failing: worker({ environment: { variables: { DB_PASSWORD: "correct-horse-9-battery" } } }),
      passing: worker({ environment: { variables: { DB_PASSWORD_SECRET_NAME: "orders/database" } } }),
    },
    judge: judgeResources(lambdaType, ({ attributes }) =>
      blocksOf(attributes, "environment")
        .flatMap(({ variables }) => (isObject(variables) ? Object.entries(variables) : []))
        .flatMap(([name, value]) => {
          const what = typeof value === "string" ? secretIn(name, value) : undefined;
          return what === undefined
            ? []
            : [`must hold no secret in its environment variable ${name}: it holds ${what}`];
        }),
    ),
  },
  {
    id: "lambda-vpc-zones",
    title: "Functions in a VPC run in more than one Availability Zone",
    severity: "medium",
    why: "With one subnet the function is gone when its Availability Zone is.",
    fix: "List subnets of at least two Availability Zones in vpc_config.subnet_ids.",
    references: ["FSBP Lambda.5"],
    examples: {
      failing: worker({ vpc_config: { subnet_ids: ["subnet-1"], security_group_ids: ["sg-1"] } }),
      passing: worker({ vpc_config: { subnet_ids: ["subnet-1", "subnet-2"], security_group_ids: ["sg-1"] } }),
    },
    judge: judgeResources(lambdaType, (lambda, graph) =>
      blocksOf(lambda.attributes, "vpc_config").flatMap(({ subnet_ids }) => {
        const subnets = listOf(subnet_ids) ?? [];
        // A single expression in the list may be a list itself.
        if (subnets.length === 0 || subnets.some((each) => String(each).includes("[*]"))) return [];
        const zones = subnets.map((each) => graph.resolve(each, lambda.stack)?.attributes.availability_zone ?? each);
        return new Set(zones).size > 1
          ? []
          : ["must have subnets of at least two Availability Zones (they are in one)"];
      }),
    ),
  },
  {
    id: "lambda-code-signing-enforced",
    title: "Where code is signed, unsigned code is refused",
    severity: "medium",
    why: "A configuration that only warns lets anybody's code in, while everybody believes that it is checked.",
    fix: 'Set policies { untrusted_artifact_on_deployment = "Enforce" }.',
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html"],
    examples: {
      failing: {
        resource: {
          aws_lambda_code_signing_config: {
            Signing: {
              allowed_publishers: { signing_profile_version_arns: ["${aws_signer_signing_profile.Code.version_arn}"] },
              policies: { untrusted_artifact_on_deployment: "Warn" },
            },
          },
        },
      },
      passing: {
        resource: {
          aws_lambda_code_signing_config: {
            Signing: {
              allowed_publishers: { signing_profile_version_arns: ["${aws_signer_signing_profile.Code.version_arn}"] },
              policies: { untrusted_artifact_on_deployment: "Enforce" },
            },
          },
        },
      },
    },
    judge: judgeResources("aws_lambda_code_signing_config", (config, graph) => {
      const [policies] = blocksOf(config.attributes, "policies");
      const action = knownValue(graph, config, policies?.untrusted_artifact_on_deployment);
      return action === "Enforce" || action === unknown ? [] : ["must refuse code that is not signed, and only warns"];
    }),
  },
  {
    id: "lambda-versions-published",
    title: "Functions with an alias publish versions",
    severity: "medium",
    why: "An alias of $LATEST is no alias: what it points to changes with each deployment, and there is nothing to go back to.",
    fix: "Set publish = true, and the alias's function_version to the function's version.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"],
    examples: {
      failing: worker(
        { publish: true },
        {
          aws_lambda_alias: {
            Live: {
              name: "live",
              function_name: "${aws_lambda_function.Worker.function_name}",
              function_version: "$LATEST",
            },
          },
        },
      ),
      passing: worker(
        { publish: true },
        {
          aws_lambda_alias: {
            Live: {
              name: "live",
              function_name: "${aws_lambda_function.Worker.function_name}",
              function_version: "${aws_lambda_function.Worker.version}",
            },
          },
        },
      ),
    },
    judge: judgeResources("aws_lambda_alias", (alias, graph) => {
      const { function_version, function_name } = alias.attributes;
      const lambda = graph.resolve(function_name, alias.stack, { types: [lambdaType] });
      const isOfVersion = lambda?.type !== lambdaType || isOn(graph, lambda, lambda.attributes.publish);
      return [
        ...(function_version === "$LATEST" ? ["must be of a published version (it is of $LATEST)"] : []),
        ...(isOfVersion || function_version === "$LATEST" || /^\d+$/.test(String(function_version))
          ? []
          : [`must be of a function that publishes versions (${lambda?.address} does not)`]),
      ];
    }),
  },
];

/** Lambda functions: settings, who may call them, what becomes of failures, and their logs. */
export const lambdaRules: readonly Rule[] = [
  ...settingRules,
  ...lambdaConcurrencyRules,
  ...lambdaAccessRules,
  ...lambdaFailureRules,
  ...lambdaLogRules,
];
