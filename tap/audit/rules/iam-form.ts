import { parseJsonText } from "../../graph/json-text";
import type { Graph, GraphNode } from "../../graph/model";
import type { PolicyDocument, Statement } from "../../graph/policy";
import { coversAction } from "../../graph/statement";
import { type Attributes, isObject } from "../../graph/terraform-json";
import { expandAction } from "../privilege/iam-data";
import { haveCommon } from "../privilege/patterns";
import { concreteStatements } from "../privilege/role-rights";
import type { Finding } from "../requirement";
import { findings, judgeResources, type Rule } from "../rule";
import { allow, judgeStatements, policyOf, roleWith } from "./iam-statements";

const trusting = (statement: object) => ({
  resource: {
    aws_iam_role: {
      Worker: {
        name: "worker",
        assume_role_policy: policyOf([
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, ...statement },
        ]),
      },
    },
  },
});
const keyWith = (Resource: readonly string[]) => ({
  resource: {
    aws_kms_key: {
      Data: {
        policy: policyOf([
          { Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" }, Action: ["kms:*"], Resource },
        ]),
      },
    },
  },
});
const withVersion = (Version: string) => ({
  resource: {
    aws_iam_policy: {
      Reads: {
        name: "reads",
        policy: JSON.stringify({ Version, Statement: allow("s3:GetObject", "arn:aws:s3:::orders/*") }),
      },
    },
  },
});

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const limit = {
  aws_iam_policy: {
    Limit: { name: "limit", policy: policyOf([allow("sqs:*", "arn:aws:sqs:us-east-1:111111111111:*")]) },
  },
};
const bounded = (attributes: Attributes) => ({
  provider,
  resource: {
    ...limit,
    aws_iam_role: {
      Worker: {
        name: "worker",
        permissions_boundary: "arn:aws:iam::111111111111:policy/limit",
        assume_role_policy: policyOf([
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ]),
        ...attributes,
      },
    },
  },
});
const under = (action: string) => ({
  provider,
  resource: {
    ...bounded({}).resource,
    aws_iam_role_policy: {
      Worker: {
        role: "${aws_iam_role.Worker.id}",
        policy: policyOf([allow(action, "arn:aws:sqs:us-east-1:111111111111:jobs")]),
      },
    },
  },
});

const publishing = (conditions: Attributes) => ({
  provider,
  resource: {
    aws_sns_topic_policy: {
      Alarms: {
        arn: "arn:aws:sns:us-east-1:111111111111:alarms",
        policy: policyOf([
          {
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: "arn:aws:sns:us-east-1:111111111111:alarms",
            Condition: { StringEquals: { "aws:SourceAccount": "111111111111", ...conditions } },
          },
        ]),
      },
    },
  },
});

/** What a policy needs to be one. */
export const formRules: readonly Rule[] = [
  {
    id: "iam-policy-version",
    title: "Policies are of IAM's current version",
    severity: "medium",
    why: "Without Version a policy is read as one of 2008, in which ${aws:username} and its like are plain text; one of another version is refused.",
    fix: 'Set "Version": "2012-10-17".',
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"],
    examples: { failing: withVersion("2008-10-17"), passing: withVersion("2012-10-17") },
    judge: (graph) =>
      graph.policies.flatMap((document) => {
        const version = versionOf(document);
        return version === undefined || version === "2012-10-17"
          ? []
          : findings(document.node, [
              `must be of Version 2012-10-17 in ${document.path} (it is of ${version === "" ? "none" : version})`,
            ]);
      }),
  },
  {
    id: "iam-statement-whole",
    title: "Statements say what they are about",
    severity: "medium",
    why: "IAM refuses a statement without actions or resources, or it applies to nothing: what depends on it fails in the account.",
    fix: "Give the statement actions, resources (of a key's policy: `*`) and, on a thing, principals.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html"],
    examples: { failing: keyWith([]), passing: keyWith(["*"]) },
    judge: judgeStatements(["identity", "boundary", "resource", "key", "trust", "endpoint"], lacking),
  },
  {
    id: "iam-trust-action",
    title: "Trust policies let become the role, and nothing else",
    severity: "medium",
    why: "With any action a trust policy also lets its principals set who they say they are, and what AWS adds later.",
    fix: "Name sts:AssumeRole, or the one of its kind that the principal uses, in the trust policy's Action.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html"],
    examples: { failing: trusting({ Action: "sts:*" }), passing: trusting({ Action: "sts:AssumeRole" }) },
    judge: (graph) =>
      graph.policies
        .filter(({ kind }) => kind === "trust")
        .flatMap(({ node, statements }) => {
          const allowed = statements.filter(({ effect }) => effect === "Allow");
          const wild = allowed.flatMap(({ actions }) => actions).filter((action) => /[*?]/.test(action));
          const lets = allowed.some(({ actions }) =>
            actions.some((action) => expandAction(action).some(({ name }) => /^sts:AssumeRole/i.test(name))),
          );
          return findings(node, [
            ...wild.map((action) => `must not trust with ${action}`),
            ...(lets ? [] : ["must let somebody become it (no statement allows sts:AssumeRole or its like)"]),
          ]);
        }),
  },
  {
    id: "iam-boundary-first",
    title: "Roles wait for the boundary that their stack makes",
    severity: "low",
    why: "IAM refuses a role whose boundary isn't there: the first apply in an account stops halfway.",
    fix: "Refer to the policy by expression in permissions_boundary, or add it to depends_on.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"],
    examples: { failing: bounded({}), passing: bounded({ depends_on: ["aws_iam_policy.Limit"] }) },
    judge: judgeResources("aws_iam_role", boundaryLater),
  },
  {
    id: "iam-boundary-covers",
    title: "Boundaries cover what policies under them allow",
    severity: "medium",
    why: "What a policy allows and the boundary doesn't is refused: the function fails at its first call.",
    fix: "Add the action to the boundary, or take it away from the role's policies.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"],
    examples: { failing: under("s3:GetObject"), passing: under("sqs:SendMessage") },
    judge: beyondBoundaries,
  },
  {
    id: "iam-service-source",
    title: "Services are let in for things that are named",
    severity: "low",
    why: "With the account alone, whatever of the service anybody in the account makes may use the thing.",
    fix: "Put aws:SourceArn beside aws:SourceAccount into the statement's Condition.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: publishing({}),
      passing: publishing({ "aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:late" }),
    },
    judge: judgeStatements(["resource", "key"], ({ effect, principals, conditions }) => {
      const has = (name: string) => conditions.some(({ key }) => key.toLowerCase() === name);
      return effect === "Allow" &&
        // S3's own access logs come from as many buckets as there are, and go to one place.
        principals.some(({ type, value }) => type === "Service" && value !== "logging.s3.amazonaws.com") &&
        has("aws:sourceaccount") &&
        !conditions.some(({ key }) => /^(aws:SourceArn|kms:EncryptionContext)/i.test(key))
        ? ["must say for which thing the service is let in, by aws:SourceArn"]
        : [];
    }),
  },
  {
    id: "iam-key-context",
    title: "Rights to decrypt are tied to the service and the thing that they are for",
    severity: "medium",
    why: "Without kms:ViaService or an encryption context whoever has the role decrypts all that the key was ever used for, wherever it got it.",
    fix: "Put kms:ViaService and, where the service sets one, kms:EncryptionContext:… into the statement's Condition.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"],
    examples: {
      failing: roleWith(allow("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/a")),
      passing: roleWith(
        allow("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/a", {
          Condition: {
            StringEquals: {
              "kms:ViaService": "sqs.us-east-1.amazonaws.com",
              "kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:us-east-1:111111111111:jobs",
            },
          },
        }),
      ),
    },
    judge: judgeStatements(["identity"], (statement, { subjects }, graph) =>
      subjects.some((role) => isOfService(graph, role)) &&
      statement.effect === "Allow" &&
      statement.actions.some((action) => /^kms:(Decrypt|Encrypt|GenerateDataKey|ReEncrypt)/i.test(action)) &&
      ![/^kms:ViaService$/i, /^kms:(EncryptionContext:|ResourceAliases$)/i].every((wanted) =>
        statement.conditions.some(({ key }) => wanted.test(key)),
      )
        ? ["must say for which service and which thing it may use keys"]
        : [],
    ),
  },
];

