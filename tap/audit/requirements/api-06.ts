import type { Environment } from "../../../config/environment";
import type { Graph } from "../../graph/model";
import { queueDepth } from "../alarms";
import { findingsOn } from "../exact";
import { deadLettersOf, functionsOf } from "../functions";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";
import { alarmProblems, alarmTopic, type Watched, watchedOf } from "../watched";

const durationMilliseconds = 25_000;

const depth: Watched = { metric: queueDepth, periods: 1, threshold: 0 };

export const api06: Requirement = {
  id: "API-06",
  checks:
    "Each function has alarms on the share of failed invocations, by metric math and the configured percentage, on a duration over 25 s, on throttles and on the first message among its dead letters; each goes to the alarm topic of its region and nowhere else.",
  why: "An alarm on a count of errors is silent at night and loud at noon; one that goes nowhere is silent for ever.",
  judge: (subject) => judgeEach(subject, "api", (stack, environment) => alarms(subject.graph, stack, environment)),
};

function alarms(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const topic = alarmTopic(graph, stack);
  const lambdas = functionsOf(graph, stack);
  if (topic?.arn === undefined || lambdas.size === 0)
    return [{ stack: stack.id, message: "must have functions, and an alarm topic in its region" }];
  const { arn } = topic;
  return [...lambdas.values()].flatMap((lambda) => {
    const own = watchedOf(environment, lambda, durationMilliseconds).map((each) => ({ ...each, node: lambda }));
    const letters = deadLettersOf(graph, lambda);
    const queue = letters?.type === "aws_sqs_queue" && letters.stack === lambda.stack ? letters : undefined;
    const all = [...own, ...(queue === undefined ? [] : [{ ...depth, node: queue }])];
    return [
      ...findingsOn(lambda, queue === undefined ? ["must have dead letters"] : []),
      ...all.flatMap(({ node, ...watched }) => findingsOn(lambda, alarmProblems(graph, node, watched, arn))),
    ];
  });
}
