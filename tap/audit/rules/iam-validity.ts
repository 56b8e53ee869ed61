import { isPattern, parseArn } from "../../graph/arn";
import type { Graph } from "../../graph/model";
import type { Condition, PolicyDocument, Statement } from "../../graph/policy";
import { remembering } from "../../graph/remembering";
import { parseOperator } from "../privilege/conditions";
import { actionOf, expandAction, type IamAction, keyExists, serviceExists, takesKey } from "../privilege/iam-data";
import { haveCommon } from "../privilege/patterns";
import { concreteStatements } from "../privilege/role-rights";
import type { Rule } from "../rule";
import { allow, judgeStatements, roleWith } from "./iam-statements";

const bucket = "arn:aws:s3:::orders";
const objects = `${bucket}/*`;
const all = ["identity", "boundary", "resource", "key", "trust", "endpoint", "organization"] as const;
const isKnown = (text: string) => !text.includes("${");

/** What IAM takes, and then doesn't do what it seems to say. */
export const validityRules: readonly Rule[] = [
  {
    id: "iam-action-exists",
    title: "Policies name actions that exist",
    severity: "medium",
    why: "IAM takes a misspelt action without a word: what it was to allow fails, and what it was to deny is allowed.",
    fix: "Write the action as the service authorization reference has it.",
    references: [
      "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    ],
    examples: {
      failing: roleWith(allow("s3:GetObjects", objects)),
      passing: roleWith(allow("s3:GetObject*", objects)),
    },
    judge: judgeStatements(all, (statement) =>
      [...statement.actions, ...statement.notActions].filter(isKnown).flatMap(missingAction),
    ),
  },
  {
    id: "iam-condition-exists",
    title: "Conditions use operators and keys that exist",
    severity: "medium",
    why: "A request never has a key that AWS doesn't know: what depends on it is never allowed, or never denied.",
    fix: "Write operator and key as IAM's reference of condition keys has them.",
    references: [
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
    ],
    examples: {
      failing: roleWith(allow("s3:GetObject", objects, { Condition: { StringEquals: { "aws:SourceAcount": "1" } } })),
      passing: roleWith(allow("s3:GetObject", objects, { Condition: { Bool: { "aws:SecureTransport": "true" } } })),
    },
    judge: judgeStatements(all, ({ conditions }) =>
      conditions.flatMap(({ operator, key }) => [
        ...(parseOperator(operator) === undefined ? [`must use an operator that exists (${operator} doesn't)`] : []),
        ...(isKnown(key) && !keyExists(key) ? [`must use a condition key that exists (${key} doesn't)`] : []),
      ]),
    ),
  },
  {
    id: "iam-condition-applies",
    title: "Conditions are on keys that their actions have",
    severity: "medium",
    why: "A request for the action never has the key, so the statement never applies to it.",
    fix: "Remove the action or the condition, or put the action into a statement of its own.",
    references: [
      "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    ],
    examples: {
      failing: roleWith(
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:jobs", {
          Condition: { StringEquals: { "s3:prefix": "a" } },
        }),
      ),
      passing: roleWith(allow("s3:ListBucket", bucket, { Condition: { StringEquals: { "s3:prefix": "a" } } })),
    },
    judge: judgeStatements(["identity", "boundary", "resource", "key"], neverHolding),
  },
  {
    id: "iam-wildcard-operator",
    title: "Wildcards in conditions stand under operators that know them",
    severity: "medium",
    why: "StringEquals takes `*` for a star: the condition never holds, or as StringNotEquals it always does.",
    fix: "Use StringLike in the place of StringEquals, or write the whole value.",
    references: [
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    ],
    examples: {
      failing: roleWith(allow("s3:ListBucket", bucket, { Condition: { StringEquals: { "s3:prefix": "a/*" } } })),
      passing: roleWith(allow("s3:ListBucket", bucket, { Condition: { StringLike: { "s3:prefix": "a/*" } } })),
    },
    judge: judgeStatements(all, ({ conditions }) =>
      conditions
        .filter(({ operator }) => /string(not)?equals/i.test(operator))
        .flatMap(({ operator, key, values }) =>
          values
            // IAM's own way to write a star is `${*}`.
            .filter((value) => isPattern(value.replace(/\$+\{[^}]*\}/g, "")))
            .map((value) => `must not have a wildcard in ${key} under ${operator} (it has ${value})`),
        ),
    ),
  },
  {
    id: "iam-resource-fits",
    title: "Resources are such that their actions can be on",
    severity: "medium",
    why: "The action is never on such a thing: the statement looks like a right, or like a Deny, and is none.",
    fix: "Write an ARN of the action's resource types, or `*` where it has none.",
    references: [
      "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    ],
    examples: {
      failing: roleWith(allow("s3:GetObject", bucket)),
      passing: roleWith(allow(["s3:GetObject", "s3:ListBucket"], [bucket, objects])),
    },
    judge: judgeStatements(["identity"], misfits),
  },
];

