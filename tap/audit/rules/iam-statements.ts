import { isPattern } from "../../graph/arn";
import type { Graph } from "../../graph/model";
import type { PolicyDocument, PolicyKind, Statement } from "../../graph/policy";
import { expandAction } from "../privilege/iam-data";
import { type Example, findings, type Rule } from "../rule";

/** A rule that every statement of some kinds of policies answers for itself. */
export function judgeStatements(
  kinds: readonly PolicyKind[],
  problemsOf: (statement: Statement, document: PolicyDocument, graph: Graph) => readonly string[],
): Rule["judge"] {
  return (graph) =>
    graph.policies
      .filter(({ kind }) => kinds.includes(kind))
      .flatMap((document) =>
        document.statements.flatMap((statement) =>
          findings(
            document.node,
            problemsOf(statement, document, graph).map(
              (problem) => `${problem}, by its statement ${statement.sid ?? statement.path}`,
            ),
          ),
        ),
      );
}

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };

/** A role with a policy of such statements. */
export function roleWith(...statements: readonly object[]): Example {
  return {
    provider,
    resource: {
      aws_iam_role: {
        Worker: {
          name: "worker",
          assume_role_policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: {
              Effect: "Allow",
              Principal: { Service: "lambda.amazonaws.com" },
              Action: "sts:AssumeRole",
              Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
            },
          }),
        },
      },
      aws_iam_role_policy: {
        Worker: { name: "work", role: "${aws_iam_role.Worker.id}", policy: policyOf(statements) },
      },
    },
  };
}

export function policyOf(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** A statement that allows something. */
export const allow = (action: string | readonly string[], resource: string | readonly string[], rest: object = {}) => ({
  Effect: "Allow",
  Action: action,
  Resource: resource,
  ...rest,
});

const table = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
const readsOrders = roleWith(allow("dynamodb:GetItem", table));
const isAllow = ({ effect }: Statement) => effect === "Allow";

/** What a statement allows, and on what. */
export const statementRules: readonly Rule[] = [
  {
    id: "iam-no-administrator",
    title: "No policy allows every action",
    severity: "critical",
    why: "Whoever gets hold of such a role or user owns the account, whatever it was made for.",
    fix: "Name the actions that are needed, and the ARNs that they are needed on, in Action and Resource.",
    references: ["FSBP IAM.1", "CKV_AWS_62", "CKV_AWS_63"],
    examples: { failing: roleWith(allow("*", "*")), passing: readsOrders },
    judge: judgeStatements(["identity"], (statement) =>
      isAllow(statement) && statement.actions.some((action) => /^\*+(:\*+)?$/.test(action))
        ? ["must name what it allows (it allows every action)"]
        : [],
    ),
  },
  {
    id: "iam-service-wildcard",
    title: "No policy allows all actions of a service",
    severity: "high",
    why: "It also allows to delete, to hand out rights, and whatever the service learns to do next year.",
    fix: "Name the actions in Action; wildcards after a verb (`s3:GetObject*`) stay narrow.",
    references: ["FSBP IAM.21"],
    examples: { failing: roleWith(allow("dynamodb:*", table)), passing: readsOrders },
    judge: judgeStatements(["identity"], (statement) =>
      isAllow(statement)
        ? statement.actions
            .filter((action) => /^[\w-]+:\*+$/.test(action) || /^[\w-]*[*?][\w*?-]*:/.test(action))
            .map((action) => `must name the actions that it allows (it allows ${action})`)
        : [],
    ),
  },
  {
    id: "iam-resource-wildcard",
    title: "Actions are allowed on named things where they can be",
    severity: "high",
    why: "On `*` the action works on every thing of its kind in the account, also on those of other systems.",
    fix: "Write the ARNs of the things into Resource; what takes no resource goes into a statement of its own.",
    references: ["CKV_AWS_355"],
    examples: {
      failing: roleWith(allow("dynamodb:GetItem", "*")),
      passing: roleWith(allow("dynamodb:GetItem", table), allow("xray:PutTraceSegments", "*")),
    },
    judge: judgeStatements(["identity"], onEverything),
  },
  {
    id: "iam-no-not-action",
    title: "No policy allows everything but some actions",
    severity: "high",
    why: "NotAction with Allow gives away all actions that nobody thought of, those of new services too.",
    fix: "Replace NotAction by an Action that lists what is needed; NotAction belongs into a Deny.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html"],
    examples: {
      failing: roleWith({ Effect: "Allow", NotAction: "iam:*", Resource: table }),
      passing: roleWith(allow("dynamodb:GetItem", table), { Effect: "Deny", NotAction: "dynamodb:*", Resource: "*" }),
    },
    judge: judgeStatements(["identity", "resource", "key"], (statement) =>
      isAllow(statement) && statement.notActions.length > 0
        ? [`must name what it allows (it allows all but ${statement.notActions.join(", ")})`]
        : [],
    ),
  },
  {
    id: "iam-no-not-resource",
    title: "No policy allows something on everything but some things",
    severity: "high",
    why: "NotResource with Allow covers every other thing of the account, and those that come later.",
    fix: "Replace NotResource by a Resource that lists what is needed; NotResource belongs into a Deny.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html"],
    examples: {
      failing: roleWith({ Effect: "Allow", Action: "dynamodb:GetItem", NotResource: table }),
      passing: readsOrders,
    },
    judge: judgeStatements(["identity", "resource"], (statement) =>
      isAllow(statement) && statement.notResources.length > 0
        ? [`must name what it is about (it is about all but ${statement.notResources.join(", ")})`]
        : [],
    ),
  },
  {
    id: "iam-no-not-principal",
    title: "No policy allows everybody but some",
    severity: "critical",
    why: "NotPrincipal with Allow lets in every other principal there is, also those who don't sign in at all.",
    fix: "Replace NotPrincipal by a Principal that lists who is let in.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"],
    examples: {
      failing: queueWith({ NotPrincipal: { AWS: "arn:aws:iam::111111111111:role/other" } }),
      passing: queueWith({ Principal: { AWS: "arn:aws:iam::111111111111:role/worker" } }),
    },
    judge: judgeStatements(["resource", "key", "trust", "endpoint"], (statement) =>
      isAllow(statement) && statement.notPrincipals.length > 0
        ? [
            `must name who it lets in (it lets in all but ${statement.notPrincipals.map(({ value }) => value).join(", ")})`,
          ]
        : [],
    ),
  },
];

