import type { Graph } from "../../graph/model";
import { blocksOf, type TerraformJson } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { roleOf } from "../rights";
import { findings, type Rule, unknown } from "../rule";
import { blockOf, isSwitchedOff } from "./attribute-values";
import { patternProblem } from "./event-patterns";
import { listOf, type Mapping, mappingsBy, mappingsOf, numberOf } from "./invoked";
import { provider } from "./lambda-example";
import { streamRules } from "./lambda-streams";
import { mayDo } from "./role-rights";

/** A queue, the function that it feeds, and that function's role. */
function fed({
  queue = {},
  lambda = {},
  mapping = {},
  action = "sqs:*Message*",
}: Partial<Record<"queue" | "lambda" | "mapping", object>> & { action?: string } = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_iam_role: { Worker: { name: "worker", assume_role_policy: '{"Version":"2012-10-17","Statement":[]}' } },
      aws_iam_role_policy: {
        Worker: {
          role: "${aws_iam_role.Worker.name}",
          policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Action: [action, "sqs:GetQueueAttributes"], Resource: "${aws_sqs_queue.Jobs.arn}" },
            ],
          }),
        },
      },
      aws_lambda_function: {
        Worker: { function_name: "worker", role: "${aws_iam_role.Worker.arn}", timeout: 30, ...lambda },
      },
      aws_sqs_queue: { Jobs: { name: "jobs", visibility_timeout_seconds: 180, ...queue } },
      aws_lambda_event_source_mapping: {
        Jobs: {
          event_source_arn: "${aws_sqs_queue.Jobs.arn}",
          function_name: "${aws_lambda_function.Worker.arn}",
          function_response_types: ["ReportBatchItemFailures"],
          ...mapping,
        },
      },
    },
  };
}

/** What Lambda asks of a source in the name of the function's role. */
const readingActions: Readonly<Record<string, readonly string[]>> = {
  aws_sqs_queue: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
  aws_kinesis_stream: ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"],
  aws_dynamodb_table: ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
};

function judgeMappings(problemsOf: (mapping: Mapping, graph: Graph) => readonly string[]): Rule["judge"] {
  return (graph) => mappingsOf(graph).flatMap((each) => findings(each.mapping, problemsOf(each, graph)));
}

const queueRules: readonly Rule[] = [
  {
    id: "lambda-source-visibility",
    title: "Queues hide a message six times as long as its function may take",
    severity: "high",
    why: "A message that reappears while it is still worked on, or while Lambda retries a throttled call, is handled twice and counts towards its dead letters.",
    fix: "Set the queue's visibility_timeout_seconds to at least six times the function's timeout, plus the mapping's batching window.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"],
    examples: { failing: fed({ queue: { visibility_timeout_seconds: 60 } }), passing: fed() },
    judge: judgeVisibility,
  },
  {
    id: "lambda-source-partial-batches",
    title: "Of a batch, only what failed comes back",
    severity: "medium",
    why: "Without partial answers one bad message brings its whole batch back: what had worked is done again, and good messages end as dead letters.",
    fix: 'Set function_response_types = ["ReportBatchItemFailures"], and have the function answer with batchItemFailures.',
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"],
    examples: { failing: fed({ mapping: { function_response_types: [] } }), passing: fed() },
    judge: judgeMappings(({ mapping, kind }, graph) => {
      const { function_response_types, batch_size } = mapping.attributes;
      const types = listOf(function_response_types);
      const isAlone = kind === "queue" && numberOf(graph, mapping, batch_size, 10) === 1;
      if (kind === "other" || isAlone || types === undefined) return [];
      const answers = types.some((type) => type === "ReportBatchItemFailures" || String(type).includes("${"));
      return answers ? [] : ["must have ReportBatchItemFailures in function_response_types"];
    }),
  },
  {
    id: "lambda-source-concurrency",
    title: "Queues feed a function no faster than it may run",
    severity: "medium",
    why: "Beyond the function's reserved concurrency Lambda refuses, the messages wait out their visibility, and after some refusals good ones end as dead letters.",
    fix: "Set scaling_config.maximum_concurrency, of all of a function's queues together at most its reserved_concurrent_executions.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"],
    examples: {
      failing: fed({
        lambda: { reserved_concurrent_executions: 10 },
        mapping: { scaling_config: { maximum_concurrency: 50 } },
      }),
      passing: fed({
        lambda: { reserved_concurrent_executions: 10 },
        mapping: { scaling_config: { maximum_concurrency: 10 } },
      }),
    },
    judge: judgeConcurrency,
  },
  {
    id: "lambda-source-role-reads",
    title: "Functions may read what feeds them",
    severity: "high",
    why: "Lambda reads a source in the name of the function's role: without the right, nothing ever arrives.",
    fix: "Allow the role to read the source: sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes, or the stream's actions.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"],
    examples: { failing: fed({ action: "sqs:SendMessage" }), passing: fed() },
    judge: (graph) =>
      mappingsOf(graph).flatMap(({ source, lambda }) => {
        if (source === undefined || lambda === undefined || source.mode === "data") return [];
        const role = roleOf(graph, lambda);
        const lacking = (readingActions[source.type] ?? []).filter((action) => !mayDo(graph, role, action, source));
        return lacking.length === 0 || role === undefined
          ? []
          : findings(role, [
              `must be allowed ${lacking.join(", ")} on ${source.address}, which feeds ${lambda.address}`,
            ]);
      }),
  },
  {
    id: "lambda-source-filter",
    title: "Filters of event sources are patterns that can match",
    severity: "high",
    why: "What no filter matches is dropped: of a queue, deleted without having been seen.",
    fix: "Write each filter's pattern as a JSON object in which every field has a list of what it may be.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"],
    examples: {
      failing: fed({ mapping: { filter_criteria: { filter: [{ pattern: '{"body":{"type":"order"}}' }] } } }),
      passing: fed({ mapping: { filter_criteria: { filter: [{ pattern: '{"body":{"type":["order"]}}' }] } } }),
    },
    judge: judgeMappings(({ mapping }) =>
      blocksOf(mapping.attributes, "filter_criteria")
        .flatMap((criteria) => blocksOf(criteria, "filter"))
        .flatMap(({ pattern }) => {
          const problem = patternProblem(pattern);
          return problem === undefined ? [] : [`must have a filter pattern that can match: ${problem}`];
        }),
    ),
  },
  {
    id: "lambda-source-enabled",
    title: "Event sources are on",
    severity: "medium",
    why: "Nothing reads the source: what waits there gets old, and is lost when its retention ends.",
    fix: "Leave enabled out, or set it to true.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html"],
    examples: { failing: fed({ mapping: { enabled: false } }), passing: fed({ mapping: { enabled: true } }) },
    judge: judgeMappings(({ mapping }, graph) =>
      isSwitchedOff(graph, mapping, mapping.attributes.enabled) ? ["must be enabled: nothing reads its source"] : [],
    ),
  },
];

