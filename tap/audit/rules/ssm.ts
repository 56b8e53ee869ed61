import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf, isObject } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isSet, judgeResources, type Rule } from "../rule";
import { isCustomerKey, isOpenText, shown, textOf } from "./attribute-values";

const parameterType = "aws_ssm_parameter";
const parameter = (attributes: object) => ({ resource: { [parameterType]: { Token: { ...attributes } } } });
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };

/** Last parts of names that say that the value is secret, and those that say that it only names or locates one. */
const secretName =
  /(^|[-_])(pass(word|wd|phrase)?|secret(key)?|token|(api|access|private|signing|encryption)[-_]?key|credentials?)$/i;

/** `dbPassword` is `db_Password`. */
function words(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
}

function isSecret(graph: Graph, node: GraphNode): boolean {
  const name = textOf(graph, node, node.attributes.name) ?? "";
  return secretName.test(words(name.split("/").at(-1) ?? ""));
}

/** ARNs and URLs of secrets tell nothing. */
function isLocation(graph: Graph, node: GraphNode): boolean {
  const { value, insecure_value } = node.attributes;
  return /^(arn:|https?:\/\/)/.test(textOf(graph, node, insecure_value ?? value) ?? "");
}

function isSecure(graph: Graph, node: GraphNode): boolean {
  return (textOf(graph, node, node.attributes.type) ?? "SecureString") === "SecureString";
}

/** Bytes that Parameter Store takes, by tier. */
const tierBytes: Readonly<Record<string, number>> = { Standard: 4_096, Advanced: 8_192, "Intelligent-Tiering": 8_192 };

function sizeProblems(node: GraphNode, graph: Graph): string[] {
  const { value, insecure_value, tier } = node.attributes;
  const text = textOf(graph, node, insecure_value ?? value);
  const name = textOf(graph, node, tier) ?? (isSet(tier) ? "Advanced" : "Standard");
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  const most = tierBytes[name] ?? 8_192;
  return bytes > most ? [`must hold at most ${most} bytes in the tier ${name} (it has ${bytes})`] : [];
}

function nameProblems(node: GraphNode, graph: Graph): string[] {
  const name = textOf(graph, node, node.attributes.name);
  if (name === undefined || name === "") return [];
  const problems: readonly (readonly [boolean, string])[] = [
    [/^[\w.\-/]+$/.test(name), "must have a name of letters, digits, and . - _ /"],
    [!name.includes("/") || name.startsWith("/"), "must have a name that begins with a slash: it has levels"],
    [!/^\/?(aws|ssm)/i.test(name), "must not have a name that begins with aws or ssm"],
    [name.split("/").length <= 16 && name.length <= 1_011, "must have a name of at most 15 levels and 1011 characters"],
  ];
  return problems.flatMap(([holds, problem]) => (holds ? [] : [`${problem} (${shown(name)})`]));
}

/** Where parameters share the first part of their path: who writes some of them there writes all of them. */
function familyOf({ accountId, region }: GraphNode, name: string): string {
  return JSON.stringify([accountId, region, name.startsWith("/") ? name.split("/")[1] : name]);
}

/** Parameters that are read, and that nobody writes of those who write the others. */
function unwritten(graph: Graph): Finding[] {
  const families = new Map<string, Set<string>>();
  const stacks = new Map<string, Set<string>>();
  for (const node of graph.ofType(parameterType)) {
    const name = textOf(graph, node, node.attributes.name);
    if (name === undefined) continue;
    const family = familyOf(node, name);
    families.set(family, (families.get(family) ?? new Set()).add(name));
    stacks.set(family, (stacks.get(family) ?? new Set()).add(node.stack.id));
  }
  return graph.ofType(parameterType, "data").flatMap((node) => {
    const name = textOf(graph, node, node.attributes.name);
    if (name === undefined || !name.startsWith("/") || name.startsWith("/aws/")) return [];
    const family = familyOf(node, name);
    const byOthers = [...(stacks.get(family) ?? [])].some((stack) => stack !== node.stack.id);
    return findings(
      node,
      byOthers && families.get(family)?.has(name) === false
        ? [`must read a parameter that is written (${name} is by no stack of ${node.region ?? "its region"})`]
        : [],
    );
  });
}

/** Accounts that a document is shared with. */
function sharedWith({ attributes }: GraphNode): string[] {
  const { permissions } = attributes;
  const blocks = isObject(permissions) ? [permissions] : blocksOf(attributes, "permissions");
  return blocks.flatMap(({ account_ids }) => [account_ids ?? []].flat().flatMap((ids) => String(ids).split(",")));
}

