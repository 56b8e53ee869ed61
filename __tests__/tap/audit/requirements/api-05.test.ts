import { api05 } from "../../../../tap/audit/requirements/api-05";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { api, apiRoute, apiSetting, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { referenceTo } from "./mutations";

const lambda = "aws_lambda_function";
const retries = "aws_lambda_function_event_invoke_config";
const queue = "aws_sqs_queue";
const letters = "messages_DeadLetters";

const eachFunction = ["health", "items", "messages", "replicate"].flatMap((name): [string, Mutation][] => [
  [`${name} has 128 MB`, apiSetting(lambda, name, { memory_size: 128 })],
  [
    `${name} has another concurrency`,
    api((stack) => {
      const attributes = resource(stack, lambda, name);
      attributes.reserved_concurrent_executions = Number(attributes.reserved_concurrent_executions) + 1;
    }),
  ],
  [`${name} is tried once`, apiSetting(retries, name, { maximum_retry_attempts: 0 })],
]);

prove(
  api05,
  {
    ...Object.fromEntries(eachFunction),
    "a function is gone": apiWithout(lambda, "health"),
    "there is a further function": apiWith(lambda, (stack) => ({
      ...resource(stack, lambda, "items"),
      function_name: "tap-api-other",
    })),
    "a function isn't made": apiSetting(lambda, "items", { count: 0 }),
    "a function is another account's": apiSetting(lambda, "items", { provider: "aws.other" }),
    "Terraform leaves a function as it is": apiSetting(lambda, "items", { lifecycle: { ignore_changes: "all" } }),
    "a function is in another region": apiSetting(lambda, "items", { region: "us-east-1" }),
    "a function has more memory": apiSetting(lambda, "replicate", { memory_size: 1_024 }),
    "a function has Lambda's own memory": apiSetting(lambda, "replicate", { memory_size: undefined }),
    "a function ends with the gateway": apiSetting(lambda, "items", { timeout: 29 }),
    "a function ends late": apiSetting(lambda, "items", { timeout: 900 }),
    "a function has Lambda's own timeout": apiSetting(lambda, "messages", { timeout: undefined }),
    "a function isn't traced": apiSetting(lambda, "items", { tracing_config: { mode: "PassThrough" } }),
    "a function says nothing of traces": apiSetting(lambda, "messages", { tracing_config: undefined }),
    "a function takes what others leave": apiSetting(lambda, "items", { reserved_concurrent_executions: undefined }),
    "a function is switched off": apiSetting(lambda, "items", { reserved_concurrent_executions: 0 }),
    "retries are Lambda's own": apiWithout(retries, "items"),
    "retries end after a minute": apiSetting(retries, "items", { maximum_event_age_in_seconds: 60 }),
    "retries end nowhere": apiSetting(retries, "items", {
      destination_config: { on_failure: { destination_arn: "arn:aws:sqs:us-west-2:999999999999:other" } },
    }),
    "retries are of what nobody invokes": apiSetting(retries, "items", { qualifier: "$LATEST" }),
    "retries are of another function": apiSetting(retries, "items", { function_name: "tap-api-other" }),
    "an alias takes callers elsewhere": apiSetting("aws_lambda_alias", "items", {
      routing_config: { additional_version_weights: { "1": 0.5 } },
    }),
    "an alias is of an old version": apiSetting("aws_lambda_alias", "items", { function_version: "1" }),
    "a function has no dead letters": apiSetting(lambda, "messages", { dead_letter_config: undefined }),
    "dead letters are another account's": apiSetting(lambda, "messages", {
      dead_letter_config: { target_arn: "arn:aws:sqs:us-west-2:999999999999:other" },
    }),
    "dead letters are a topic": api((stack) => {
      resource(stack, lambda, "messages").dead_letter_config = {
        target_arn: referenceTo(stack, "aws_sns_topic", "Changes", "arn"),
      };
    }),
    "two functions have the same dead letters": api((stack) => {
      resource(stack, lambda, "items").dead_letter_config = resource(stack, lambda, "health").dead_letter_config;
    }),
    "dead letters are kept 4 days": apiSetting(queue, letters, { message_retention_seconds: 345_600 }),
    "dead letters are kept as long as SQS likes": apiSetting(queue, letters, { message_retention_seconds: undefined }),
    "dead letters are under SQS's own key": apiSetting(queue, letters, {
      kms_master_key_id: undefined,
      sqs_managed_sse_enabled: true,
    }),
    "dead letters are under AWS's key": apiSetting(queue, letters, { kms_master_key_id: "alias/aws/sqs" }),
    "dead letters are under no key": apiSetting(queue, letters, { kms_master_key_id: undefined }),
    "dead letters are under somebody's key": apiSetting(queue, letters, {
      kms_master_key_id: "arn:aws:kms:us-west-2:999999999999:key/00000000-0000-0000-0000-000000000000",
    }),
    "dead letters are under the key of codes": api((stack) => {
      resource(stack, queue, letters).kms_master_key_id = referenceTo(stack, "aws_kms_key", "CursorKey", "arn");
    }),
    "dead letters are under a key that isn't for them": api((stack) => {
      for (const key of Object.values(stack.json.resource?.aws_kms_key ?? {}))
        key.policy = String(key.policy).replaceAll("tap-api-messages-dead-letters", "tap-api-other");
    }),
    "dead letters come late": apiSetting(queue, letters, { delay_seconds: 900 }),
    "dead letters are in another region": apiSetting(queue, letters, { region: "us-east-1" }),
    "the gateway waits as long as the function has": apiRoute("aws_api_gateway_integration", "GET /items/{id}", {
      timeout_milliseconds: 30_000,
    }),
    "the gateway waits shortly": apiRoute("aws_api_gateway_integration", "DELETE /items/{id}", {
      timeout_milliseconds: 1_000,
    }),
    "the gateway waits as it likes": apiRoute("aws_api_gateway_integration", "GET /health", {
      timeout_milliseconds: undefined,
    }),
    "a function's queue is in a list of blocks": apiWithin(lambda, "items", "dead_letter_config", [
      { target_arn: "arn:aws:sqs:us-west-2:999999999999:other" },
    ]),
  },
  { alone: true, without: ["files", "stream"] },
);
