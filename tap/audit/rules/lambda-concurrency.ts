import { withoutInstanceKeys } from "../../graph/expression";
import type { Graph, GraphNode } from "../../graph/model";
import type { Finding } from "../requirement";
import { findings, isSet, judgeResources, type Rule } from "../rule";
import { numberOf } from "./invoked";
import { worker } from "./lambda-example";

/** Concurrent executions that Lambda keeps for functions without a reservation. */
const unreserved = 100;

/** How many invocations run at once, and as whom. */
export const lambdaConcurrencyRules: readonly Rule[] = [
  {
    id: "lambda-reserved-concurrency",
    title: "Functions have concurrency of their own",
    severity: "medium",
    why: "One busy function takes all of the account's concurrency, and the others of the region are refused.",
    fix: "Set reserved_concurrent_executions to what the function and what it calls can stand.",
    references: ["CKV_AWS_115", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"],
    examples: { failing: worker(), passing: worker({ reserved_concurrent_executions: 10 }) },
    judge: judgeResources("aws_lambda_function", (lambda, graph) => {
      const { reserved_concurrent_executions } = lambda.attributes;
      const reserved = numberOf(graph, lambda, reserved_concurrent_executions);
      if (reserved === 0) return ["must have reserved_concurrent_executions above 0: with 0 it never runs"];
      const isReserved = isSet(reserved_concurrent_executions) && (reserved === undefined || reserved > 0);
      return isReserved ? [] : ["must have reserved_concurrent_executions set"];
    }),
  },
  {
    id: "lambda-concurrency-fits-account",
    title: "All reserved concurrency together leaves the account 100",
    severity: "high",
    why: "Lambda refuses a reservation that leaves the account fewer than 100: the deployment fails half-way.",
    fix: "Lower reserved_concurrent_executions, or have the account's quota raised and say so in accountConcurrency.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"],
    examples: {
      failing: worker({ reserved_concurrent_executions: 950 }),
      passing: worker({ reserved_concurrent_executions: 900 }),
    },
    judge: (graph, { accountConcurrency }) =>
      [...reservations(graph).values()].flatMap((reserved) => {
        const sum = reserved.reduce((total, { number }) => total + number, 0);
        const [most] = [...reserved].sort((a, b) => b.number - a.number);
        if (most === undefined || sum <= accountConcurrency - unreserved) return [];
        const place = `${most.lambda.accountId ?? "its account"} in ${most.lambda.region ?? "its region"}`;
        return findings(most.lambda, [
          `must leave ${unreserved} of the ${accountConcurrency} concurrent executions of ${place} unreserved (all functions reserve ${sum}, it has the most with ${most.number})`,
        ]);
      }),
  },
  {
    id: "lambda-role-own",
    title: "No two functions share a role",
    severity: "medium",
    why: "Each function may do what any of them needs, and nobody can tell from the trail which one did it.",
    fix: "Give each function a role that allows what its own code calls.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"],
    examples: {
      failing: twoFunctions("${aws_iam_role.First.arn}", "${aws_iam_role.First.arn}"),
      passing: twoFunctions("${aws_iam_role.First.arn}", "${aws_iam_role.Second.arn}"),
    },
    judge: judgeRoles,
  },
];

/** What functions of one account and region reserve; those of an unknown account are judged stack by stack. */
function reservations(graph: Graph): Map<string, { lambda: GraphNode; number: number }[]> {
  const reserved = new Map<string, { lambda: GraphNode; number: number }[]>();
  for (const lambda of graph.ofType("aws_lambda_function")) {
    const number = numberOf(graph, lambda, lambda.attributes.reserved_concurrent_executions) ?? 0;
    const place = JSON.stringify([lambda.accountId ?? lambda.stack.id, lambda.region]);
    const known = reserved.get(place);
    if (number <= 0) continue;
    if (known === undefined) reserved.set(place, [{ lambda, number }]);
    else known.push({ lambda, number });
  }
  return reserved;
}

function judgeRoles(graph: Graph): Finding[] {
  const users = new Map<string, GraphNode[]>();
  for (const lambda of graph.ofType("aws_lambda_function")) {
    const role = graph.resolve(lambda.attributes.role, lambda.stack);
    const written = graph.render(String(lambda.attributes.role ?? ""), lambda.stack);
    const key = role?.mode === "managed" ? role.id : written.startsWith("arn:") ? written : undefined;
    if (key !== undefined) users.set(key, [...(users.get(key) ?? []), lambda]);
  }
  return [...users.values()].flatMap((lambdas) => {
    // Instances of one resource run the same code.
    const code = new Set(lambdas.map(({ stack, address }) => `${stack.id}/${withoutInstanceKeys(address)}`));
    if (code.size < 2) return [];
    return lambdas.flatMap((lambda) => {
      const other = lambdas.find((each) => each !== lambda)?.address;
      return findings(lambda, [`must have a role of its own (${other} has the same)`]);
    });
  });
}

function twoFunctions(first: string, second: string) {
  const lambda = (function_name: string, role: string) => ({ function_name, role, runtime: "nodejs24.x" });
  const role = (name: string) => ({ name, assume_role_policy: '{"Version":"2012-10-17","Statement":[]}' });
  return {
    resource: {
      aws_iam_role: { First: role("first"), Second: role("second") },
      aws_lambda_function: { First: lambda("first", first), Second: lambda("second", second) },
    },
  };
}
