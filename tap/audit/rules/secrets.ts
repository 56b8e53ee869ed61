import { parseJsonText } from "../../graph/json-text";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isSet, judgeResources, type Rule } from "../rule";
import { isCustomerKey, isKept, isOpenText, named, shown, textOf } from "./attribute-values";
import { isPublic, judgeStatements, nameOf } from "./exposure";
import { functionAt, numberOf } from "./invoked";
import { letsService } from "./service-access";

const secretType = "aws_secretsmanager_secret";
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const secret = { name: "orders-database" };
const ofOrders = { secret_id: "${aws_secretsmanager_secret.Orders.id}" };
const withSecret = (attributes: Attributes, others: Readonly<Record<string, Record<string, Attributes>>> = {}) => ({
  provider,
  resource: { [secretType]: { Orders: { ...secret, ...attributes } }, ...others },
});
const rotated = (rules: Attributes) => ({
  aws_secretsmanager_secret_rotation: {
    Orders: { ...ofOrders, rotation_lambda_arn: "${aws_lambda_function.Rotate.arn}", rotation_rules: rules },
  },
});
const rotatedBy = (principal: string) =>
  withSecret(
    {},
    {
      ...rotated({ automatically_after_days: 30 }),
      aws_lambda_function: { Rotate: { function_name: "rotate" } },
      aws_lambda_permission: { Rotate: { function_name: "rotate", action: "lambda:InvokeFunction", principal } },
    },
  );

/** What rotates a secret. */
function rotationsOf(graph: Graph, node: GraphNode): GraphNode[] {
  return graph
    .referencesTo(node)
    .filter(({ from, path }) => from.type === "aws_secretsmanager_secret_rotation" && path === "secret_id")
    .map(({ from }) => from);
}

/** Databases whose password is kept in the secret rotate it themselves; such a secret is none of the configuration. */
function rotation(node: GraphNode, graph: Graph): string[] {
  const isInline = isSet(node.attributes.rotation_lambda_arn);
  return isInline || rotationsOf(graph, node).length > 0
    ? []
    : ["must be rotated: it has no aws_secretsmanager_secret_rotation"];
}

/** The longest time that a secret stays the same (FSBP SecretsManager.4). */
const rotationDays = 90;

function periodProblems(node: GraphNode, graph: Graph): string[] {
  return blocksOf(node.attributes, "rotation_rules").flatMap((rules) => {
    const days =
      numberOf(graph, node, rules.automatically_after_days) ??
      daysOfRate(textOf(graph, node, rules.schedule_expression));
    return days === undefined || days <= rotationDays
      ? []
      : [`must be rotated at least each ${rotationDays} days (it has ${days})`];
  });
}

/** Days of `rate(10 days)`; a cron expression is as good as it is. */
function daysOfRate(expression: string | undefined): number | undefined {
  const [, count, unit] = /^rate\((\d+) (hour|day)s?\)$/.exec(expression ?? "") ?? [];
  if (count === undefined) return undefined;
  return unit === "hour" ? Number(count) / 24 : Number(count);
}

/** Functions that Secrets Manager may not call. */
function uncallable(graph: Graph): Finding[] {
  return graph.ofType("aws_secretsmanager_secret_rotation").flatMap((node) => {
    const lambda = functionAt(graph, node.attributes.rotation_lambda_arn, node.stack);
    const source = graph.resolve(node.attributes.secret_id, node.stack, { types: [secretType] });
    if (lambda === undefined || source === undefined) return [];
    const isLetIn = letsService(graph, lambda, {
      service: "secretsmanager.amazonaws.com",
      action: "lambda:InvokeFunction",
      // The end of a secret's ARN is AWS's to choose: only what is before it can be compared.
      source: { ...(source.accountId && { accountId: source.accountId }) },
    });
    return findings(
      lambda,
      isLetIn ? [] : [`must let secretsmanager.amazonaws.com invoke it for ${named(source, lambda)}`],
    );
  });
}

/** Names of things that are secret, in a secret that is an object. */
const secretName = /pass(word|wd|phrase)?$|secret|token|private|api_?key|credential/i;

/** Whether a text holds a secret as it stands: a text alone, or one of an object by a name that says so. */
function isWritten(graph: Graph, node: GraphNode, value: unknown): boolean {
  const text = typeof value === "string" ? graph.render(value, node.stack) : undefined;
  if (text === undefined || text === "") return false;
  const json = parseJsonText(text);
  if (json === undefined) return !isOpenText(text);
  return isObject(json)
    ? Object.entries(json).some(
        ([name, each]) => secretName.test(name) && typeof each === "string" && each !== "" && !isOpenText(each),
      )
    : !isOpenText(text);
}

function windowProblems(node: GraphNode, graph: Graph): string[] {
  const days = numberOf(graph, node, node.attributes.recovery_window_in_days) ?? 30;
  return [
    ...(days === 0 || (days >= 7 && days <= 30)
      ? []
      : [`must have a recovery_window_in_days of 7 to 30, or 0 (it has ${days})`]),
    ...(days === 0 && isKept(node) ? ["must have a recovery window: it has prevent_destroy"] : []),
  ];
}