/** A boundary of the same stack that is named by ARN is to be there before the role. */
function boundaryLater(node: GraphNode, graph: Graph): string[] {
  const references = graph.referencesFrom(node).flatMap((each) => ("to" in each ? [each] : []));
  const named = references.filter(({ path, kind }) => path === "permissions_boundary" && kind === "arn");
  return named
    .filter(({ to }) => to.stack === node.stack && !references.some((each) => each.to === to && each.kind !== "arn"))
    .map(({ to }) => `must wait for its boundary ${to.address}, which its stack makes`);
}

/** What a role's policies allow, and its boundary, as far as that is in the graph, doesn't. */
function beyondBoundaries(graph: Graph): Finding[] {
  return graph.ofType("aws_iam_role").flatMap((role) => {
    const boundary = graph.resolve(role.attributes.permissions_boundary, role.stack);
    if (boundary?.type !== "aws_iam_policy") return [];
    const limits = graph
      .policiesOf(boundary)
      .filter(({ node }) => node === boundary)
      .flatMap((document) => concreteStatements(graph, document))
      .filter(
        ({ effect, notActions, notResources }) => effect === "Allow" && notActions.length + notResources.length === 0,
      );
    if (limits.length === 0) return [];
    const lacking = graph
      .policiesOf(role)
      .filter(({ kind }) => kind === "identity")
      .flatMap((document) => concreteStatements(graph, document))
      .filter(({ effect }) => effect === "Allow")
      .flatMap(({ actions, resources }) =>
        actions.filter(
          (action) =>
            !limits.some(
              (limit) =>
                coversAction(limit, action) &&
                resources.some((own) => own === "*" || limit.resources.some((other) => haveCommon(own, other))),
            ),
        ),
      );
    return [...new Set(lacking)].flatMap((action) =>
      findings(boundary, [`must cover ${action}, which policies of ${role.physicalName ?? role.address} allow`]),
    );
  });
}

