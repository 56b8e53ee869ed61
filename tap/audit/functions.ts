import type { Graph, GraphNode } from "../graph/model";
import { blocksOf, isObject } from "../graph/terraform-json";
import { differences, referenceTo } from "./exact";
import { nodesIn } from "./requirement";
import type { StackJson } from "./stack-json";

/** Functions of a stack, by the part of their names that says what they do: `items` of `tap-api-items-dev-us-east-1`. */
export function functionsOf(graph: Graph, stack: StackJson): Map<string, GraphNode> {
  const prefix = `tap-${stack.component}-`;
  const suffix = `-${stack.environmentSuffix}-${stack.region}`;
  return new Map(
    nodesIn(graph, stack, "aws_lambda_function").map((lambda) => {
      const { physicalName = lambda.address } = lambda;
      const isNamed = physicalName.startsWith(prefix) && physicalName.endsWith(suffix);
      return [isNamed ? physicalName.slice(prefix.length, -suffix.length) : physicalName, lambda];
    }),
  );
}

/** The one alias of a function, where it is `live` and of the newest version alone; what calls the function calls this. */
export function aliasOf(graph: Graph, lambda: GraphNode | undefined): GraphNode | undefined {
  if (lambda === undefined) return undefined;
  const aliases = nodesIn(graph, lambda.stack, "aws_lambda_alias").filter(
    ({ attributes }) => graph.resolve(attributes.function_name, lambda.stack, { types: [lambda.type] }) === lambda,
  );
  const [alias, ...others] = aliases;
  if (alias === undefined || others.length > 0) return undefined;
  const expected = {
    name: "live",
    function_name: referenceTo(lambda, "function_name"),
    function_version: referenceTo(lambda, "version"),
  };
  return differences(graph, alias, expected).length === 0 ? alias : undefined;
}

/** Where a function's failed asynchronous invocations go: a queue, or whatever is named there. */
export function deadLettersOf(graph: Graph, lambda: GraphNode): GraphNode | undefined {
  const [config] = blocksOf(lambda.attributes, "dead_letter_config");
  return graph.resolve(config?.target_arn, lambda.stack);
}

/** A table or a bucket that a function is told of. */
export interface Place {
  readonly variable: "TABLE_NAME" | "BUCKET_NAME";
  readonly type: "aws_dynamodb_table" | "aws_s3_bucket";
  readonly name: string;
  readonly arn: string;
}

/** Where a function's settings say that its data are, whether or not its stack makes that. */
export function placesOf(graph: Graph, { attributes, stack, region, accountId }: GraphNode): Place[] {
  const [block] = blocksOf(attributes, "environment");
  const variables = isObject(block?.variables) ? block.variables : {};
  const all = [
    { variable: "TABLE_NAME", type: "aws_dynamodb_table", start: `arn:aws:dynamodb:${region}:${accountId}:table/` },
    { variable: "BUCKET_NAME", type: "aws_s3_bucket", start: "arn:aws:s3:::" },
  ] as const;
  return all
    .filter(({ variable }) => variable in variables)
    .map(({ start, ...place }) => {
      const name = graph.render(String(variables[place.variable]), stack);
      return { ...place, name, arn: `${start}${name}` };
    });
}
