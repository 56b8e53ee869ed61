import { partitionOf } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { callableAs } from "./platform";
import { arnOf } from "./role-rights";
import { withParts } from "./use";

/** Something that a function's code is told of. */
export interface Thing {
  readonly service: string;
  /** Patterns of its ARN and of what is in it. */
  readonly resources: readonly string[];
  /** As a message names it. */
  readonly name: string;
  /** Undefined where it is a part of the Parameter Store. */
  readonly node?: GraphNode;
  /** Where a name may mean several things, none is certain. */
  readonly isCertain: boolean;
}

/** Types of things that code asks for by name, ARN or URL, with their services in IAM, and how variables call them. */
const types: Readonly<Record<string, { readonly service: string; readonly words: RegExp }>> = {
  aws_cloudwatch_event_bus: { service: "events", words: /BUS/ },
  aws_dynamodb_table: { service: "dynamodb", words: /TABLE/ },
  aws_kinesis_stream: { service: "kinesis", words: /STREAM/ },
  aws_kms_key: { service: "kms", words: /KEY/ },
  aws_lambda_function: { service: "lambda", words: /FUNCTION|LAMBDA/ },
  aws_s3_bucket: { service: "s3", words: /BUCKET/ },
  aws_secretsmanager_secret: { service: "secretsmanager", words: /SECRET/ },
  aws_sfn_state_machine: { service: "states", words: /STATE|WORKFLOW|MACHINE/ },
  aws_sns_topic: { service: "sns", words: /TOPIC/ },
  aws_sqs_queue: { service: "sqs", words: /QUEUE|DEAD_LETTER/ },
  aws_ssm_parameter: { service: "ssm", words: /PARAM/ },
};

/** IAM's prefix for what is done with things of a type. */
export function serviceOf(type: string): string | undefined {
  return types[type]?.service;
}

/** Services whose calls need what a variable names: where that is there and empty, the code doesn't call them. */
export function switchedOff(graph: Graph, lambda: GraphNode): string[] {
  const isEmpty = variablesOf(lambda).some(
    ([name, value]) => /^MODEL_?(ID|ARN)S?$/i.test(name) && graph.render(value, lambda.stack) === "",
  );
  return isEmpty ? ["bedrock"] : [];
}

function variablesOf({ attributes }: GraphNode): [string, string][] {
  const [block] = blocksOf(attributes, "environment");
  const variables = isObject(block?.variables) ? block.variables : {};
  return Object.entries(variables).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
}

/** What a function's settings tell it of, and what is handed to it with each event. */
export function thingsOf(graph: Graph, lambda: GraphNode): Thing[] {
  const told = variablesOf(lambda).flatMap(([name, value]) => inVariable(graph, lambda, name, value));
  const rotated = callableAs(graph, lambda)
    .flatMap((node) => graph.referencesTo(node))
    .filter(({ from, path }) => from.type === "aws_secretsmanager_secret_rotation" && path === "rotation_lambda_arn")
    .flatMap(({ from }) => graph.resolve(from.attributes.secret_id, from.stack) ?? [])
    .map((node) => toThing(node, true));
  return [...told, ...rotated];
}

function inVariable(graph: Graph, lambda: GraphNode, name: string, value: string): Thing[] {
  const rendered = graph.render(value, lambda.stack);
  if (/^\/[\w./-]+$/.test(rendered)) return [parameters(lambda, rendered)];
  if (/^MODEL_?(ID|ARN)S?$/i.test(name)) return models(rendered);
  const found = meantBy(graph, lambda, value).filter(({ type, mode }) => type in types && mode === "managed");
  const named = found.filter(({ type }) => types[type]?.words.test(name.toUpperCase()));
  const meant = named.length > 0 ? named : found;
  return meant.map((node) => toThing(node, meant.length === 1));
}

/** An expression, an ARN and a URL mean one thing; a name, one of each type. */
function meantBy(graph: Graph, { stack }: GraphNode, value: string): GraphNode[] {
  if (value === "" || /^[\d.]+$|\s/.test(value)) return [];
  if (/[$:/]/.test(value)) return [graph.resolve(value, stack, { types: Object.keys(types) }) ?? []].flat();
  const nodes = Object.keys(types).flatMap((type) => graph.resolve(value, stack, { types: [type] }) ?? []);
  return [...new Set(nodes)];
}

/**
 * Models of Bedrock, by their ids with commas between them. That of an inference profile begins with where its models
 * are: both must be allowed (Bedrock user guide, prerequisites for inference profiles).
 */
function models(ids: string): Thing[] {
  return ids
    .split(",")
    .filter((id) => id !== "" && !/\$\{|^arn:/.test(id))
    .flatMap((id) => {
      const [, model] = /^[a-z-]+\.(\w+\..+)$/.exec(id) ?? [];
      const foundation = bedrockModel(`arn:*:bedrock:*::foundation-model/${model ?? id}`, model ?? id);
      return model === undefined
        ? [foundation]
        : [bedrockModel(`arn:*:bedrock:*:*:inference-profile/${id}`, id), foundation];
    });
}

function bedrockModel(arn: string, name: string): Thing {
  return { service: "bedrock", resources: [arn], name, isCertain: true };
}

function toThing(node: GraphNode, isCertain: boolean): Thing {
  return {
    service: serviceOf(node.type) ?? "",
    resources: withParts(arnOf(node)),
    name: node.physicalName ?? node.address,
    node,
    isCertain,
  };
}

/** A parameter's name, or the way to several. */
function parameters({ region, accountId }: GraphNode, path: string): Thing {
  const arn = `arn:${partitionOf(region)}:ssm:${region ?? "*"}:${accountId ?? "*"}:parameter${path.replace(/\/$/, "")}`;
  return { service: "ssm", resources: withParts(arn), name: path, isCertain: path.endsWith("/") };
}
