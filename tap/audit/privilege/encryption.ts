import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { arnOf } from "./role-rights";
import { encryptionContext, type Need, type Use, type Uses } from "./use";

/** How a service uses a customer's key in the name of who calls it (KMS developer guide, and each service's). */
interface Encryption {
  /** As `kms:ViaService` begins. */
  readonly via: string;
  /** Of the encryption context, without its prefix, and what it has there. */
  readonly context: (node: GraphNode) => Readonly<Record<string, readonly string[]>>;
  /** What an action on the thing needs of the key. */
  readonly needs: (action: string) => readonly string[];
  /** Actions on the key that it may come to besides. */
  readonly may?: readonly string[];
  readonly key: (graph: Graph, node: GraphNode) => unknown;
}

const decrypt = ["kms:Decrypt"];
const generate = ["kms:GenerateDataKey"];
const both = [...decrypt, ...generate];
const attribute = (name: string) => (_: Graph, node: GraphNode) => node.attributes[name];

const encryptions: Readonly<Record<string, Encryption>> = {
  aws_dynamodb_table: {
    via: "dynamodb",
    context: (node) => ({ "aws:dynamodb:tablename": [node.physicalName ?? ""] }),
    needs: (action) => (/:(Describe|List)/.test(action) ? [] : decrypt),
    key: (_, node) => blocksOf(node.attributes, "server_side_encryption")[0]?.kms_key_arn,
  },
  aws_kinesis_stream: {
    via: "kinesis",
    context: (node) => ({ "aws:kinesis:arn": [arnOf(node)] }),
    needs: (action) =>
      /:PutRecords?$/.test(action) ? generate : /:(GetRecords|Subscribe)/.test(action) ? decrypt : [],
    key: attribute("kms_key_id"),
  },
  aws_s3_bucket: {
    via: "s3",
    // With a bucket key the bucket's ARN, else the object's.
    context: (node) => ({ "aws:s3:arn": [arnOf(node)] }),
    needs: (action) => (/:GetObject(Version)?$/.test(action) ? decrypt : action === "s3:PutObject" ? generate : []),
    // Parts of an object are put together.
    may: decrypt,
    key: (graph, node) =>
      settingsOf(graph, node, "aws_s3_bucket_server_side_encryption_configuration")
        .flatMap(({ attributes }) => blocksOf(attributes, "rule"))
        .flatMap((rule) => blocksOf(rule, "apply_server_side_encryption_by_default"))
        .map(({ kms_master_key_id }) => kms_master_key_id)[0],
  },
  aws_secretsmanager_secret: {
    via: "secretsmanager",
    context: (node) => ({ secretarn: [arnOf(node)] }),
    needs: (action) =>
      /:GetSecretValue$/.test(action) ? decrypt : /:(Put|Update)Secret(Value)?$/.test(action) ? both : [],
    key: attribute("kms_key_id"),
  },
  aws_sns_topic: {
    via: "sns",
    context: (node) => ({ "aws:sns:topicarn": [arnOf(node)] }),
    needs: (action) => (action === "sns:Publish" ? both : []),
    key: attribute("kms_master_key_id"),
  },
  aws_sqs_queue: {
    via: "sqs",
    context: (node) => ({ "aws:sqs:arn": [arnOf(node)] }),
    needs: (action) => (action === "sqs:SendMessage" ? both : action === "sqs:ReceiveMessage" ? decrypt : []),
    key: attribute("kms_master_key_id"),
  },
  aws_ssm_parameter: {
    via: "ssm",
    context: (node) => ({ parameter_arn: [arnOf(node)] }),
    needs: (action) => (action.startsWith("ssm:Get") ? decrypt : action === "ssm:PutParameter" ? ["kms:Encrypt"] : []),
    key: attribute("key_id"),
  },
};

/** What actions on a thing need of the key that it is encrypted with; nothing where that is AWS's own. */
export function encryptionUses(
  graph: Graph,
  thing: GraphNode,
  actions: readonly string[],
  { by, does }: { readonly by: Use["by"]; readonly does: string },
): Uses {
  const encryption = encryptions[thing.type];
  const resources = keyArns(graph, thing, encryption?.key(graph, thing));
  if (encryption === undefined || resources.length === 0) return { needs: [], may: [] };
  const known = knownOf(encryption.via, thing, encryption.context(thing));
  const use = (action: string): Use => ({ action, resources, by, known });
  const needed = [...new Set(actions.flatMap(encryption.needs))];
  const needs: Need[] = needed.map((action) => ({
    anyOf: [use(action)],
    does: `${does}, and so ${action} of its key`,
  }));
  return { needs, may: needed.length === 0 ? [] : (encryption.may ?? []).map(use) };
}

/** What is known of a request for a key that a service makes in the name of its caller. */
export function knownOf(
  via: string,
  { region }: GraphNode,
  context: Readonly<Record<string, readonly string[]>>,
): NonNullable<Use["known"]> {
  return {
    ...(region === undefined ? {} : { "kms:viaservice": [`${via}.${region}.amazonaws.com`] }),
    ...Object.fromEntries(Object.entries(context).map(([key, values]) => [`${encryptionContext}${key}`, values])),
  };
}

/** ARNs of the customer's key that an attribute names; none where it is AWS's own. */
export function keyArns(graph: Graph, node: GraphNode, value: unknown): string[] {
  if (typeof value !== "string" || value === "") return [];
  const found = graph.resolve(value, node.stack, { types: ["aws_kms_alias", "aws_kms_key"] });
  const key = found?.type === "aws_kms_alias" ? graph.resolve(found.attributes.target_key_id, found.stack) : found;
  if (key !== undefined) return [arnOf(key)];
  const rendered = graph.render(value, node.stack);
  if (rendered.startsWith("alias/aws/")) return [];
  return [/^arn:[\w-]+:kms:[^$]*:key\/[^$]*$/.test(rendered) ? rendered : "*"];
}