export const ssmRules: readonly Rule[] = [
  {
    id: "ssm-secure-string",
    title: "Parameters that are secret are encrypted",
    severity: "high",
    why: "Whoever may read parameters reads it, the console shows it, and it is in the state and in plans.",
    fix: "Set type SecureString, or keep it in Secrets Manager.",
    references: ["CKV2_AWS_34"],
    examples: {
      failing: parameter({ name: "/orders/api-token", type: "String", value: "${var.token}" }),
      passing: parameter({ name: "/orders/api-token", type: "SecureString", value: "${var.token}" }),
    },
    judge: judgeResources(parameterType, (node, graph) =>
      isSecret(graph, node) && !isSecure(graph, node) && !isLocation(graph, node)
        ? ["must be a SecureString: by its name it is secret"]
        : [],
    ),
  },
  {
    id: "ssm-customer-key",
    title: "Encrypted parameters have a customer key",
    severity: "low",
    why: "With AWS's own key, whoever may read parameters reads it: there is no key policy to limit it.",
    fix: "Set key_id to a customer key.",
    references: ["CKV_AWS_337"],
    examples: {
      failing: parameter({ name: "/orders/token", type: "SecureString", value: "${var.token}" }),
      passing: parameter({
        name: "/orders/token",
        type: "SecureString",
        value: "${var.token}",
        key_id: "alias/orders",
      }),
    },
    judge: judgeResources(parameterType, (node, graph) =>
      node.attributes.type === "SecureString" && !isCustomerKey(graph, node, node.attributes.key_id)
        ? ["must have a customer key in key_id"]
        : [],
    ),
  },
  {
    id: "ssm-value-not-written",
    title: "No encrypted parameter's value is in the configuration",
    severity: "critical",
    why: "Whoever may read the repository, the synthesized JSON, a plan or the state has it.",
    fix: "Have the value written elsewhere and ignore changes of it, or take it from an ephemeral resource with value_wo.",
    references: [
      "https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html",
    ],
    examples: {
      failing: parameter({ name: "/orders/token", type: "SecureString", value: "hunter2", key_id: "alias/orders" }),
      passing: parameter({
        name: "/orders/token",
        type: "SecureString",
        value: "${random_password.Token.result}",
        key_id: "alias/orders",
      }),
    },
    judge: judgeResources(parameterType, (node, graph) =>
      node.attributes.type === "SecureString"
        ? ["value", "insecure_value"]
            .filter((name) => isWritten(textOf(graph, node, node.attributes[name])))
            .map((name) => `must not have its value written in ${name}`)
        : [],
    ),
  },
  {
    id: "ssm-value-size",
    title: "Parameters hold what their tier takes",
    severity: "medium",
    why: "Parameter Store refuses a longer value when the rest is deployed already.",
    fix: "Set tier Advanced, which takes 8 KB, or keep the value in S3.",
    references: [
      "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
    ],
    examples: {
      failing: parameter({ name: "/orders/rules", type: "String", value: "x".repeat(4_097) }),
      passing: parameter({ name: "/orders/rules", type: "String", value: "x".repeat(4_096) }),
    },
    judge: judgeResources(parameterType, sizeProblems),
  },
  {
    id: "ssm-parameter-name",
    title: "Names of parameters are such as Parameter Store takes",
    severity: "medium",
    why: "Terraform plans it, and Parameter Store refuses it when the rest is deployed already.",
    fix: "Begin with a slash where there are levels, never with aws or ssm, and use letters, digits, . - _ alone.",
    references: ["https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html"],
    examples: {
      failing: parameter({ name: "orders/rules", type: "String", value: "x" }),
      passing: parameter({ name: "/orders/rules", type: "String", value: "x" }),
    },
    judge: judgeResources(parameterType, nameProblems),
  },
  {
    id: "ssm-parameter-written",
    title: "Parameters that are read are written",
    severity: "high",
    why: "The plan of the stack fails, and with it everything that is to be deployed after it.",
    fix: "Write the parameter in the stack that knows its value, under the name that is read, in the same region.",
    references: [],
    examples: { failing: readAs("/orders/vpc-id"), passing: readAs("/orders/vpc_id") },
    judge: unwritten,
  },
  {
    id: "ssm-document-private",
    title: "Documents aren't shared with everyone",
    severity: "high",
    why: "Everyone with an AWS account reads the commands, names and addresses in it.",
    fix: "Name accounts in permissions, or leave it out.",
    references: ["FSBP SSM.4", "CKV_AWS_303"],
    examples: { failing: sharedDocument("All"), passing: sharedDocument("222222222222") },
    judge: judgeResources("aws_ssm_document", (node) =>
      sharedWith(node).some((id) => id.toLowerCase() === "all") ? ["must not be shared with all accounts"] : [],
    ),
  },
];

function isWritten(text: string | undefined): boolean {
  // Values that others put in later begin as something that says so.
  return (
    text !== undefined &&
    text !== "" &&
    !isOpenText(text) &&
    !/^(change|replace|placeholder|todo|tbd|none|-)/i.test(text)
  );
}

function readAs(name: string) {
  const written = { name: "/orders/vpc_id", type: "String", value: "${aws_vpc.Vpc.id}" };
  return {
    stacks: {
      network: { provider, resource: { [parameterType]: { VpcId: written } } },
      api: { provider, data: { [parameterType]: { VpcId: { name } } } },
    },
  };
}

function sharedDocument(account_ids: string) {
  const permissions = { type: "Share", account_ids };
  return { resource: { aws_ssm_document: { Patch: { name: "patch", document_type: "Command", permissions } } } };
}