function judgeVisibility(graph: Graph): Finding[] {
  return [...mappingsBy(graph, "source")].flatMap(([queue, mappings]) => {
    if (queue.type !== "aws_sqs_queue" || queue.mode === "data") return [];
    const visibility = numberOf(graph, queue, queue.attributes.visibility_timeout_seconds, 30);
    const wanted = mappings.map(({ mapping, lambda }) => {
      if (lambda === undefined) return 0;
      const timeout = numberOf(graph, lambda, lambda.attributes.timeout, 3) ?? 0;
      return 6 * timeout + (numberOf(graph, mapping, mapping.attributes.maximum_batching_window_in_seconds, 0) ?? 0);
    });
    const least = Math.max(...wanted);
    return visibility === undefined || visibility >= least
      ? []
      : findings(queue, [
          `must have visibility_timeout_seconds of at least ${least}, six times the timeout of ${mappings[0]?.lambda?.address} (it has ${visibility})`,
        ]);
  });
}

function judgeConcurrency(graph: Graph): Finding[] {
  return [...mappingsBy(graph, "lambda")].flatMap(([lambda, mappings]) => {
    const reserved = numberOf(graph, lambda, lambda.attributes.reserved_concurrent_executions);
    const queues = mappings.filter(({ kind }) => kind === "queue");
    if (reserved === undefined || reserved < 0) return [];
    const maxima = queues.map(({ mapping }) => {
      const scaling = blockOf(mapping.attributes, "scaling_config");
      const given = scaling === unknown ? "${}" : scaling?.maximum_concurrency;
      return { mapping, isGiven: given !== undefined && given !== null, maximum: numberOf(graph, mapping, given) ?? 0 };
    });
    const sum = maxima.reduce((total, { maximum }) => total + maximum, 0);
    return maxima.flatMap(({ mapping, isGiven, maximum }) => {
      if (!isGiven)
        return findings(mapping, [
          `must have scaling_config.maximum_concurrency set: ${lambda.address} has ${reserved} reserved`,
        ]);
      return sum <= reserved || maximum === 0
        ? []
        : findings(mapping, [
            `must have scaling_config.maximum_concurrency of at most what ${lambda.address} has reserved (${reserved}; its queues have ${sum})`,
          ]);
    });
  });
}

/** Event sources of functions: queues and streams. */
export const lambdaEventRules: readonly Rule[] = [...queueRules, ...streamRules];
