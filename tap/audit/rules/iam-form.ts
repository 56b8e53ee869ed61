import { parseJsonText } from "../../graph/json-text";
import type { Graph, GraphNode } from "../../graph/model";
import type { PolicyDocument, Statement } from "../../graph/policy";
import { isObject } from "../../graph/terraform-json";
import { expandAction } from "../privilege/iam-data";
import { findings, type Rule } from "../rule";
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

function lacking(statement: Statement, { kind, path }: PolicyDocument): string[] {
  // Rights of a thing's own resource (aws_lambda_permission) have no document.
  if (path === "") return [];
  const { actions, notActions, resources, notResources, principals, notPrincipals } = statement;
  const isOfThing = kind === "resource" || kind === "key" || kind === "trust" || kind === "endpoint";
  return [
    ...(actions.length + notActions.length === 0 ? ["must have actions"] : []),
    ...(kind !== "trust" && resources.length + notResources.length === 0 ? ["must have resources"] : []),
    ...(kind === "key" && resources.length > 0 && !resources.includes("*")
      ? [`must be on this key, which is * (it is on ${resources.join(", ")})`]
      : []),
    ...(isOfThing && principals.length + notPrincipals.length === 0 ? ["must have principals"] : []),
  ];
}
