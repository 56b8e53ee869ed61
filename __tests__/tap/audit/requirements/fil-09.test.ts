import { fil09 } from "../../../../tap/audit/requirements/fil-09";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  aloneWith,
  filesPolicy,
  filesResource,
  filesSetting,
  filesVariables,
  filesWith,
  filesWithin,
  filesWithout,
} from "./files-mutations";
import { referenceTo, without } from "./mutations";

const group = "aws_cloudwatch_log_group";
const lambda = "aws_lambda_function";
const settings = "aws_api_gateway_method_settings";
const stage = "aws_api_gateway_stage";
const aclLog = "aws_wafv2_web_acl_logging_configuration";
const action = "logging_filter.filter.0.condition.0.action_condition.action";

const groups = [
  "catalog_LogGroup",
  "image_LogGroup",
  "document_LogGroup",
  "data_LogGroup",
  "AccessLogs",
  "ExecutionLogs",
  "WebAcl_Logs",
];

const ofEach = groups.flatMap((name): [string, Mutation][] => [
  [`${name} is kept for ever`, filesSetting(group, name, { retention_in_days: undefined })],
  [`${name} is kept 8 days more`, filesSetting(group, name, { retention_in_days: 14 })],
  [`${name} outlives its stack`, filesSetting(group, name, { skip_destroy: true })],
]);

/** Adds something to each line of the access log. */
const logged = (variable: string): Mutation =>
  filesResource(stage, "Stage", ({ access_log_settings }) => {
    const own = access_log_settings as { format: string };
    own.format = JSON.stringify({ ...JSON.parse(own.format), added: variable });
  });

const mustNotBeLogged = {
  addresses: "$context.identity.sourceIp",
  browsers: "$context.identity.userAgent",
  keys: "$context.identity.apiKey",
  "what files are asked for": "$context.path",
  "who a token is of": "$context.authorizer.claims.email",
  "query strings": "$input.params().querystring",
  "a text with a variable": "from $context.identity.sourceIp",
};

prove(
  fil09,
  {
    ...Object.fromEntries(ofEach),
    ...Object.fromEntries(
      Object.entries(mustNotBeLogged).map(([what, variable]) => [`the access log has ${what}`, logged(variable)]),
    ),
    "the web ACL's log has every caller's address": filesSetting(aclLog, "WebAcl", { logging_filter: undefined }),
    "the web ACL's log has whom it lets in": filesWithin(aclLog, "WebAcl", action, "ALLOW"),
    "the web ACL's log has whom it only counts": filesWithin(aclLog, "WebAcl", action, "EXCLUDED_AS_COUNT"),
    "the web ACL's log has what isn't filtered": filesWithin(
      aclLog,
      "WebAcl",
      "logging_filter.default_behavior",
      "KEEP",
    ),
    "the web ACL's log has keys": filesSetting(aclLog, "WebAcl", { redacted_fields: undefined }),
    "the access log is no JSON": filesWithin(stage, "Stage", "access_log_settings.format", "$context.requestId"),
    "access isn't logged": filesSetting(stage, "Stage", { access_log_settings: undefined }),
    "access is logged elsewhere": filesWithin(
      stage,
      "Stage",
      "access_log_settings.destination_arn",
      "arn:aws:firehose:us-east-1:111111111111:deliverystream/amazon-apigateway-x",
    ),
    "whole requests are logged": filesWithin(settings, "Stage", "settings.data_trace_enabled", true),
    "nobody says whether whole requests are logged": filesWithin(
      settings,
      "Stage",
      "settings.data_trace_enabled",
      undefined,
    ),
    "whole requests of one method are logged": filesWith(settings, (stack) => ({
      ...resource(stack, settings, "Stage"),
      method_path: "files/POST",
      settings: { data_trace_enabled: true },
    })),
    "the gateway makes its execution log itself": filesSetting(stage, "Stage", { depends_on: [] }),
    "there is no group of the execution log": filesWithout(group, "ExecutionLogs"),
    "logs are under no key": filesSetting(group, "AccessLogs", { kms_key_id: undefined }),
    "the key isn't meant for logs": filesPolicy("aws_kms_key", "Key_", without("Logs")),
    "a function logs text": filesWithin(lambda, "image_Function", "logging_config.log_format", "Text"),
    "a function doesn't say how it logs": filesSetting(lambda, "data_Function", { logging_config: undefined }),
    "a function logs the details of its work": filesWithin(
      lambda,
      "document_Function",
      "logging_config.application_log_level",
      "DEBUG",
    ),
    "a function logs to another's group": filesResource(lambda, "catalog_Function", (attributes, stack) => {
      attributes.logging_config = resource(stack, lambda, "data_Function").logging_config;
    }),
    "a function logs to a group that nobody made": filesWithin(
      lambda,
      "catalog_Function",
      "logging_config.log_group",
      "/aws/lambda/tap-files",
    ),
    "a function logs its events": filesVariables("catalog", { POWERTOOLS_LOGGER_LOG_EVENT: "true" }),
    "a function logs as on a developer's machine": filesVariables("image", { POWERTOOLS_DEV: "true" }),
    "a function's level is set behind its back": filesVariables("data", { LOG_LEVEL: "DEBUG" }),
    "logs go elsewhere": filesWith("aws_cloudwatch_log_subscription_filter", (stack) => ({
      name: "tap-files-copy",
      log_group_name: referenceTo(stack, group, "catalog_LogGroup", "name"),
      destination_arn: "arn:aws:kinesis:us-east-1:999999999999:stream/copy",
      filter_pattern: "",
    })),
  },
  aloneWith(["files"]),
);
