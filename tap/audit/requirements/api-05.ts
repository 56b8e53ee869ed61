import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo, sameInTerraform } from "../exact";
import { aliasOf, functionsOf } from "../functions";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";

const functionNames = ["health", "items", "messages", "replicate"] as const;
type FunctionName = (typeof functionNames)[number];

/** Concurrency of the items function, where an environment is no short-lived one: that one's profile says what it may take. */
const itemsConcurrency = 100;
const memoryMegabytes = 256;
const timeoutSeconds = 30;
/** What puts a resource elsewhere, or makes it another number of times. */
const metaArguments = ["count", "for_each", "lifecycle", "provider", "region"];
/** What the gateway waits: its own limit, and less than the function has. */
const integrationMilliseconds = 29_000;
const retries = 2;
/** Six hours, Lambda's longest: a shorter age would end the retries before they are made. */
const eventAgeSeconds = 21_600;
const deadLetterSeconds = 14 * 86_400;

export const api05: Requirement = {
  id: "API-05",
  checks:
    "The functions health, items, messages and replicate have 256 MB, 30 s, X-Ray, two retries of a whole event's age and then a queue of their own, under the stack's key, that keeps it 14 days; 100 of concurrency for items and the configured ones for the others; the gateway waits 29 s for those behind it.",
  why: "A gateway that waits longer than its function, or retries that end nowhere, lose requests that nobody hears of.",
  judge: (subject) => judgeEach(subject, "api", (stack, environment) => functions(subject.graph, stack, environment)),
};

function functions(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const lambdas = functionsOf(graph, stack);
  const all = nodesIn(graph, stack, "aws_lambda_function");
  const isComplete = functionNames.every((name) => lambdas.has(name)) && all.length === functionNames.length;
  return [
    ...(isComplete ? [] : [{ stack: stack.id, message: `must have the functions ${functionNames.join(", ")}` }]),
    ...[...lambdas].flatMap(([name, lambda]) =>
      findingsOn(lambda, [
        ...settings(lambda, concurrencyOf(environment, name)),
        ...retried(graph, lambda),
        ...deadLetters(graph, lambda),
      ]),
    ),
    ...integrations(graph, stack),
  ];
}

function concurrencyOf({ api, name, environmentSuffix }: Environment, functionName: string): number | undefined {
  if (!functionNames.some((each) => each === functionName)) return undefined;
  const isDeclared = name === environmentSuffix;
  if (functionName === "items" && isDeclared) return itemsConcurrency;
  return api[functionName as FunctionName].reservedConcurrency;
}

function settings({ attributes }: GraphNode, concurrency: number | undefined): string[] {
  const { memory_size, timeout, reserved_concurrent_executions, tracing_config } = attributes;
  return [
    ...wanted(memory_size === memoryMegabytes, `must have ${memoryMegabytes} MB (it has ${memory_size})`),
    ...wanted(timeout === timeoutSeconds, `must have ${timeoutSeconds} s (it has ${timeout})`),
    ...wanted(sameInTerraform(tracing_config, { mode: "Active" }), "must be traced by X-Ray"),
    ...wanted(
      concurrency !== undefined && reserved_concurrent_executions === concurrency,
      `must have a concurrency of ${concurrency} (it has ${reserved_concurrent_executions})`,
    ),
    ...wanted(
      metaArguments.every((name) => attributes[name] === undefined),
      "must be in its stack's account and region, once, as it is written",
    ),
  ];
}

/** Of invocations of the alias, which is what everything here invokes. */
function retried(graph: Graph, lambda: GraphNode): string[] {
  const alias = aliasOf(graph, lambda);
  if (alias === undefined) return ["must have one alias, of its newest version"];
  const configs = nodesIn(graph, lambda.stack, "aws_lambda_function_event_invoke_config").filter(
    ({ attributes }) => graph.resolve(attributes.function_name, lambda.stack, { types: [lambda.type] }) === lambda,
  );
  const [config, ...others] = configs;
  if (config === undefined || others.length > 0) return ["must have its retries set, once"];
  return differences(graph, config, {
    function_name: referenceTo(lambda, "function_name"),
    qualifier: referenceTo(alias, "name"),
    maximum_retry_attempts: retries,
    maximum_event_age_in_seconds: eventAgeSeconds,
  });
}

function deadLetters(graph: Graph, lambda: GraphNode): string[] {
  const [config] = blocksOf(lambda.attributes, "dead_letter_config");
  const queue = nodesIn(graph, lambda.stack, "aws_sqs_queue").find((each) =>
    sameInTerraform(config, { target_arn: referenceTo(each, "arn") }),
  );
  if (queue === undefined) return ["must send what it fails at to a queue of its stack"];
  const sharing = nodesIn(graph, lambda.stack, "aws_lambda_function").filter(
    (other) => other !== lambda && sameInTerraform(other.attributes.dead_letter_config, config),
  );
  const key = ownKey(graph, queue, queue.attributes.kms_master_key_id, {
    service: "sqs",
    by: "caller",
    context: "aws:sqs:arn",
    value: String(queue.arn),
  });
  return [
    ...wanted(sharing.length === 0, `shares ${queue.address} with another function`),
    ...wanted(key !== undefined, "must have its dead letters under a key of its stack, which SQS may use for them"),
    ...differences(graph, queue, {
      ...kept(queue, "name", "visibility_timeout_seconds", "max_message_size"),
      ...(key === undefined ? kept(queue, "kms_master_key_id") : { kms_master_key_id: referenceTo(key, "arn") }),
      message_retention_seconds: deadLetterSeconds,
    }).map((difference) => `${queue.address} ${difference}`),
  ];
}

/** What calls a function waits for it as long as it may, and ends before it. */
function integrations(graph: Graph, stack: StackJson): Finding[] {
  const proxies = nodesIn(graph, stack, "aws_api_gateway_integration").filter(
    ({ attributes }) => attributes.type !== "MOCK",
  );
  if (proxies.length === 0) return [{ stack: stack.id, message: "must have a gateway before its functions" }];
  return proxies.flatMap((proxy) => {
    const { timeout_milliseconds } = proxy.attributes;
    return findingsOn(
      proxy,
      wanted(
        timeout_milliseconds === integrationMilliseconds,
        `must wait ${integrationMilliseconds} ms (it waits ${timeout_milliseconds})`,
      ),
    );
  });
}
