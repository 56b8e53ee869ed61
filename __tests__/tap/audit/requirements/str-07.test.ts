import { str07 } from "../../../../tap/audit/requirements/str-07";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { copied, resource, stackOf } from "../../../support/synthesized";
import { synthesizeWithoutTracing } from "../../../support/without-tracing";
import { add, assign, nameOf, remove } from "./mutations";
import { judgedOn, stream, streamResource, streamSetting } from "./stream-mutations";

const of =
  (component: string) =>
  (type: string, name: string, attributes: Attributes): Mutation =>
  (subject, environment) =>
    assign(resource(stackOf(subject, environment, component), type, name), attributes);

const jobs = of("jobs");
const records = of("records");
const files = of("files");
const network = of("network");

const group = "aws_cloudwatch_log_group";
const lambda = "aws_lambda_function";
const stage = "aws_api_gateway_stage";

const logging = (attributes: Attributes): Mutation =>
  streamResource(lambda, "ingest", ({ logging_config }) => assign(logging_config as Attributes, attributes));

/** Takes one dependency of a resource away. */
const early = (type: string, name: string, on: string): Mutation =>
  streamResource(type, name, (attributes) => {
    const waits = attributes.depends_on as string[];
    attributes.depends_on = waits.filter((address) => !address.includes(on));
  });

const allOf =
  (type: string): Mutation =>
  ({ stacks }) => {
    for (const { json } of stacks as StackJson[]) delete json.resource?.[type];
  };

prove(
  str07,
  {
    "a function isn't traced": streamSetting(lambda, "consume", { tracing_config: { mode: "PassThrough" } }),
    "a function of the jobs isn't traced": jobs(lambda, "submit", { tracing_config: undefined }),
    "a function of the records isn't traced": records(lambda, "Write", { tracing_config: undefined }),
    "a stage isn't traced": streamSetting(stage, "Stage", { xray_tracing_enabled: false }),
    "tracing of a stage of the files is left out": files(stage, "Stage", { xray_tracing_enabled: undefined }),

    "a function logs into a group that nobody declares": logging({ log_group: "/aws/lambda/other" }),
    "a function logs wherever Lambda likes": logging({ log_group: undefined }),
    "a function has no log group": stream((stack) => remove(stack, group, "ingest_LogGroup")),
    "a function comes before its log group": early(lambda, "ingest", group),
    "a stage logs requests nowhere": streamSetting(stage, "Stage", { access_log_settings: undefined }),
    "a stage logs requests into a group that nobody declares": streamResource(
      stage,
      "Stage",
      ({ access_log_settings }) => {
        (access_log_settings as Attributes).destination_arn = "arn:aws:logs:us-east-1:111111111111:log-group:other";
      },
    ),
    "a stage comes before its execution log": early(stage, "Stage", "ExecutionLogs"),
    "a stage has no execution log": stream((stack) => {
      remove(stack, group, "ExecutionLogs");
      delete resource(stack, stage).depends_on;
    }),
    "the execution log is of another stage": streamResource(group, "ExecutionLogs", (attributes) => {
      attributes.name = String(attributes.name).replace("/live", "/test");
    }),

    "a group is kept for ever": streamSetting(group, "consume", { retention_in_days: undefined }),
    "a group is kept for ever, in other words": streamSetting(group, "consume", { retention_in_days: 0 }),
    "a group is kept another time than configured": streamSetting(group, "AccessLogs", { retention_in_days: 1 }),
    "a group outlives its stack": streamSetting(group, "rotate", { skip_destroy: true }),
    "a group has no customer key": streamSetting(group, "health", { kms_key_id: undefined }),
    "the records' logs are kept as configured for others": records(group, "Read", { retention_in_days: 90 }),
    "the files' logs are kept a month": files(group, "catalog", { retention_in_days: 30 }),
    "flow logs are kept for ever": network(group, "FlowLogGroup", { retention_in_days: undefined }),
    "a group is added without an end": stream((stack) =>
      add(stack, group, { name: "other", kms_key_id: resource(stack, group, "consume").kms_key_id }),
    ),
    "a group's key isn't meant for it": stream((stack) => {
      const name = nameOf(stack, group, "import_LogGroup");
      (stack.json.resource?.[group]?.[name] as Attributes).name = "/aws/lambda/other";
    }),
    "there is no function": allOf(lambda),
    "there is no stage": allOf(stage),
  },
  judgedOn("stream", "jobs", "records", "files", "network us-west-2"),
);

describe("with the tracing switched off", () => {
  const withoutTracing = synthesizeWithoutTracing();

  prove(
    str07,
    {
      "a function is traced": streamSetting(lambda, "consume", { tracing_config: { mode: "Active" } }),
      "a function is left to the default": streamSetting(lambda, "consume", { tracing_config: undefined }),
      "a function of the jobs is traced": jobs(lambda, "submit", { tracing_config: { mode: "Active" } }),
      "a stage is traced": streamSetting(stage, "Stage", { xray_tracing_enabled: true }),
      "a stage of the files is traced": files(stage, "Stage", { xray_tracing_enabled: true }),
    },
    { environments: ["dev"], synthesized: () => copied(withoutTracing) },
  );
});
