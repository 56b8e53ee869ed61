import type { Environment } from "../../config/environment";
import { nodesOfStack } from "../graph/groups";
import type { Graph, GraphNode } from "../graph/model";
import { referenceTo } from "./exact";
import { aliasOf, functionsOf } from "./functions";
import { redriveOf } from "./queues";
import { nodesIn, ownNodesIn } from "./requirement";
import type { StackJson } from "./stack-json";

/** A kind of files, as FIL-02 has it. */
interface Kind {
  /** What the names of its objects end with, in lower case. */
  readonly suffixes: readonly string[];
  /** Whether a model may be asked about its files (FIL-04). */
  readonly asksModels: boolean;
}

export const kinds = {
  image: { suffixes: [".jpg", ".jpeg", ".png"], asksModels: true },
  document: { suffixes: [".pdf", ".txt"], asksModels: true },
  data: { suffixes: [".csv", ".json"], asksModels: false },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];

/** What works on the files of a kind, each as far as there is exactly one. */
export interface Processor {
  readonly kind: KindName;
  readonly lambda: GraphNode | undefined;
  readonly alias: GraphNode | undefined;
  /** What feeds the function. */
  readonly mapping: GraphNode | undefined;
  readonly queue: GraphNode | undefined;
  readonly deadLetters: GraphNode | undefined;
}

export function processorsOf(graph: Graph, stack: StackJson): Processor[] {
  const functions = functionsOf(graph, stack);
  return kindNames.map((kind) => processorOf(graph, stack, kind, functions.get(kind)));
}

function processorOf(graph: Graph, stack: StackJson, kind: KindName, lambda: GraphNode | undefined): Processor {
  const alias = aliasOf(graph, lambda);
  const mappings = nodesIn(graph, stack, "aws_lambda_event_source_mapping").filter(
    (each) => alias !== undefined && each.attributes.function_name === referenceTo(alias, "arn"),
  );
  const mapping = mappings.length === 1 ? mappings[0] : undefined;
  const source = mapping && graph.resolve(mapping.attributes.event_source_arn, mapping.stack);
  const queue = ofType(source, "aws_sqs_queue");
  const deadLetters = queue && ofType(redriveOf(graph, queue)?.target, "aws_sqs_queue");
  return { kind, lambda, alias, mapping, queue, deadLetters };
}

function ofType(node: GraphNode | undefined, type: string): GraphNode | undefined {
  return node?.type === type ? node : undefined;
}

/** Where the files are kept, by the names that both have wherever they were made. */
export interface FilesData {
  readonly bucketName: string;
  readonly bucketArn: string;
  readonly tableName: string;
  readonly tableArn: string;
  /** The stack's own key. */
  readonly key: GraphNode | undefined;
  /** The key of bucket and table, as policies name it: after a failover, the one that the other region left (PLAT-14). */
  readonly dataKey: string | undefined;
}

export function filesData(graph: Graph, stack: StackJson, environment: Environment): FilesData {
  const { environmentSuffix, accountId, dataRegion } = environment;
  const bucketName = `tap-files-uploads-${environmentSuffix}-${stack.region}-${accountId}`;
  // All replicas of a table have its name.
  const tableName = `tap-files-${environmentSuffix}-${dataRegion}`;
  const key = ownKeyOf(graph, stack);
  return {
    bucketName,
    bucketArn: `arn:aws:s3:::${bucketName}`,
    tableName,
    tableArn: `arn:aws:dynamodb:${stack.region}:${accountId}:table/${tableName}`,
    key,
    dataKey: dataRegion === stack.region ? key && referenceTo(key, "arn") : leftKey(graph, stack, environment),
  };
}

function ownKeyOf(graph: Graph, stack: StackJson): GraphNode | undefined {
  const [key, ...others] = ownNodesIn(graph, stack, "aws_kms_key");
  return others.length === 0 ? key : undefined;
}

function leftKey(graph: Graph, stack: StackJson, { environmentSuffix }: Environment): string | undefined {
  const name = `alias/tap-files-replica-${environmentSuffix}-${stack.region}`;
  const alias = nodesOfStack(graph, stack.id, "aws_kms_alias", "data").find(
    ({ attributes }) => attributes.name === name,
  );
  return alias && referenceTo(alias, "target_key_arn");
}

/** What a function is told by its environment. */
export function variablesOf({ attributes }: GraphNode): Readonly<Record<string, unknown>> {
  const [environment] = [attributes.environment ?? []].flat() as { variables?: Record<string, unknown> }[];
  return environment?.variables ?? {};
}
