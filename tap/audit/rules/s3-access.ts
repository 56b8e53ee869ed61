import { matchesArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import type { PolicyDocument, Statement } from "../../graph/policy";
import { coversAction, isForEveryone } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, judgeResources, type Rule, unknown } from "../rule";
import { blockOf, isOpenText, isSwitchedOff, shown, textOf, textsOf } from "./attribute-values";
import { bucketSettings, judgeBuckets } from "./bucket-settings";
import { hasUnreadablePolicy, isPublic, judgeStatements, nameOf } from "./exposure";

const bucket = { aws_s3_bucket: { Files: { bucket: "example-files" } } };
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const ofFiles = { bucket: "${aws_s3_bucket.Files.id}" };
const policyOf = (...statements: readonly Attributes[]) => ({
  provider,
  resource: {
    ...bucket,
    aws_s3_bucket_policy: { Files: { ...ofFiles, policy: JSON.stringify({ Statement: statements }) } },
  },
});
const bothArns = ["arn:aws:s3:::example-files", "arn:aws:s3:::example-files/*"];

const blocks = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] as const;
const blocked = Object.fromEntries(blocks.map((name) => [name, true]));

function publicAccessProblems(node: GraphNode, graph: Graph): string[] {
  return blocks
    .filter((name) => !isOn(graph, node, node.attributes[name]))
    .map((name) => `must have ${name} true (it has ${shown(node.attributes[name])})`);
}

function publicAccess(node: GraphNode, graph: Graph): Finding[] {
  const settings = bucketSettings(graph, node, "aws_s3_bucket_public_access_block");
  if (settings.length > 0) return settings.flatMap((each) => findings(each, publicAccessProblems(each, graph)));
  const ofAccount = graph
    .ofType("aws_s3_account_public_access_block")
    .some((each) => each.accountId === node.accountId && publicAccessProblems(each, graph).length === 0);
  return findings(
    node,
    ofAccount ? [] : ["must have an aws_s3_bucket_public_access_block with all four settings true"],
  );
}

/** What changes who may do what with a bucket, and isn't for other accounts (FSBP S3.6). */
const owning = [
  "s3:DeleteBucketPolicy",
  "s3:PutBucketAcl",
  "s3:PutBucketPolicy",
  "s3:PutEncryptionConfiguration",
  "s3:PutObjectAcl",
];

function foreignOwners(graph: Graph, document: PolicyDocument, on: GraphNode): string[] {
  const accountOf = (value: string) => /^(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::|$)/.exec(value)?.[1];
  const isForeign = ({ principals }: Statement) =>
    principals.some(({ type, value }) => {
      const account = type === "AWS" ? accountOf(graph.render(value, document.node.stack)) : undefined;
      return account !== undefined && account !== on.accountId;
    });
  return document.statements
    .filter((statement) => statement.effect === "Allow" && isForeign(statement))
    .flatMap((statement) => {
      const actions = owning.filter((action) => coversAction(statement, action));
      return actions.length === 0
        ? []
        : [`must not let another account do ${actions.join(", ")}, as ${nameOf(statement)} does`];
    });
}

function isPlainHttp({ effect, conditions }: Statement): boolean {
  const [only, ...others] = conditions;
  return (
    effect === "Deny" &&
    others.length === 0 &&
    only !== undefined &&
    /^Bool(IfExists)?$/.test(only.operator) &&
    only.key.toLowerCase() === "aws:securetransport" &&
    only.values.join() === "false"
  );
}

/** Which of a bucket and its objects no statement keeps from plain HTTP. */
function openToHttp(graph: Graph, on: GraphNode): string[] {
  const denied = graph.policiesOf(on).flatMap(({ node, statements }) =>
    statements
      .filter((each) => isPlainHttp(each) && isForEveryone(each) && coversAction(each, "s3:GetObject"))
      .filter((each) => coversAction(each, "s3:ListBucket"))
      .map((each) => each.resources.map((resource) => ({ resource, text: graph.render(resource, node.stack), node }))),
  );
  const isDenied = (end: "" | "/*") =>
    denied.flat().some(({ resource, text, node }) => {
      if (on.arn !== undefined && !isOpenText(text)) return matchesArn(text, on.arn + (end === "" ? "" : "/object"));
      return text === "*" || (text.endsWith("/*") === (end === "/*") && graph.resolve(resource, node.stack) === on);
    });
  return [...(isDenied("") ? [] : ["the bucket"]), ...(isDenied("/*") ? [] : ["its objects"])];
}

function plainHttp(node: GraphNode, graph: Graph): Finding[] {
  if (hasUnreadablePolicy(graph, node)) return [];
  const open = openToHttp(graph, node);
  if (open.length === 0) return [];
  const [document] = graph.policiesOf(node);
  return findings(document?.node ?? node, [
    `must deny s3:* on ${open.join(" and ")} of everyone where aws:SecureTransport is false`,
  ]);
}

