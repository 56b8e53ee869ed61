import type { Environment } from "../../../config/environment";
import type { GraphNode } from "../../graph/model";
import { coversAction } from "../../graph/statement";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo, sameInTerraform } from "../exact";
import { functionsOf } from "../functions";
import { type Gateway, gatewayOf } from "../gateway";
import { logGroupProblems } from "../log-groups";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";

/** What each line of the access log must have, to find a request in traces and other logs and to say how it went. */
const wantedVariables = [
  "requestId",
  "extendedRequestId",
  "xrayTraceId",
  "httpMethod",
  "resourcePath",
  "identity.apiKeyId",
  "status",
  "error.responseType",
  "waf.status",
  "responseLatency",
  "responseLength",
  "integration.requestId",
  "integration.error",
];

/**
 * What a line may have: nothing of who called but the id of the key, and nothing that callers choose (SEC-04). The path
 * is the table's; `$context.path` would have ids in it.
 */
const allowedVariables = [
  ...wantedVariables,
  "apiId",
  "integration.integrationStatus",
  "integration.latency",
  "integration.status",
  "integrationErrorMessage",
  "protocol",
  "requestTime",
  "requestTimeEpoch",
  "stage",
  "waf.latency",
];

/** Variables that change what a function logs and traces, behind the back of its settings (Powertools, X-Ray SDK). */
const observingVariables =
  /^(POWERTOOLS_(LOG|TRAC|DEV|METRICS_DISABLED)\w*|AWS_XRAY_\w+|AWS_LAMBDA_LOG_\w+|LOG_LEVEL)$/;

export const api10: Requirement = {
  id: "API-10",
  checks:
    "Stage and functions are traced by X-Ray; the stage's access log is JSON with request id, trace id, status and latency, without key or personal data; access and execution logs have a retention and a customer key, the execution log's group is there before the stage, and what callers send isn't logged. Functions log JSON.",
  why: "A log group that the gateway makes itself is kept for ever without a key, and data trace writes whole requests into it.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => {
      const gateway = gatewayOf(subject.graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      return [
        ...stageOf(gateway),
        ...accessLog(gateway, environment),
        ...executionLog(gateway, environment),
        ...functions(gateway),
      ];
    }),
};

function stageOf({ graph, stage }: Gateway): Finding[] {
  return findingsOn(
    stage,
    differences(graph, stage, {
      ...kept(stage, "rest_api_id", "deployment_id", "stage_name", "access_log_settings"),
      xray_tracing_enabled: true,
    }),
  );
}

/** What the gateway says of each request. */
export function accessLog({ graph, stack, stage }: Gateway, environment: Environment): Finding[] {
  const [settings, ...others] = blocksOf(stage.attributes, "access_log_settings");
  const group = nodesIn(graph, stack, "aws_cloudwatch_log_group").find(
    (each) => settings?.destination_arn === referenceTo(each, "arn"),
  );
  if (settings === undefined || others.length > 0 || group === undefined)
    return findingsOn(stage, ["must log access to a group of its stack"]);
  const variables = variablesOf(settings.format);
  const lacking = wantedVariables.filter((name) => !variables?.includes(name));
  const surplus = variables?.filter((name) => !allowedVariables.includes(name)) ?? [];
  return [
    ...findingsOn(stage, [
      ...(variables === undefined ? ["must log access as one line of JSON, of one variable each"] : []),
      ...lacking.map((name) => `must log $context.${name}`),
      ...surplus.map((name) => `must not log $context.${name}`),
      ...(Object.keys(settings).length === 2 ? [] : ["has more to its access log than group and format"]),
    ]),
    ...findingsOn(group, [
      ...(group.attributes.name === `tap-${stack.component}-access-${environment.environmentSuffix}-${stack.region}`
        ? []
        : ["must be the access log's own group"]),
      ...logGroupProblems(graph, group, environment),
    ]),
  ];
}

