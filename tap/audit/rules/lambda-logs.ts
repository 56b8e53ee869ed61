import type { Graph, GraphNode } from "../../graph/model";
import { dependenciesOf } from "../../graph/order";
import { rememberingObjects } from "../../graph/remembering";
import { blocksOf } from "../../graph/terraform-json";
import { isSet, judgeResources, knownValue, type Rule } from "../rule";
import { worker } from "./lambda-example";

const groups = { aws_cloudwatch_log_group: { Worker: { name: "/aws/lambda/worker", retention_in_days: 30 } } };

/** Log groups by stack, place and name; of a name that isn't known, by how it is written. */
const groupsByName = rememberingObjects((graph: Graph): ReadonlyMap<string, GraphNode> => {
  const byName = new Map<string, GraphNode>();
  for (const group of graph.ofType("aws_cloudwatch_log_group")) {
    const name = graph.render(String(group.attributes.name ?? ""), group.stack);
    for (const key of keysOf(group, name)) byName.set(key, group);
  }
  return byName;
});

function keysOf({ stack, accountId, region }: GraphNode, name: string): string[] {
  const inStack = JSON.stringify([stack.id, region, name]);
  return name.includes("${") || accountId === undefined
    ? [inStack]
    : [inStack, JSON.stringify(["", accountId, region, name])];
}

/** The log group of a function; what it would be called, where there is none; undefined where nobody knows. */
function logGroupOf(graph: Graph, lambda: GraphNode): GraphNode | string | undefined {
  const [config] = blocksOf(lambda.attributes, "logging_config");
  const given = config?.log_group;
  if (isSet(given)) {
    const group = graph.resolve(given, lambda.stack, { types: ["aws_cloudwatch_log_group"] });
    if (group?.type === "aws_cloudwatch_log_group") return group;
  }
  const own = `/aws/lambda/${String(lambda.attributes.function_name)}`;
  const name = graph.render(isSet(given) ? String(given) : own, lambda.stack);
  for (const key of keysOf(lambda, name)) {
    const group = groupsByName(graph).get(key);
    if (group !== undefined) return group;
  }
  // Named after the function, by an expression.
  const named = graph
    .referencesTo(lambda)
    .find(({ from, path }) => from.type === "aws_cloudwatch_log_group" && path === "name");
  if (named !== undefined && !isSet(given)) return named.from;
  return name.includes("${") ? undefined : name;
}

/** Whether a node is made after another one: by what it refers to, or what that does. */
function comesAfter(graph: Graph, node: GraphNode, first: GraphNode): boolean {
  const seen = new Set([node]);
  for (const each of seen) {
    if (each === first) return true;
    for (const needed of dependenciesOf(graph, each)) seen.add(needed);
  }
  return false;
}

/** Where functions write what happens. */
export const lambdaLogRules: readonly Rule[] = [
  {
    id: "lambda-log-group",
    title: "Functions have a log group of the configuration",
    severity: "medium",
    why: "Lambda makes the group itself when it is first called: without encryption by a customer key, and it is kept and paid for ever.",
    fix: "Add an aws_cloudwatch_log_group named /aws/lambda/{function_name}, with retention_in_days and kms_key_id.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"],
    examples: { failing: worker(), passing: worker({ depends_on: ["aws_cloudwatch_log_group.Worker"] }, groups) },
    judge: judgeResources("aws_lambda_function", (lambda, graph) => {
      const group = logGroupOf(graph, lambda);
      return typeof group === "string" ? [`must have its log group ${group} in the configuration`] : [];
    }),
  },
  {
    id: "lambda-log-group-first",
    title: "Log groups are made before their functions",
    severity: "medium",
    why: "A function that is called before its log group is there makes one itself, and the deployment fails because the group exists.",
    fix: "Refer to the group's name in logging_config.log_group, or list it in the function's depends_on.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"],
    examples: {
      failing: worker({}, groups),
      passing: worker(
        { logging_config: { log_format: "JSON", log_group: "${aws_cloudwatch_log_group.Worker.name}" } },
        groups,
      ),
    },
    judge: judgeResources("aws_lambda_function", (lambda, graph) => {
      const group = logGroupOf(graph, lambda);
      // The groups of another stack are there before it, or that stack's own matter.
      if (typeof group !== "object" || group.mode === "data" || group.stack.id !== lambda.stack.id) return [];
      return comesAfter(graph, lambda, group) ? [] : [`must be made after its log group ${group.address}`];
    }),
  },
  {
    id: "lambda-log-format",
    title: "Functions that set their logs write them as JSON, and leave out no errors",
    severity: "low",
    why: "In text nobody can search by field, and a level of FATAL leaves out what went wrong.",
    fix: 'Set logging_config { log_format = "JSON", application_log_level = "INFO" } or a level that shows errors.',
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html"],
    examples: {
      failing: worker({ logging_config: { log_format: "JSON", application_log_level: "FATAL" } }),
      passing: worker({ logging_config: { log_format: "JSON", application_log_level: "INFO" } }),
    },
    judge: judgeResources("aws_lambda_function", (lambda, graph) =>
      blocksOf(lambda.attributes, "logging_config").flatMap(({ log_format, application_log_level }) => [
        ...(knownValue(graph, lambda, log_format) === "Text"
          ? ["must have logging_config.log_format JSON (it has Text)"]
          : []),
        ...(knownValue(graph, lambda, application_log_level) === "FATAL"
          ? ["must have logging_config.application_log_level ERROR or lower (it has FATAL)"]
          : []),
      ]),
    ),
  },
];
