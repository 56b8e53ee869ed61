import type { Graph, GraphNode } from "../../graph/model";
import { isObject } from "../../graph/terraform-json";
import { type Example, judgeResources, type Rule, unknown, knownValue as valueIn } from "../rule";
import { escalationRules } from "./iam-escalation";
import { formRules } from "./iam-form";
import { allow, policyOf, roleWith, statementRules } from "./iam-statements";
import { trustRules } from "./iam-trust";
import { validityRules } from "./iam-validity";

const users = (resource: Record<string, object>): Example => ({
  resource: { aws_iam_user: { Build: { name: "build" } }, ...resource } as NonNullable<TerraformResources>,
});
type TerraformResources = Extract<Example, { resource?: unknown }>["resource"];

const onlyUsers = users({});
const onGroup = users({
  aws_iam_group: { Readers: { name: "readers" } },
  aws_iam_user_group_membership: { Build: { user: "build", groups: ["readers"] } },
});
const readPolicy = policyOf([allow("s3:GetObject", "arn:aws:s3:::orders/*")]);

/** AWS's policies that make an administrator, or one with a call more. */
const mighty = /^arn:[\w-]+:iam::aws:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;
const attachments = [
  "aws_iam_role_policy_attachment",
  "aws_iam_user_policy_attachment",
  "aws_iam_group_policy_attachment",
  "aws_iam_policy_attachment",
];
const attached = (policy: string): Example => ({
  resource: {
    aws_iam_role: { Worker: { name: "worker", assume_role_policy: policyOf([]) } },
    aws_iam_role_policy_attachment: {
      Worker: { role: "${aws_iam_role.Worker.name}", policy_arn: `arn:aws:iam::aws:policy/${policy}` },
    },
  },
});

const strongPassword = {
  minimum_password_length: 14,
  password_reuse_prevention: 24,
  require_lowercase_characters: true,
  require_numbers: true,
  require_symbols: true,
  require_uppercase_characters: true,
};
const passwords = (settings: object): Example => ({
  resource: { aws_iam_account_password_policy: { Passwords: { ...settings } } },
});

const long = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    allow("s3:GetObject", `arn:aws:s3:::a-bucket-with-a-long-name-${index}/and/a/long/way/to/its/objects/*`),
  );

