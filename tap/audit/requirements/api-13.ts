import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { keyIdOutputs } from "../one-key";
import { redriveOf } from "../queues";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import { resourcesOf, type StackJson } from "../stack-json";

/** What people, tools and other stacks name by name and by ARN. */
const named = [
  "aws_api_gateway_rest_api",
  "aws_dynamodb_table",
  "aws_lambda_function",
  "aws_sns_topic",
  "aws_wafv2_web_acl",
] as const;

export const api13: Requirement = {
  id: "API-13",
  checks:
    "The API puts out the name and the ARN of its REST API, table, functions, topic, web ACL and queues, the REST API's id, the stage's ARN and where the API is; each is a parameter under /tap/{environment}/api/, and what has an ARN there has a name there too.",
  why: "What isn't put out is looked up by hand, and copied wrongly; under one path for all, two environments overwrite each other's.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => [
      ...named.flatMap((type) => namesAndArns(stack, nodesIn(subject.graph, stack, type), type)),
      ...namesAndArns(stack, queuesOf(subject.graph, stack), "queue that a message can be in"),
      ...where(subject.graph, stack),
      ...pairs(stack, environment),
      ...parameters(stack),
    ]),
};

/** Queues that feed functions, and their dead letters; those of functions are named after them. */
function queuesOf(graph: Graph, stack: StackJson): GraphNode[] {
  return nodesIn(graph, stack, "aws_sqs_queue").flatMap((queue) => {
    const target = redriveOf(graph, queue)?.target;
    return target === undefined ? [] : [queue, target];
  });
}

/** Values under keys that end in the word. */
function valuesOf({ json }: StackJson, ending: string): unknown[] {
  return Object.entries(json.output ?? {})
    .filter(([key]) => key.endsWith(`_${ending}`))
    .map(([, { value }]) => value);
}

function namesAndArns(stack: StackJson, nodes: readonly GraphNode[], what: string): Finding[] {
  const names = valuesOf(stack, "name");
  const arns = valuesOf(stack, "arn");
  // An API and its web ACL have one name: each has its own output.
  const namesakes = (name: unknown) =>
    resourcesOf(stack).filter(
      ({ type, attributes }) => named.some((each) => each === type) && nameOf(attributes) === name,
    );
  return [
    ...expectThat(nodes.length > 0, stack, `has no ${what}`),
    ...nodes.flatMap(({ physicalName, arn, address }) => {
      const times = names.filter((value) => value === physicalName || value === `\${${address}.name}`).length;
      return [
        ...expectThat(
          physicalName !== undefined && times >= Math.max(1, namesakes(physicalName).length),
          stack,
          "must have its name among the outputs",
          address,
        ),
        ...expectThat(
          (arn !== undefined && arns.includes(arn)) || arns.includes(`\${${address}.arn}`),
          stack,
          "must have its ARN among the outputs",
          address,
        ),
      ];
    }),
  ];
}

function nameOf({ name, function_name }: Readonly<Record<string, unknown>>): unknown {
  return function_name ?? name;
}

function where(graph: Graph, stack: StackJson): Finding[] {
  const wanted = [
    ...nodesIn(graph, stack, "aws_api_gateway_rest_api").map(({ address }) => ["id", `\${${address}.id}`] as const),
    ...nodesIn(graph, stack, "aws_api_gateway_stage").flatMap(({ address }) => [
      ["arn", `\${${address}.arn}`] as const,
      ["url", `\${${address}.invoke_url}`] as const,
    ]),
  ];
  return [
    ...expectThat(wanted.length === 3, stack, "must have one REST API with one stage"),
    ...wanted.flatMap(([ending, value]) =>
      expectThat(valuesOf(stack, ending).includes(value), stack, `must put out ${value} as an ${ending}`),
    ),
  ];
}

/** `…_arn` and `…_name` go together; a stage has an address in place of a name, and a client may be called `name`. */
function pairs({ id, json }: StackJson, environment: Environment): Finding[] {
  const others = ["stage_arn", ...keyIdOutputs(environment)];
  const keys = Object.keys(json.output ?? {}).filter((key) => !others.includes(key));
  const partnerOf = (key: string) => (key.endsWith("_arn") ? key.replace(/arn$/, "name") : key.replace(/name$/, "arn"));
  return keys
    .filter((key) => /_(arn|name)$/.test(key) && !keys.includes(partnerOf(key)))
    .map((key) => ({ stack: id, message: `puts out ${key}, and no ${partnerOf(key)}` }));
}

function parameters(stack: StackJson): Finding[] {
  const found = resourcesOf(stack, "aws_ssm_parameter");
  return Object.entries(stack.json.output ?? {}).flatMap(([key, { value, sensitive }]) => {
    const path = `/tap/${stack.environmentSuffix}/api/${key}`;
    const [parameter, ...others] = found.filter(({ attributes }) => attributes.name === path);
    return [
      ...expectThat(
        others.length === 0 &&
          parameter?.attributes.insecure_value === value &&
          parameter?.attributes.type === "String" &&
          parameter?.attributes.lifecycle === undefined,
        stack,
        `must export ${key} as ${path}, with the same value`,
      ),
      ...expectThat(sensitive !== true, stack, `hides ${key}`),
    ];
  });
}