/** A role that an AWS service becomes: nobody else calls with its rights, and always for something. */
function isOfService(graph: Graph, role: GraphNode): boolean {
  return graph
    .policiesOf(role)
    .some(
      ({ kind, statements }) =>
        kind === "trust" && statements.some(({ principals }) => principals.some(({ type }) => type === "Service")),
    );
}

/** Empty where there is none; undefined where nobody knows. */
function versionOf({ node, path, source }: PolicyDocument): string | undefined {
  if (source !== undefined || path === "" || !/^[a-z_]+$/.test(path)) return undefined;
  const text = node.attributes[path];
  const document = typeof text === "string" ? parseJsonText(text) : undefined;
  if (!isObject(document)) return undefined;
  return document.Version === undefined ? "" : String(document.Version);
}

function lacking(statement: Statement, { kind, node, path }: PolicyDocument): string[] {
  // Rights of a thing's own resource (aws_lambda_permission) have no document.
  if (path === "") return [];
  const { actions, notActions, resources, notResources, principals, notPrincipals, conditions } = statement;
  const isOfThing = kind === "resource" || kind === "key" || kind === "trust" || kind === "endpoint";
  // Roles and repositories of images (Amazon ECR user guide, repository policies) are what their policies are about.
  const namesResources = kind !== "trust" && !node.type.startsWith("aws_ecr_");
  return [
    ...(actions.length + notActions.length === 0 ? ["must have actions"] : []),
    ...(namesResources && resources.length + notResources.length === 0 ? ["must have resources"] : []),
    ...(kind === "key" && resources.length > 0 && !resources.includes("*")
      ? [`must be on this key, which is * (it is on ${resources.join(", ")})`]
      : []),
    ...[...principals, ...notPrincipals]
      .filter(
        ({ type, value }) =>
          type === "Service" && !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|aws\.internal)$|\$\{/.test(value),
      )
      .map(({ value }) => `must name a service that exists (${value} doesn't)`),
    ...conditions
      .filter(({ key }) => /^(kms:CallerAccount|aws:(SourceAccount|ResourceAccount|PrincipalAccount))$/i.test(key))
      .flatMap(({ key, values }) => values.map((value) => ({ key, value })))
      .filter(({ value }) => !/^\d{12}$|[$*?]/.test(value))
      .map(({ key, value }) => `must compare ${key} with an account's id (${value} is none)`),
    ...resources
      .filter(
        (resource) => /^arn:aws:logs:[^$]*$/.test(resource) && !/:log-group:[^:]*(:\*|:log-stream:.*)?$/.test(resource),
      )
      .map((resource) => `must name a log group and its streams as AWS does (${resource})`),
    ...(isOfThing && principals.length + notPrincipals.length === 0 ? ["must have principals"] : []),
  ];
}
