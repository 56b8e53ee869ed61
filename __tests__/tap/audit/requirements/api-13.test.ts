import { api13 } from "../../../../tap/audit/requirements/api-13";
import { prove } from "../../../support/prove";
import { resource, stackOf, subjectOf } from "../../../support/synthesized";
import { api } from "./api-mutations";
import { add, putOut } from "./mutations";

/** Every output, one by one: none is there for nothing. */
const keys = Object.keys(stackOf(subjectOf("dev"), "dev", "api").json.output ?? {});

const output = (key: string, changes: Record<string, unknown>) =>
  api((stack) => {
    stack.json.output = { ...stack.json.output, [key]: { ...stack.json.output?.[key], ...changes } };
  });

const parameter = (key: string, changes: Record<string, unknown>) =>
  api((stack) => {
    Object.assign(
      Object.values(stack.json.resource?.aws_ssm_parameter ?? {}).find(({ name }) =>
        String(name).endsWith(`/${key}`),
      ) ?? {},
      changes,
    );
  });

prove(
  api13,
  {
    ...Object.fromEntries(
      keys.map((key) => [
        `${key} is not put out`,
        api((stack) => {
          delete stack.json.output?.[key];
        }),
      ]),
    ),
    ...Object.fromEntries(
      keys.map((key) => [
        `${key} is no parameter`,
        api((stack) => {
          delete stack.json.resource?.aws_ssm_parameter?.[`output_${key}`];
        }),
      ]),
    ),
    "an output is another environment's": output("items_table_arn", {
      value: "arn:aws:dynamodb:us-west-2:111111111111:table/tap-api-items-other-us-west-2",
    }),
    "an output is another region's": api((stack) => {
      for (const each of Object.values(stack.json.output ?? {}))
        if (typeof each.value === "string") each.value = each.value.replaceAll("us-west-2", "eu-west-1");
    }),
    "a name stands under the key of an ARN": output("messages_queue_arn", { value: "tap-api-peer-messages" }),
    "name and ARN are exchanged": api((stack) => {
      const { items_function_name: name, items_function_arn: arn } = stack.json.output ?? {};
      Object.assign(stack.json.output ?? {}, { items_function_name: arn, items_function_arn: name });
    }),
    "a client's key is put out without a domain, as a name without an ARN": api((stack) =>
      putOut(stack, "api_key_id_name"),
    ),
    "the name of the API stands where the web ACL's should": output("web_acl_name", { value: "x" }),
    "an output is hidden": output("invoke_url", { sensitive: true }),
    "the address is another stage's": output("invoke_url", { value: "https://example.com" }),
    "a parameter lacks the suffix": parameter("items_table_arn", { name: "/tap/api/items_table_arn" }),
    "a parameter has another environment's suffix": parameter("items_table_arn", {
      name: "/tap/other/api/items_table_arn",
    }),
    "a parameter is another component's": api((stack) => {
      const attributes = resource(stack, "aws_ssm_parameter", "output_items_table_arn");
      attributes.name = String(attributes.name).replace("/api/", "/jobs/");
    }),
    "a parameter has another value": parameter("items_table_arn", { insecure_value: "x" }),
    "a parameter keeps its value": parameter("items_table_arn", { lifecycle: { ignore_changes: ["insecure_value"] } }),
    "a parameter is a secret": parameter("items_table_arn", { type: "SecureString" }),
    "a table is there that isn't put out": api((stack) =>
      add(stack, "aws_dynamodb_table", { ...resource(stack, "aws_dynamodb_table"), name: "tap-api-other" }),
    ),
    "a function is there that isn't put out": api((stack) =>
      add(stack, "aws_lambda_function", {
        ...resource(stack, "aws_lambda_function", "items"),
        function_name: "tap-api-other",
      }),
    ),
    "an ARN is put out without a name": api((stack) => {
      stack.json.output = {
        ...stack.json.output,
        other_arn: { value: "arn:aws:sqs:us-west-2:111111111111:tap-other" },
      };
    }),
    "there is no API": api((stack) => {
      delete stack.json.resource?.aws_api_gateway_rest_api;
    }),
    "there is no web ACL": api((stack) => {
      delete stack.json.resource?.aws_wafv2_web_acl;
    }),
  },
  { alone: true, without: ["files", "stream"] },
);