function missingAction(pattern: string): string[] {
  if (pattern === "*") return [];
  const [service = "", name] = pattern.split(":");
  if (name === undefined) return [`must name actions with their service (${pattern} has none)`];
  if (isPattern(service)) return [];
  if (!serviceExists(service)) return [`must name actions that exist (there is no service ${service})`];
  return expandAction(pattern).length === 0 ? [`must name actions that exist (there is no ${pattern})`] : [];
}

/** Actions that never have a key that must be there. */
function neverHolding({ actions, conditions }: Statement): string[] {
  return conditions
    .filter(({ key, operator }) => isKnown(key) && keyExists(key) && mustBeThere(operator))
    .flatMap((condition) => {
      const never = actions.filter((pattern) => neverTakes(pattern, condition) && !isOver(pattern, actions, condition));
      return never.length === 0
        ? []
        : [`must not depend on ${condition.key} for ${never.join(", ")}, which never has it`];
    });
}

/** Whether a condition fails without its key. */
function mustBeThere(text: string): boolean {
  const operator = parseOperator(text);
  if (operator === undefined || operator.base === "null" || operator.ifExists) return false;
  return operator.set !== "forallvalues" && !(operator.negated && operator.set === undefined);
}

function neverTakes(pattern: string, { key }: Condition): boolean {
  const meant = expandAction(pattern);
  return meant.length > 0 && meant.every((action) => !takesKey(action, key));
}

/** AWS's own examples have `kms:Describe*` under such conditions: with others it does no harm. */
function isOver(pattern: string, actions: readonly string[], condition: Condition): boolean {
  return isPattern(pattern) && actions.some((action) => !neverTakes(action, condition));
}

/** Actions that fit none of the resources, and resources that fit none of the actions. */
function misfits(statement: Statement, document: PolicyDocument, graph: Graph): string[] {
  const index = document.statements.indexOf(statement);
  const resources = concreteStatements(graph, document)[index]?.resources ?? [];
  if (resources.length === 0 || resources.includes("*")) return [];
  const meant = statement.actions.map((pattern) => ({ pattern, actions: expandAction(pattern) }));
  if (meant.some(({ pattern, actions }) => actions.length === 0 || pattern.startsWith("*"))) return [];
  const unfit = meant.filter(({ actions }) => !actions.some((action) => resources.some((each) => fits(action, each))));
  const services = new Set(meant.flatMap(({ actions }) => actions.map(serviceOf)));
  const surplus = resources.filter(
    (resource) =>
      // Of another service are things that the reference doesn't list: a VPC that a zone is for.
      services.has(parseArn(resource)?.service ?? "") &&
      // A thing is often named beside all that is in it, whether or not there is something to do with it.
      !resources.includes(`${resource}/*`) &&
      !meant.some(({ actions }) => actions.some((each) => fits(each, resource))),
  );
  return [
    ...unfit.map(({ pattern }) => `must name resources that ${pattern} can be on (${wantedBy(pattern)})`),
    ...(unfit.length === meant.length
      ? []
      : surplus.map((each) => `must not name ${each}, which none of its actions is on`)),
  ];
}

/** Lists of which the reference says that they take no resource, and AWS asks for all things of the service. */
const onAllThings: ReadonlySet<string> = new Set(["logs:DescribeLogGroups", "ssm:DescribeParameters"]);

function fits(action: IamAction, resource: string): boolean {
  if (action.resources.length === 0)
    return onAllThings.has(action.name) && parseArn(resource)?.service === serviceOf(action);
  return action.resources.some((format) => fitsFormat(`${format} ${resource}`));
}

/** By format and resource, with a blank between: an ARN has none. */
const fitsFormat = remembering((text: string) => {
  const [format = "", ...resource] = text.split(" ");
  return haveCommon(format, resource.join(" "));
});

function serviceOf({ name }: IamAction): string {
  return name.split(":")[0] ?? "";
}

function wantedBy(pattern: string): string {
  const action = actionOf(pattern);
  if (action === undefined) return "it is on none of them";
  return action.resources.length === 0 ? "it takes `*` alone" : `it takes ${action.resourceTypes.join(", ")}`;
}