function queueWith(principal: object): Example {
  const arn = "arn:aws:sqs:us-east-1:111111111111:jobs";
  return {
    provider,
    resource: {
      aws_sqs_queue: { Jobs: { name: "jobs" } },
      aws_sqs_queue_policy: {
        Jobs: {
          queue_url: "${aws_sqs_queue.Jobs.id}",
          policy: policyOf([{ Effect: "Allow", ...principal, Action: "sqs:SendMessage", Resource: arn }]),
        },
      },
    },
  };
}

/** Actions whose ARNs are of something else than what they are mostly for. */
const unlimitable: ReadonlySet<string> = new Set([
  // Metrics have no ARN; datasets are those of OpenTelemetry.
  "cloudwatch:GetMetricData",
]);

/** Actions on `*` that could be limited to ARNs; a condition may limit them too. */
function onEverything(statement: Statement): string[] {
  if (!isAllow(statement) || !statement.resources.some((each) => /^\*+$/.test(each))) return [];
  if (statement.conditions.length > 0) return [];
  const limitable = statement.actions
    // Every action there is, and every one of a service, are other rules'.
    .filter((action) => !/^\*|:\*+$/.test(action))
    .flatMap((pattern) => {
      const names = expandAction(pattern).filter(
        ({ name, resources }) => resources.length > 0 && !unlimitable.has(name),
      );
      return names.length === 0 ? [] : [isPattern(pattern) ? pattern : (names[0]?.name ?? pattern)];
    });
  return limitable.length === 0
    ? []
    : [`must name the things that it allows ${limitable.join(", ")} on (it is on all)`];
}
