import { api10 } from "../../../../tap/audit/requirements/api-10";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { api, apiSetting, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { changing, referenceTo, rewrite, without } from "./mutations";

const stage = "aws_api_gateway_stage";
const group = "aws_cloudwatch_log_group";
const settings = "aws_api_gateway_method_settings";
const lambda = "aws_lambda_function";

/** Changes the line of the access log. */
const line = (change: (line: Record<string, unknown>) => void): Mutation =>
  api((stack) => {
    const log = resource(stack, stage).access_log_settings as { format: string };
    const changed = JSON.parse(log.format) as Record<string, unknown>;
    change(changed);
    log.format = JSON.stringify(changed);
  });

const withoutVariable = (variable: string): Mutation =>
  line((all) => {
    const names = Object.keys(all).filter((name) => all[name] === variable);
    if (names.length !== 1) throw new Error(`The line has ${variable} ${names.length} times`);
    delete all[names[0] as string];
  });

const tracing = (change: Parameters<typeof rewrite>[2]): Mutation =>
  api((stack) => rewrite(resource(stack, "aws_iam_role_policy", "items_Role_basic-execution"), "policy", change));

prove(
  api10,
  {
    "the stage isn't traced": apiSetting(stage, "Stage", { xray_tracing_enabled: false }),
    "the stage says nothing of traces": apiSetting(stage, "Stage", { xray_tracing_enabled: undefined }),
    "a function isn't traced": apiSetting(lambda, "messages", { tracing_config: { mode: "PassThrough" } }),
    "a function says nothing of traces": apiSetting(lambda, "messages", { tracing_config: undefined }),
    "a function may send no traces": tracing(without("WriteTraces")),
    "a function is denied to send traces": tracing(changing("WriteTraces", () => ({ Effect: "Deny" }))),
    "a function may send parts of traces": tracing(
      changing("WriteTraces", () => ({ Action: ["xray:PutTraceSegments"] })),
    ),
    "a function's code sends no traces": apiWithin(
      lambda,
      "items",
      "environment.variables.POWERTOOLS_TRACE_ENABLED",
      "false",
    ),
    "a function logs its events": apiWithin(
      lambda,
      "items",
      "environment.variables.POWERTOOLS_LOGGER_LOG_EVENT",
      "true",
    ),
    "a function logs errors alone": apiWithin(lambda, "items", "environment.variables.POWERTOOLS_LOG_LEVEL", "ERROR"),
    "a function logs text": apiSetting(lambda, "items", { logging_config: { log_format: "Text" } }),
    "a function logs warnings alone": apiWithin(lambda, "items", "logging_config.application_log_level", "WARN"),
    "access isn't logged": apiSetting(stage, "Stage", { access_log_settings: undefined }),
    "access is logged to somebody": apiWithin(
      stage,
      "Stage",
      "access_log_settings.destination_arn",
      "arn:aws:logs:us-west-2:999999999999:log-group:x",
    ),
    "access is logged to a stream": apiWithin(
      stage,
      "Stage",
      "access_log_settings.destination_arn",
      "arn:aws:firehose:us-west-2:111111111111:deliverystream/amazon-apigateway-x",
    ),
    "access is logged among a function's lines": api((stack) => {
      (resource(stack, stage).access_log_settings as Record<string, unknown>).destination_arn = referenceTo(
        stack,
        group,
        "items",
        "arn",
      );
    }),
    "access is logged in Apache's format": apiWithin(
      stage,
      "Stage",
      "access_log_settings.format",
      '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.resourcePath"',
    ),
    "access is logged in XML": apiWithin(
      stage,
      "Stage",
      "access_log_settings.format",
      '<request id="$context.requestId"/>',
    ),
    ...Object.fromEntries(
      ["requestId", "xrayTraceId", "status", "responseLatency", "integration.requestId"].map((name) => [
        `access is logged without ${name}`,
        withoutVariable(`$context.${name}`),
      ]),
    ),
    ...Object.fromEntries(
      [
        "$context.identity.sourceIp",
        "$context.identity.userAgent",
        "$context.identity.apiKey",
        "$context.identity.user",
        "$context.identity.cognitoIdentityId",
        "$context.authorizer.claims.email",
        "$context.path",
        "$context.error.validationErrorString",
        "$input.params()",
        "somebody",
        "$context.requestId from $context.identity.sourceIp",
      ].map((variable) => [
        `access is logged with ${variable}`,
        line((all) => {
          all.further = variable;
        }),
      ]),
    ),
    "access is logged with what is within": line((all) => {
      all.further = { ip: "$context.identity.sourceIp" };
    }),
    "access logs are kept for ever": apiSetting(group, "AccessLogs", { retention_in_days: 0 }),
    "access logs are kept a day": apiSetting(group, "AccessLogs", { retention_in_days: 1 }),
    "access logs are under no key": apiSetting(group, "AccessLogs", { kms_key_id: undefined }),
    "access logs are under a key of codes": api((stack) => {
      resource(stack, group, "AccessLogs").kms_key_id = referenceTo(stack, "aws_kms_key", "CursorKey", "arn");
    }),
    "access logs are read late": apiSetting(group, "AccessLogs", { log_group_class: "INFREQUENT_ACCESS" }),
    "the execution log's group isn't there": apiWithout(group, "ExecutionLogs"),
    "the execution log's group is another stage's": apiSetting(group, "ExecutionLogs", {
      name: "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.RestApi.id}/other",
    }),
    "the execution log's group comes after the stage": apiSetting(stage, "Stage", { depends_on: undefined }),
    "execution logs are kept for ever": apiSetting(group, "ExecutionLogs", { retention_in_days: undefined }),
    "execution logs are under no key": apiSetting(group, "ExecutionLogs", { kms_key_id: undefined }),
    "execution logs are under a key that isn't for them": api((stack) => {
      const keys = Object.values(stack.json.resource?.aws_kms_key ?? {});
      for (const key of keys)
        key.policy = String(key.policy).replaceAll("log-group:API-Gateway-Execution-Logs_", "log-group:Other_");
    }),
    "what callers send is logged": apiWithin(settings, "Stage", "settings.data_trace_enabled", true),
    "nobody says whether what callers send is logged": apiWithin(
      settings,
      "Stage",
      "settings.data_trace_enabled",
      undefined,
    ),
    "errors of the gateway aren't logged": apiWithin(settings, "Stage", "settings.logging_level", "OFF"),
    "there are no metrics": apiWithin(settings, "Stage", "settings.metrics_enabled", false),
    "answers are kept": apiWithin(settings, "Stage", "settings.caching_enabled", true),
    "what callers send to one method is logged": apiWith(settings, (stack) => ({
      ...resource(stack, settings),
      method_path: "items/POST",
      settings: { data_trace_enabled: true },
    })),
    "one method is logged": apiSetting(settings, "Stage", { method_path: "items/GET" }),
    "nothing says what is logged": apiWithout(settings, "Stage"),
    "there is no stage": apiWithout(stage, "Stage"),
    "a variable of a stage is logged": apiSetting(stage, "Stage", { variables: { x: "y" } }),
  },
  { alone: true, without: ["files", "stream"] },
);
