import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { rememberingObjects } from "../../graph/remembering";
import { coversAction } from "../../graph/statement";
import type { Context } from "../privilege/conditions";
import { decide, mayCover, type Rights } from "../privilege/evaluator";
import { actionOf } from "../privilege/iam-data";
import { commonArn } from "../privilege/patterns";
import { arnOf, type RoleRights, rightsOf, statementsOf } from "../privilege/role-rights";
import type { Finding } from "../requirement";
import { findings, type Rule } from "../rule";
import { allow, roleWith } from "./iam-statements";

/** What an action must be allowed on to lead to more rights: on what isn't its own, on itself, or on anything. */
type Target =
  | "any-role"
  | "any-user"
  | "any-group"
  | "any-policy"
  | "any-function"
  | "own-role"
  | "own-policy"
  | "anything";

interface Step {
  readonly action: string;
  /** One of these is enough. */
  readonly on: readonly Target[];
}

const roles = ["any-role", "own-role"] as const;
const policies = ["any-policy", "own-policy"] as const;
const step = (action: string, ...on: readonly Target[]): Step => ({ action, on });
const passing = (...actions: readonly string[]): readonly Step[] => [
  step("iam:PassRole", "any-role"),
  ...actions.map((action) => step(action, "anything")),
];

/** Ways to more rights than one has (Rhino Security Labs, AWS IAM privilege escalation methods). */
const ways: readonly (readonly Step[])[] = [
  [step("iam:CreatePolicyVersion", ...policies)],
  [step("iam:SetDefaultPolicyVersion", ...policies)],
  [step("iam:AttachRolePolicy", ...roles)],
  [step("iam:PutRolePolicy", ...roles)],
  [step("iam:UpdateAssumeRolePolicy", ...roles)],
  [step("iam:DeleteRolePermissionsBoundary", ...roles)],
  [step("iam:AttachUserPolicy", "any-user")],
  [step("iam:PutUserPolicy", "any-user")],
  [step("iam:AttachGroupPolicy", "any-group")],
  [step("iam:PutGroupPolicy", "any-group")],
  [step("iam:AddUserToGroup", "any-group")],
  [step("iam:CreateAccessKey", "any-user")],
  [step("iam:CreateLoginProfile", "any-user")],
  [step("iam:UpdateLoginProfile", "any-user")],
  [step("lambda:UpdateFunctionCode", "any-function")],
  [step("lambda:UpdateFunctionConfiguration", "any-function")],
  passing("lambda:CreateFunction", "lambda:InvokeFunction"),
  passing("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
  passing("lambda:CreateFunction", "lambda:AddPermission"),
  passing("ec2:RunInstances"),
  passing("cloudformation:CreateStack"),
  passing("glue:CreateDevEndpoint"),
  passing("glue:CreateJob", "glue:StartJobRun"),
  passing("sagemaker:CreateNotebookInstance"),
  passing("codebuild:CreateProject", "codebuild:StartBuild"),
  passing("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
  passing("ecs:RegisterTaskDefinition", "ecs:RunTask"),
  passing("states:CreateStateMachine", "states:StartExecution"),
];

/** Somebody with rights: who it is, and what it may do. */
interface Principal {
  readonly node: GraphNode;
  readonly rights: RoleRights;
}

/** Roles, users and groups; a policy that nobody in the graph has is judged as if somebody had it alone. */
const principalsOf = rememberingObjects((graph: Graph): readonly Principal[] => {
  const named = ["aws_iam_role", "aws_iam_user", "aws_iam_group"]
    .flatMap((type) => graph.ofType(type))
    .map((node) => ({ node, rights: known(rightsOf(graph, node)) }));
  const loose = graph.policies
    .filter(
      ({ kind, subjects }) =>
        kind === "identity" && subjects.every(({ type }) => !/^aws_iam_(role|user|group)$/.test(type)),
    )
    .map((document) => {
      const granted = statementsOf(graph, document);
      return { node: document.node, rights: known({ granted, identity: [], isWhole: true }) };
    });
  return [...named, ...loose];
});

/** Without what an expression leaves open: nobody knows that it is on everything. */
function known(rights: RoleRights): RoleRights {
  const granted = rights.granted.filter(
    ({ statement, written }) =>
      statement.effect === "Deny" ||
      !statement.resources.includes("*") ||
      written === undefined ||
      written.resources.some((text) => /^\*+$/.test(text)),
  );
  return { ...rights, granted, identity: granted.map(({ statement }) => statement) };
}

/** Nothing is known of the request: a condition limits. */
const anyContext: Context = () => undefined;

function isAllowed(rights: Rights, action: string, resource: string): boolean {
  return decide(rights, { action, resource, context: anyContext }).decision === "allowed";
}

function targetsOf({ node, rights }: Principal, action: string, target: Target): string[] {
  const account = node.accountId ?? "111122223333";
  const iam = (path: string) => [`arn:aws:iam::${account}:${path}`];
  if (target === "any-role") return iam("role/another-administrator");
  if (target === "any-user") return iam("user/another-administrator");
  if (target === "any-group") return iam("group/other-administrators");
  if (target === "any-policy") return iam("policy/another-policy");
  if (target === "any-function")
    return [`arn:aws:lambda:${node.region ?? "us-east-1"}:${account}:function:another-function`];
  if (target === "own-role") return node.type === "aws_iam_role" ? [arnOf(node)] : [];
  if (target === "own-policy")
    return rights.granted.flatMap((each) => (each.node?.type === "aws_iam_policy" ? [arnOf(each.node)] : []));
  return anythingFor(rights, action);
}

/** A thing for each resource of what allows an action. */
function anythingFor({ granted }: RoleRights, action: string): string[] {
  if (actionOf(action)?.resources.length === 0) return ["*"];
  return granted
    .filter(({ statement }) => allows(statement, action))
    .flatMap(({ statement }) => (statement.notResources.length > 0 ? ["*"] : statement.resources))
    .flatMap((resource) => commonArn(resource, "*") ?? []);
}

function isOpen(principal: Principal, { action, on }: Step): boolean {
  return on.some((target) =>
    targetsOf(principal, action, target).some((resource) => isAllowed(principal.rights, action, resource)),
  );
}

/** Only who may do the first of the steps is asked for the others: nearly nobody may. */
const mentions = ({ rights }: Principal, action: string) =>
  rights.granted.some(({ statement }) => allows(statement, action));

function allows(statement: Statement, action: string): boolean {
  return statement.effect === "Allow" && mayCover(statement, action) && coversAction(statement, action);
}

/** Where to change it: the policy whose statement allows the first step. */
function holderOf({ node, rights }: Principal, [first]: readonly Step[]): GraphNode {
  const found = rights.granted.find((each) => first !== undefined && each.node && allows(each.statement, first.action));
  return found?.node ?? node;
}

function judgeWays(all: readonly (readonly Step[])[], message: (actions: string) => string): Rule["judge"] {
  return (graph): Finding[] =>
    principalsOf(graph).flatMap((principal) => {
      const open = all.filter(
        (way) => way.every((each) => mentions(principal, each.action)) && way.every((each) => isOpen(principal, each)),
      );
      const byHolder = new Map(open.map((way) => [holderOf(principal, way), [] as string[]]));
      for (const way of open)
        byHolder.get(holderOf(principal, way))?.push(way.map(({ action }) => action).join(" with "));
      return [...byHolder].flatMap(([holder, names]) => findings(holder, [message(names.join("; "))]));
    });
}

const boundary = { StringEquals: { "iam:PermissionsBoundary": "arn:aws:iam::111111111111:policy/workload" } };
const passRole = allow("iam:PassRole", "arn:aws:iam::111111111111:role/worker");

/** How somebody comes to rights that nobody meant it to have. */
export const escalationRules: readonly Rule[] = [
  {
    id: "iam-no-escalation",
    title: "Nobody can give itself more rights",
    severity: "critical",
    why: "A role that can change policies, or pass any role to code of its own, is an administrator by two calls more.",
    fix: "Limit the action to ARNs that aren't its own, or forbid it by the permissions boundary (permissions_boundary).",
    references: ["CKV_AWS_286", "CKV_AWS_289"],
    examples: {
      failing: roleWith(allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "*")),
      passing: roleWith(
        passRole,
        allow(
          ["lambda:CreateFunction", "lambda:InvokeFunction"],
          "arn:aws:lambda:us-east-1:111111111111:function:jobs-*",
        ),
      ),
    },
    judge: judgeWays(ways, (actions) => `must not let anybody give itself more rights (it can by ${actions})`),
  },
  {
    id: "iam-no-assume-any-role",
    title: "Nobody may assume just any role",
    severity: "high",
    why: "It then has the rights of every role whose trust policy lets its account in.",
    fix: "Write the ARNs of the roles that it needs into the Resource of sts:AssumeRole.",
    references: ["CKV_AWS_286"],
    examples: {
      failing: roleWith(allow("sts:AssumeRole", "*")),
      passing: roleWith(allow("sts:AssumeRole", "arn:aws:iam::222222222222:role/reader")),
    },
    judge: judgeWays(
      [[step("sts:AssumeRole", "any-role")]],
      () => "must name the roles that may be assumed (it is any)",
    ),
  },
  {
    id: "iam-pass-role",
    title: "Roles that may be passed on are named",
    severity: "high",
    why: "Who may pass any role to a service runs code with the rights of the mightiest of them.",
    fix: "Write ARNs of roles into the Resource of iam:PassRole, and iam:PassedToService into its Condition.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"],
    examples: { failing: roleWith(allow("iam:PassRole", "*")), passing: roleWith(passRole) },
    judge: judgeWays(
      [[step("iam:PassRole", "any-role")]],
      () => "must name the roles that may be passed on (it is any)",
    ),
  },
  {
    id: "iam-role-creation-bounded",
    title: "Who creates roles creates them under a boundary",
    severity: "high",
    why: "A role that creates roles gives them rights that it doesn't have itself, and then uses them.",
    fix: "Add a Condition on iam:PermissionsBoundary to the statement that allows iam:CreateRole.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"],
    examples: {
      failing: roleWith(allow("iam:CreateRole", "arn:aws:iam::111111111111:role/jobs-*")),
      passing: roleWith(allow("iam:CreateRole", "arn:aws:iam::111111111111:role/jobs-*", { Condition: boundary })),
    },
    judge: judgeWays(
      [[step("iam:CreateRole", "anything")]],
      () => "must demand a permissions boundary of roles that it creates",
    ),
  },
];
