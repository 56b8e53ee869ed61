import type { Environment } from "../../../config/environment";
import { files as definition } from "../../../routes/files";
import type { Graph } from "../../graph/model";
import { findingsOn } from "../exact";
import { filesData, variablesOf } from "../files";
import { allRightsProblems } from "../function-rights";
import { functionsOf } from "../functions";
import { gatewayOf } from "../gateway";
import { type Finding, judgeEach, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";
import { entrances } from "./api-08";
import { deployed, routes } from "./api-08-routes";
import { crossOrigin } from "./api-09";
import { objectRights, tableRights } from "./fil-02-rights";
import { authorizerOf } from "./fil-07";

/** What FIL-06 asks for, all of it with a key. */
const wantedRoutes = ["POST /files", "GET /files", "GET /files/{id}", "DELETE /files/{id}"];

/** Seconds: more than the gateway waits, so that it is the function that answers (API-05). */
const catalogTimeoutSeconds = 30;

export const fil06: Requirement = {
  id: "FIL-06",
  checks:
    "The gateway has exactly the four methods of the table of routes, checked by its models and parameters, before the alias of the catalog; pages of the configured origins may call them. The catalog may make the calls that its code makes, for which presigned URLs have its rights, and no other.",
  why: "A presigned URL can do whatever the function may that signed it; a body that the gateway lets through unchecked is the function's to survive.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      const gateway = gatewayOf(graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      const { allowedOrigins, userPoolArns } = environment.files;
      const authorizer = authorizerOf(gateway);
      return [
        ...table(stack),
        // Who is the authorizer, and whether there is to be one, is FIL-07's.
        ...entrances(gateway).filter(({ address }) => authorizer === undefined || address !== authorizer.address),
        ...routes(gateway, definition, authorizer),
        ...deployed(gateway),
        ...crossOrigin(gateway, definition, allowedOrigins, userPoolArns.length > 0),
        ...catalog(graph, stack, environment),
      ];
    }),
};

function table({ id }: StackJson): Finding[] {
  const actual = definition.routes.map(({ method, path }) => `${method} ${path}`);
  const others = definition.routes.filter((route) => route.access !== "key" || route.function !== "catalog");
  return [
    ...wanted(actual.join() === wantedRoutes.join(), `must have the routes ${wantedRoutes.join(", ")}`),
    ...others.map(({ operationId }) => `must ask for a key, and the catalog, for ${operationId}`),
  ].map((message) => ({ stack: id, message }));
}

function catalog(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const lambda = functionsOf(graph, stack).get("catalog");
  if (lambda === undefined) return [{ stack: stack.id, message: "must have the function catalog" }];
  const { memorySizeMb, reservedConcurrency } = environment.files.catalog;
  const { memory_size, timeout, reserved_concurrent_executions } = lambda.attributes;
  const data = filesData(graph, stack, environment);
  const { TABLE_NAME, BUCKET_NAME } = variablesOf(lambda);
  return findingsOn(lambda, [
    ...wanted(
      memory_size === memorySizeMb && reserved_concurrent_executions === reservedConcurrency,
      `must have ${memorySizeMb} MB and ${reservedConcurrency} executions at once`,
    ),
    ...wanted(timeout === catalogTimeoutSeconds, `must end after ${catalogTimeoutSeconds} seconds`),
    ...wanted(TABLE_NAME === data.tableName, `must be told the table ${data.tableName}`),
    ...wanted(
      graph.render(String(BUCKET_NAME), lambda.stack) === data.bucketName,
      `must be told the bucket ${data.bucketName}`,
    ),
    ...allRightsProblems(graph, lambda, environment, [
      ...tableRights(environment, stack, data, [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ]),
      { actions: ["dynamodb:Query"], resources: [`${data.tableArn}/index/by-owner`], conditions: {} },
      ...objectRights(environment, stack, data, {
        "uploads/*": ["s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObject"],
        // What was made of a file goes with it.
        "results/*": ["s3:DeleteObject", "s3:GetObject"],
      }),
    ]),
  ]);
}