function ownership(node: GraphNode, graph: Graph): Finding[] {
  const settings = bucketSettings(graph, node, "aws_s3_bucket_ownership_controls");
  if (settings.length === 0) return findings(node, ["must have aws_s3_bucket_ownership_controls: BucketOwnerEnforced"]);
  return settings.flatMap((each) => {
    const rule = blockOf(each.attributes, "rule");
    if (rule === unknown) return [];
    const owner = textOf(graph, each, rule?.object_ownership);
    const isWrong = !isSet(rule?.object_ownership) || (owner !== undefined && owner !== "BucketOwnerEnforced");
    return findings(each, isWrong ? [`must have object_ownership BucketOwnerEnforced (it has ${shown(owner)})`] : []);
  });
}

const openAcls = ["public-read", "public-read-write", "authenticated-read"];
const groups = /groups\/(global\/AllUsers|global\/AuthenticatedUsers)$/;

function aclProblems(node: GraphNode, graph: Graph): string[] {
  const acl = textOf(graph, node, node.attributes.acl) ?? "";
  const grants = [
    ...blocksOf(node.attributes, "access_control_policy").flatMap((policy) => blocksOf(policy, "grant")),
    ...blocksOf(node.attributes, "grant"),
  ].flatMap((grant) => [...blocksOf(grant, "grantee").map(({ uri }) => uri), grant.uri]);
  const open = grants.flatMap((uri) => groups.exec(textOf(graph, node, uri) ?? "")?.[1] ?? []);
  return [
    ...(openAcls.includes(acl) ? [`must not have the ACL ${acl}`] : []),
    ...open.map((group) => `must not grant anything to ${group}`),
  ];
}

const writing = ["PUT", "POST", "DELETE"];

function corsProblems(node: GraphNode, graph: Graph): string[] {
  return blocksOf(node.attributes, "cors_rule").flatMap((rule) => {
    const origins = textsOf(graph, node, rule.allowed_origins);
    const methods = textsOf(graph, node, rule.allowed_methods).filter((method) => writing.includes(method));
    const everywhere = origins.filter((origin) => /^(\*|https?:\/\/\*\.?)$/.test(origin));
    const plain = origins.filter((origin) => /^http:\/\/(?!localhost|127\.0\.0\.1|\*)/.test(origin));
    return [
      ...everywhere
        .filter((origin) => methods.length > 0 || origin !== "*")
        .map((origin) => `must not let pages of every origin (${origin}) send ${methods.join(", ") || "credentials"}`),
      ...plain.map((origin) => `must not let in ${origin}, which anybody on the way can change`),
    ];
  });
}