const principalRules: readonly Rule[] = [
  {
    id: "iam-user-access-key",
    title: "Nobody has access keys that don't expire",
    severity: "high",
    why: "Keys of users are copied into files and logs, and work from anywhere until somebody takes them back.",
    fix: "Replace the aws_iam_access_key by a role that is assumed: by the service's own, by OIDC, by IAM Identity Center.",
    references: ["CKV_AWS_273", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"],
    examples: { failing: users({ aws_iam_access_key: { Build: { user: "build" } } }), passing: onlyUsers },
    judge: judgeResources("aws_iam_access_key", () => ["must be a role in the place of a key that doesn't expire"]),
  },
  {
    id: "iam-user-policy",
    title: "Users get their rights by groups or roles",
    severity: "low",
    why: "Rights of single users are forgotten when their work changes.",
    fix: "Attach the policy to a group or a role, and remove the user's own.",
    references: ["FSBP IAM.2", "CKV_AWS_40"],
    examples: {
      failing: users({ aws_iam_user_policy: { Build: { user: "build", policy: readPolicy } } }),
      passing: onGroup,
    },
    judge: (graph, settings) => [
      ...judgeResources(["aws_iam_user_policy", "aws_iam_user_policy_attachment"], () => [
        "must give its rights to a group or a role (it gives them to a user)",
      ])(graph, settings),
      ...judgeResources("aws_iam_policy_attachment", ({ attributes }) =>
        Array.isArray(attributes.users) && attributes.users.length > 0
          ? ["must give its rights to a group or a role (it gives them to users)"]
          : [],
      )(graph, settings),
    ],
  },
  {
    id: "iam-no-administrator-attached",
    title: "Nobody is an administrator by AWS's own policies",
    severity: "critical",
    why: "AdministratorAccess, PowerUserAccess and IAMFullAccess are the whole account, for whoever gets hold of it.",
    fix: "Attach a policy that names what is needed (policy_arn).",
    references: ["CKV_AWS_274"],
    examples: { failing: attached("AdministratorAccess"), passing: attached("AWSXRayDaemonWriteAccess") },
    judge: judgeResources([...attachments, "aws_iam_role"], (node, graph) =>
      [node.attributes.policy_arn ?? [], node.attributes.managed_policy_arns ?? []]
        .flat()
        .map((arn) => String(valueIn(graph, node, arn)))
        .filter((arn) => mighty.test(arn))
        .map((arn) => `must name what is needed (it attaches ${arn.split("/").at(-1)})`),
    ),
  },
  {
    id: "iam-password-policy",
    title: "Passwords of users are long, mixed and not used again",
    severity: "medium",
    why: "A short password, or one that was stolen elsewhere, opens the console.",
    fix: "Set minimum_password_length 14, password_reuse_prevention 24 and all require_… of aws_iam_account_password_policy.",
    references: ["FSBP IAM.7", "CKV_AWS_10", "CKV_AWS_11", "CKV_AWS_12", "CKV_AWS_13", "CKV_AWS_14", "CKV_AWS_15"],
    examples: {
      failing: passwords({ ...strongPassword, minimum_password_length: 8 }),
      passing: passwords(strongPassword),
    },
    judge: judgeResources("aws_iam_account_password_policy", (node, graph) =>
      Object.entries(strongPassword).flatMap(([name, wanted]) => {
        const value = valueIn(graph, node, node.attributes[name]);
        if (value === unknown) return [];
        const isEnough = wanted === true ? value === true || value === "true" : Number(value ?? 0) >= Number(wanted);
        return isEnough ? [] : [`must have ${name} ${wanted} (it has ${String(value ?? "none")})`];
      }),
    ),
  },
  {
    id: "iam-policy-size",
    title: "Policies are no longer than IAM takes",
    severity: "medium",
    why: "The apply fails when everything else of it is there already.",
    fix: "Split the policy, or take statements together: 6,144 characters managed, 10,240 inline of a role, 2,048 trust.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"],
    examples: { failing: roleWith(...long(90)), passing: roleWith(...long(3)) },
    judge: judgeResources(["aws_iam_policy", "aws_iam_role", "aws_iam_user", "aws_iam_group"], tooLong),
  },
];

/** Of all inline policies together (IAM and STS quotas). */
const inlineLimits: Readonly<Record<string, number>> = {
  aws_iam_role: 10_240,
  aws_iam_user: 2_048,
  aws_iam_group: 5_120,
};

function tooLong(node: GraphNode, graph: Graph): string[] {
  const own = (attribute: string) => lengthOf(graph, node, node.attributes[attribute]);
  const check = (what: string, length: number, limit: number) =>
    length > limit ? [`must have ${what} of at most ${limit} characters (it has ${length})`] : [];
  if (node.type === "aws_iam_policy") return check("a policy", own("policy"), 6_144);
  const inline = graph
    .referencesTo(node)
    .filter(
      ({ from, path }) => /^aws_iam_(role|user|group)_policy$/.test(from.type) && /^(role|user|group)$/.test(path),
    )
    .map(({ from }) => lengthOf(graph, from, from.attributes.policy))
    .reduce((sum, length) => sum + length, 0);
  return [
    ...check("inline policies", inline, inlineLimits[node.type] ?? Number.POSITIVE_INFINITY),
    ...check("a trust policy", own("assume_role_policy"), 2_048),
  ];
}

/** IAM doesn't count blanks; what isn't known yet counts nothing. */
function lengthOf(graph: Graph, node: GraphNode, policy: unknown): number {
  if (isObject(policy)) return JSON.stringify(policy).length;
  if (typeof policy !== "string") return 0;
  const text = graph.render(policy, node.stack).replace(/\$+\{[^}]*\}/g, "");
  try {
    return JSON.stringify(JSON.parse(text)).length;
  } catch {
    return text.replace(/\s/g, "").length;
  }
}

/** Who may do what: policies, trust, users. */
export const iamRules: readonly Rule[] = [
  ...formRules,
  ...statementRules,
  ...escalationRules,
  ...trustRules,
  ...validityRules,
  ...principalRules,
];
