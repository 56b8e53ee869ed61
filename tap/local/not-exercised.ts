import { haveCommon } from "../audit/privilege/patterns";
import { platformUses } from "../audit/privilege/platform";
import type { Graph, GraphNode } from "../graph/model";
import type { Statement } from "../graph/policy";

/** An action that a statement allows. */
export interface Grant {
  readonly action: string;
  readonly statement: Statement;
}

/** Why the emulator can't exercise what a statement grants. */
interface NotExercised {
  readonly reason: string;
  /** @param isLambdas whether Lambda itself does it by the function's role, and not its code */
  readonly is: (grant: Grant, isLambdas: boolean) => boolean;
}

/** The first that a grant is under gives the reason. */
export const notExercised: readonly NotExercised[] = [
  {
    reason: "the emulator asks for no key behind the services that use it",
    is: ({ action, statement }) =>
      action.startsWith("kms:") && statement.conditions.some(({ key }) => key.toLowerCase() === "kms:viaservice"),
  },
  {
    reason: "the emulator answers no call of X-Ray, and Lambda sends segments to nobody",
    is: ({ action }, isLambdas) => isLambdas && action.startsWith("xray:"),
  },
  {
    reason: "functions run in this machine's network: there are no network interfaces",
    is: ({ action }, isLambdas) => isLambdas && action.startsWith("ec2:"),
  },
  {
    reason: "the emulator writes functions' logs itself, under no role",
    is: ({ action }, isLambdas) => isLambdas && action.startsWith("logs:"),
  },
  {
    reason: "the emulator reads queues and streams for functions itself, under no role",
    is: ({ action }, isLambdas) =>
      isLambdas && /^(dynamodb|kinesis|sqs):(Delete|Describe|Get|List|Receive)/.test(action),
  },
  {
    reason: "the emulator puts what failed into dead letters itself, under no role",
    is: ({ action }, isLambdas) => isLambdas && /^(events:Put|lambda:Invoke|s3:Put|sns:Publish|sqs:Send)/.test(action),
  },
];

/** Undefined where the emulator enforces it. */
export function reasonFor(graph: Graph, lambdas: readonly GraphNode[], grant: Grant): string | undefined {
  const isLambdas = lambdas.some((lambda) => doesItself(graph, lambda, grant));
  return notExercised.find(({ is }) => is(grant, isLambdas))?.reason;
}

/** Whether Lambda does it by a function's role: on something that the statement is about. */
function doesItself(graph: Graph, lambda: GraphNode, { action, statement }: Grant): boolean {
  const { needs, may } = platformUses(graph, lambda);
  return [...needs.flatMap(({ anyOf }) => anyOf), ...may].some(
    (use) =>
      use.action === action && use.resources.some((own) => statement.resources.some((other) => haveCommon(own, other))),
  );
}
