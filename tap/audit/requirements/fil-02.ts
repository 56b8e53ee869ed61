import type { Environment } from "../../../config/environment";
import type { Graph } from "../../graph/model";
import { differences, findingsOn, referenceTo } from "../exact";
import { filesData, type KindName, type Processor, processorsOf, variablesOf } from "../files";
import { allRightsProblems } from "../function-rights";
import { redriveOf } from "../queues";
import { type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import { roleOf } from "../rights";
import type { StackJson } from "../stack-json";
import { notifications } from "./fil-02-notifications";
import { processorRights } from "./fil-02-rights";

/** What a processor may have: MB, and seconds. */
const memorySizes = { least: 256, most: 2_048 };
const timeouts = { least: 30, most: 900 };
/** Lambda developer guide, SQS event sources: fewer, and a message is received again while it is worked on. */
const timeoutsPerVisibility = 6;

export const fil02: Requirement = {
  id: "FIL-02",
  checks:
    "Images, documents and data each have a function, role, queue and dead letters of their own, within limits and with the configured memory and concurrency; a file at a time, hidden for six timeouts; the bucket tells the queue of their kind, and no other, of what ends like them, in lower and upper case; nobody else sends; rights are what the code calls.",
  why: "One kind of files that is slow, large or broken would stop the others; a filter that fits two kinds is refused by S3, and one that fits none leaves a file unread.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      const processors = processorsOf(graph, stack);
      return [
        ...apart(graph, stack, processors),
        ...processors.flatMap((processor) => judgeProcessor(graph, stack, environment, processor)),
        ...notifications(graph, stack, environment, processors),
      ];
    }),
};

/** Nothing of two kinds is one; and there is no fourth. */
function apart(graph: Graph, stack: StackJson, processors: readonly Processor[]): Finding[] {
  const parts = processors.flatMap(({ lambda, queue, deadLetters }) => [
    lambda && roleOf(graph, lambda),
    queue,
    deadLetters,
  ]);
  const known = parts.filter((part) => part !== undefined);
  const mappings = nodesIn(graph, stack, "aws_lambda_event_source_mapping");
  return [
    ...(new Set(known).size === known.length
      ? []
      : [{ stack: stack.id, message: "must have a role, a queue and dead letters of its own for each kind" }]),
    ...mappings
      .filter((mapping) => !processors.some((each) => each.mapping === mapping))
      .flatMap((mapping) => findingsOn(mapping, ["feeds something that is no processor of files"])),
  ];
}

function judgeProcessor(graph: Graph, stack: StackJson, environment: Environment, processor: Processor): Finding[] {
  const { kind, lambda, alias, mapping, queue, deadLetters } = processor;
  if (!lambda || !alias || !mapping || !queue || !deadLetters)
    return [{ stack: stack.id, message: `must have one function ${kind}, fed by one queue with dead letters` }];
  const { reservedConcurrency } = environment.files[kind];
  const hidden = Number(queue.attributes.visibility_timeout_seconds ?? 30);
  const least = timeoutsPerVisibility * Number(lambda.attributes.timeout);
  const data = filesData(graph, stack, environment);
  return [
    ...findingsOn(lambda, [
      ...limits(environment, kind, lambda.attributes),
      ...told(graph, stack, environment, processor),
      ...allRightsProblems(graph, lambda, environment, processorRights(environment, stack, data, processor)),
    ]),
    ...findingsOn(queue, wanted(hidden >= least, `must hide messages for ${least} s at least`)),
    ...findingsOn(
      mapping,
      differences(graph, mapping, {
        event_source_arn: referenceTo(queue, "arn"),
        function_name: referenceTo(alias, "arn"),
        // What one file does to its process is not to touch another.
        batch_size: 1,
        function_response_types: ["ReportBatchItemFailures"],
        // More would come back throttled, and end as dead letters.
        scaling_config: { maximum_concurrency: reservedConcurrency },
      }),
    ),
  ];
}

function limits({ files }: Environment, kind: KindName, attributes: Readonly<Record<string, unknown>>): string[] {
  const { memorySizeMb, reservedConcurrency } = files[kind];
  const { memory_size, timeout, reserved_concurrent_executions } = attributes;
  const isWithin = (value: unknown, { least, most }: typeof timeouts) =>
    Number(value) >= least && Number(value) <= most;
  return [
    ...wanted(
      memory_size === memorySizeMb && isWithin(memory_size, memorySizes),
      `must have ${memorySizeMb} MB, of ${memorySizes.least} to ${memorySizes.most} (it has ${memory_size})`,
    ),
    ...wanted(
      isWithin(timeout, timeouts),
      `must end after ${timeouts.least} to ${timeouts.most} seconds (it does after ${timeout})`,
    ),
    ...wanted(
      reserved_concurrent_executions === reservedConcurrency,
      `must have ${reservedConcurrency} executions at once`,
    ),
  ];
}

/** Its own queue and dead letters, the one bucket and the one table. */
function told(
  graph: Graph,
  stack: StackJson,
  environment: Environment,
  { lambda, queue, deadLetters }: Processor,
): string[] {
  if (!lambda || !queue || !deadLetters) return [];
  const variables = variablesOf(lambda);
  const { bucketName, tableName } = filesData(graph, stack, environment);
  const expected: Readonly<Record<string, unknown>> = {
    QUEUE_URL: referenceTo(queue, "id"),
    DEAD_LETTER_QUEUE_URL: referenceTo(deadLetters, "id"),
    // One less than the queue: its last receive is for saying why.
    MAX_RECEIVE_COUNT: String(Number(redriveOf(graph, queue)?.maxReceiveCount) - 1),
    BUCKET_NAME: bucketName,
    TABLE_NAME: tableName,
    CONFIG_PATH: `/tap/${environment.environmentSuffix}/files/config/`,
  };
  return Object.entries(expected)
    .filter(([name, value]) => ![variables[name], graph.render(String(variables[name]), lambda.stack)].includes(value))
    .map(([name, value]) => `must be told ${name} ${value} (it is told ${variables[name]})`);
}