/** Names of the variables of a format that is an object of nothing else; undefined for any other. */
function variablesOf(format: unknown): string[] | undefined {
  if (/[\n\r]/.test(String(format))) return undefined;
  try {
    const line: unknown = JSON.parse(String(format));
    if (!isObject(line)) return undefined;
    const names = Object.values(line).map((value) => /^\$context\.([A-Za-z.]+)$/.exec(String(value))?.[1]);
    return names.some((name) => name === undefined) ? undefined : (names as string[]);
  } catch {
    return undefined;
  }
}

/** What the gateway says of its own work: in a group that is there first, and nothing of what callers send. */
export function executionLog({ graph, stack, api, stage, parts }: Gateway, environment: Environment): Finding[] {
  const name = `API-Gateway-Execution-Logs_${referenceTo(api, "id")}/${stage.attributes.stage_name}`;
  const group = nodesIn(graph, stack, "aws_cloudwatch_log_group").find(({ attributes }) => attributes.name === name);
  const [settings, ...others] = parts("method_settings");
  const [own] = settings === undefined ? [] : blocksOf(settings.attributes, "settings");
  if (group === undefined || own === undefined || settings === undefined || others.length > 0)
    return findingsOn(stage, [`must have the group ${name}, and one setting of what is logged there`]);
  const waits = [stage.attributes.depends_on ?? []].flat();
  return [
    ...findingsOn(group, logGroupProblems(graph, group, environment)),
    ...findingsOn(stage, waits.includes(group.address) ? [] : [`must wait for ${group.address}`]),
    ...findingsOn(
      settings,
      differences(graph, settings, {
        rest_api_id: referenceTo(api, "id"),
        stage_name: referenceTo(stage, "stage_name"),
        method_path: "*/*",
        settings: {
          throttling_rate_limit: own.throttling_rate_limit,
          throttling_burst_limit: own.throttling_burst_limit,
          metrics_enabled: true,
          data_trace_enabled: false,
          logging_level: own.logging_level === "INFO" ? "INFO" : "ERROR",
        },
      }),
    ),
  ];
}

function functions({ graph, stack }: Gateway): Finding[] {
  const lambdas = [...functionsOf(graph, stack).values()];
  return [
    ...(lambdas.length > 0 ? [] : [{ stack: stack.id, message: "must have functions" }]),
    ...lambdas.flatMap((lambda) =>
      findingsOn(lambda, [
        ...(sameInTerraform(lambda.attributes.tracing_config, { mode: "Active" }) ? [] : ["must be traced by X-Ray"]),
        ...functionLogProblems(lambda),
        ...(maySendTraces({ graph, lambda }) ? [] : ["must be allowed to send traces"]),
      ]),
    ),
  ];
}

/** What keeps a function from logging JSON, and nothing that its code doesn't say. */
export function functionLogProblems({ attributes }: GraphNode): string[] {
  const [logging] = blocksOf(attributes, "logging_config");
  const [block] = blocksOf(attributes, "environment");
  const variables = Object.keys(isObject(block?.variables) ? block.variables : {});
  return [
    ...(logging?.log_format === "JSON" && logging.application_log_level === "INFO" ? [] : ["must log JSON, from INFO"]),
    ...variables
      .filter((name) => observingVariables.test(name))
      .map((name) => `must not have ${name}: it changes what is logged or traced`),
  ];
}

function maySendTraces({ graph, lambda }: Pick<Gateway, "graph"> & { lambda: GraphNode }): boolean {
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  const statements = (role === undefined ? [] : graph.policiesOf(role))
    .filter(({ kind }) => kind === "identity")
    .flatMap((document) => document.statements);
  return ["xray:PutTraceSegments", "xray:PutTelemetryRecords"].every((action) => {
    const about = statements.filter((statement) => coversAction(statement, action));
    return (
      about.length > 0 &&
      about.every(
        ({ effect, resources, conditions }) =>
          effect === "Allow" && resources.join() === "*" && conditions.length === 0,
      )
    );
  });
}