export const secretsRules: readonly Rule[] = [
  {
    id: "secretsmanager-customer-key",
    title: "Secrets are encrypted with a customer key",
    severity: "medium",
    why: "With AWS's own key, whoever may read the secret reads it, and no other account ever can.",
    fix: "Set kms_key_id to a customer key.",
    references: ["CKV_AWS_149"],
    examples: { failing: withSecret({}), passing: withSecret({ kms_key_id: "${aws_kms_key.Orders.arn}" }) },
    judge: judgeResources(secretType, (node, graph) =>
      isCustomerKey(graph, node, node.attributes.kms_key_id)
        ? []
        : [`must have a customer key in kms_key_id (it has ${shown(node.attributes.kms_key_id)})`],
    ),
  },
  {
    id: "secretsmanager-rotation",
    title: "Secrets are rotated by themselves",
    severity: "medium",
    why: "A secret that once leaked is good until somebody thinks of changing it.",
    fix: "Add an aws_secretsmanager_secret_rotation with a function that makes and tries the new value.",
    references: ["FSBP SecretsManager.1", "CKV2_AWS_57"],
    examples: { failing: withSecret({}), passing: withSecret({}, rotated({ automatically_after_days: 30 })) },
    judge: judgeResources(secretType, rotation),
  },
  {
    id: "secretsmanager-rotation-period",
    title: `Secrets are rotated each ${rotationDays} days or sooner`,
    severity: "low",
    why: "The longer a secret stays the same, the more places it is in.",
    fix: `Set automatically_after_days to at most ${rotationDays}.`,
    references: ["FSBP SecretsManager.4", "CKV_AWS_304"],
    examples: {
      failing: withSecret({}, rotated({ automatically_after_days: 365 })),
      passing: withSecret({}, rotated({ schedule_expression: "rate(30 days)" })),
    },
    judge: judgeResources("aws_secretsmanager_secret_rotation", periodProblems),
  },
  {
    id: "secretsmanager-rotation-permission",
    title: "Functions that rotate secrets let Secrets Manager invoke them",
    severity: "high",
    why: "The rotation is refused, or each one fails: the secret stays the same, and nothing says so.",
    fix: "Add an aws_lambda_permission with principal secretsmanager.amazonaws.com for the function.",
    references: [
      "FSBP SecretsManager.2",
      "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html",
    ],
    examples: { failing: rotatedBy("s3.amazonaws.com"), passing: rotatedBy("secretsmanager.amazonaws.com") },
    judge: uncallable,
  },
  {
    id: "secretsmanager-value-not-written",
    title: "No secret's value is in the configuration",
    severity: "critical",
    why: "Whoever may read the repository, the synthesized JSON, a plan or the state has it.",
    fix: "Let the rotation function make the value, or take it from an ephemeral resource with secret_string_wo.",
    references: ["https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html"],
    examples: {
      failing: withSecret(
        {},
        { aws_secretsmanager_secret_version: { Orders: { ...ofOrders, secret_string: "hunter2" } } },
      ),
      passing: withSecret(
        {},
        {
          aws_secretsmanager_secret_version: {
            Orders: { ...ofOrders, secret_string: "${random_password.Orders.result}" },
          },
        },
      ),
    },
    judge: judgeResources("aws_secretsmanager_secret_version", (node, graph) =>
      ["secret_string", "secret_binary", "secret_string_wo"]
        .filter((name) => isWritten(graph, node, node.attributes[name]))
        .map((name) => `must not have its value written in ${name}`),
    ),
  },
  {
    id: "secretsmanager-policy-not-public",
    title: "No policy on a secret lets everyone in",
    severity: "critical",
    why: "Everyone with an AWS account reads the secret.",
    fix: "Name principals in the statement, or limit it by aws:PrincipalOrgID; set block_public_policy.",
    references: ["https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html"],
    examples: { failing: openTo("*"), passing: openTo({ AWS: "arn:aws:iam::222222222222:root" }) },
    judge: (graph) =>
      judgeStatements(graph, [secretType, "aws_secretsmanager_secret_policy"], (statement) =>
        isPublic(statement) ? [`must not let everyone in, as ${nameOf(statement)} does`] : [],
      ),
  },
  {
    id: "secretsmanager-recovery-window",
    title: "Deleted secrets can be taken back",
    severity: "medium",
    why: "A secret that is deleted at once is lost with all that it opens; other windows are refused.",
    fix: "Set recovery_window_in_days to 7 to 30; to 0 where the environment comes and goes, and its names with it.",
    references: ["https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html"],
    examples: {
      failing: withSecret({ recovery_window_in_days: 3 }),
      passing: withSecret({ recovery_window_in_days: 30 }),
    },
    judge: judgeResources(secretType, windowProblems),
  },
];

function openTo(principal: unknown) {
  const statement = { Effect: "Allow", Principal: principal, Action: "secretsmanager:GetSecretValue", Resource: "*" };
  return withSecret({ policy: JSON.stringify({ Statement: statement }) });
}
