import type { Environment } from "../../../config/environment";
import { nodesOfStack } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { keyIdOutput, takesKeys } from "../one-key";
import { expectThat, type Finding, nodesIn, type Subject, wanted } from "../requirement";
import type { StackJson } from "../stack-json";

/**
 * A key for each client that opens all regions (PLAT-14): where an API has a domain, the primary region's gateway makes
 * it, and the others take its value from there, by the id that the primary region puts out.
 */
export function keyProblems({ graph }: Subject, stack: StackJson, environment: Environment): Finding[] {
  const read = dataIn(graph, stack, "aws_api_gateway_api_key");
  const expected = takesKeys(environment, stack.region) ? environment.api.clients.length : 0;
  return [
    ...expectThat(read.length === expected, stack, `must read ${expected} API keys of ${environment.region}`),
    ...environment.api.clients.flatMap((client) => ofClient(graph, stack, environment, client)),
  ];
}

function ofClient(graph: Graph, stack: StackJson, environment: Environment, client: string): Finding[] {
  const name = `tap-api-${client}-${stack.environmentSuffix}-${stack.region}`;
  const [key, ...others] = nodesIn(graph, stack, "aws_api_gateway_api_key").filter(
    ({ attributes }) => attributes.name === name,
  );
  if (key === undefined || others.length > 0) return [{ stack: stack.id, message: `must have the key ${name}, once` }];
  const output = keyIdOutput(client);
  return [
    ...expectThat(
      stack.json.output?.[output]?.value === referenceTo(key, "id"),
      stack,
      `must put out the id of ${key.address} as ${output}`,
    ),
    ...(takesKeys(environment, stack.region)
      ? taken(graph, stack, environment, client, key)
      : findingsOn(key, wanted(key.attributes.value === undefined, "must have the value that the gateway makes"))),
  ];
}

function taken(
  graph: Graph,
  stack: StackJson,
  { region }: Environment,
  client: string,
  { attributes: { value }, stack: own, address }: GraphNode,
): Finding[] {
  const path = `/tap/${stack.environmentSuffix}/api/${keyIdOutput(client)}`;
  const id = dataIn(graph, stack, "aws_ssm_parameter").find(
    ({ attributes }) => attributes.name === path && attributes.region === region,
  );
  const key = dataIn(graph, stack, "aws_api_gateway_api_key").find(
    ({ attributes }) => id !== undefined && attributes.id === referenceTo(id, "insecure_value"),
  );
  if (id === undefined || key === undefined || value !== referenceTo(key, "value"))
    return [{ stack: own.id, address, message: `must take its value from the key of ${client} in ${region}` }];
  return [
    ...findingsOn(id, differences(graph, id, kept(id, "name", "region"))),
    ...findingsOn(key, differences(graph, key, { ...kept(key, "id"), region })),
  ];
}

function dataIn(graph: Graph, { id }: StackJson, type: string): readonly GraphNode[] {
  return nodesOfStack(graph, id, type, "data");
}