/** Who may get at what is in buckets. */
export const s3AccessRules: readonly Rule[] = [
  {
    id: "s3-bucket-public-access-block",
    title: "Buckets block public access, in all four ways",
    severity: "high",
    why: "One ACL or policy that lets everyone in, set by hand or by a tool, opens the bucket to the internet.",
    fix: "Add an aws_s3_bucket_public_access_block with block_public_acls, block_public_policy, ignore_public_acls and restrict_public_buckets true.",
    references: [
      "FSBP S3.8",
      "CIS AWS v3.0.0 2.1.4",
      "CKV2_AWS_6",
      "CKV_AWS_53",
      "CKV_AWS_54",
      "CKV_AWS_55",
      "CKV_AWS_56",
    ],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_bucket_public_access_block: { Files: { ...ofFiles, ...blocked, restrict_public_buckets: false } },
        },
      },
      passing: { resource: { ...bucket, aws_s3_bucket_public_access_block: { Files: { ...ofFiles, ...blocked } } } },
    },
    judge: judgeBuckets(publicAccess),
  },
  {
    id: "s3-bucket-policy-not-public",
    title: "No bucket policy lets everyone in",
    severity: "critical",
    why: "Everyone on the internet reads or writes what the statement allows.",
    fix: "Name principals in the statement, or limit it by aws:PrincipalOrgID, aws:SourceAccount, aws:SourceArn or aws:SourceVpce.",
    references: ["FSBP S3.2", "FSBP S3.3", "CKV_AWS_70"],
    examples: {
      failing: policyOf({ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: bothArns[1] }),
      passing: policyOf({
        Effect: "Allow",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: bothArns[1],
        Condition: { StringEquals: { "aws:PrincipalOrgID": "o-example1234" } },
      }),
    },
    judge: (graph) =>
      judgeStatements(graph, ["aws_s3_bucket", "aws_s3_access_point"], (statement) =>
        isPublic(statement) ? [`must not let everyone in, as ${nameOf(statement)} does`] : [],
      ),
  },
  {
    id: "s3-bucket-policy-own-account",
    title: "Only its own account changes who may use a bucket",
    severity: "high",
    why: "Another account can open the bucket, or take the encryption off it, and yours has no say.",
    fix: "Take s3:PutBucketPolicy, s3:DeleteBucketPolicy, the ACL actions and s3:PutEncryptionConfiguration out of statements for other accounts.",
    references: ["FSBP S3.6"],
    examples: {
      failing: policyOf({
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::222222222222:root" },
        Action: "s3:*",
        Resource: bothArns,
      }),
      passing: policyOf({
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::222222222222:root" },
        Action: "s3:GetObject",
        Resource: bothArns[1],
      }),
    },
    judge: judgeBuckets((node, graph) =>
      node.accountId === undefined
        ? []
        : graph.policiesOf(node).flatMap((document) => findings(document.node, foreignOwners(graph, document, node))),
    ),
  },
  {
    id: "s3-bucket-tls-only",
    title: "Buckets refuse plain HTTP",
    severity: "medium",
    why: "What is sent over plain HTTP is read and changed on the way.",
    fix: "Deny s3:* to everyone on the bucket and its objects where aws:SecureTransport is false.",
    references: ["FSBP S3.5", "CIS AWS v3.0.0 2.1.1", "CKV_AWS_379"],
    examples: {
      failing: policyOf({
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: bothArns[0],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
      passing: policyOf({
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: bothArns,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    },
    judge: judgeBuckets(plainHttp),
  },
  {
    id: "s3-bucket-owner-enforced",
    title: "Buckets have no ACLs: their owner owns all that is in them",
    severity: "medium",
    why: "Objects that another account writes belong to it, and ACLs let people in whom no policy names.",
    fix: "Add aws_s3_bucket_ownership_controls with object_ownership BucketOwnerEnforced.",
    references: ["FSBP S3.12", "CKV2_AWS_65"],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_bucket_ownership_controls: { Files: { ...ofFiles, rule: { object_ownership: "ObjectWriter" } } },
        },
      },
      passing: {
        resource: {
          ...bucket,
          aws_s3_bucket_ownership_controls: {
            Files: { ...ofFiles, rule: { object_ownership: "BucketOwnerEnforced" } },
          },
        },
      },
    },
    judge: judgeBuckets(ownership),
  },
  {
    id: "s3-acl-not-public",
    title: "No ACL grants anything to everyone",
    severity: "critical",
    why: "Everyone, or everyone with any AWS account, reads or writes what is in the bucket.",
    fix: "Leave acl and access_control_policy out, and set BucketOwnerEnforced.",
    references: ["FSBP S3.12", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43"],
    examples: {
      failing: { resource: { ...bucket, aws_s3_bucket_acl: { Files: { ...ofFiles, acl: "public-read" } } } },
      passing: { resource: { ...bucket, aws_s3_bucket_acl: { Files: { ...ofFiles, acl: "private" } } } },
    },
    judge: judgeResources(["aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object", "aws_s3_bucket_object"], aclProblems),
  },
  {
    id: "s3-access-point-public-access-block",
    title: "Access points block public access",
    severity: "critical",
    why: "An access point's own policy can let everyone at the bucket behind it, and the setting can't be changed later.",
    fix: "Leave public_access_block_configuration out, or set all four of it to true.",
    references: ["FSBP S3.19", "CKV_AWS_392"],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_access_point: {
            Reports: { ...ofFiles, name: "reports", public_access_block_configuration: { block_public_policy: false } },
          },
        },
      },
      passing: { resource: { ...bucket, aws_s3_access_point: { Reports: { ...ofFiles, name: "reports" } } } },
    },
    judge: judgeResources("aws_s3_access_point", (node, graph) =>
      blocksOf(node.attributes, "public_access_block_configuration").flatMap((block) =>
        blocks
          .filter((name) => isSet(block[name]) && isSwitchedOff(graph, node, block[name]))
          .map((name) => `must have ${name} true`),
      ),
    ),
  },
  {
    id: "s3-cors-known-origins",
    title: "Pages of known origins alone write to buckets from browsers",
    severity: "medium",
    why: "Any page that a user has open uses what the user's browser may do with the bucket.",
    fix: "List the origins in allowed_origins, with https, and leave out methods that aren't used.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html"],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_bucket_cors_configuration: {
            Files: { ...ofFiles, cors_rule: [{ allowed_methods: ["GET", "PUT"], allowed_origins: ["*"] }] },
          },
        },
      },
      passing: {
        resource: {
          ...bucket,
          aws_s3_bucket_cors_configuration: {
            Files: {
              ...ofFiles,
              cors_rule: [{ allowed_methods: ["GET", "PUT"], allowed_origins: ["https://www.example.com"] }],
            },
          },
        },
      },
    },
    judge: judgeResources(["aws_s3_bucket_cors_configuration", "aws_s3_bucket"], corsProblems),
  },
];
