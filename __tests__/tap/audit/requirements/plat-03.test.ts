import { dev } from "../../../../config/dev";
import { prod } from "../../../../config/prod";
import { staging } from "../../../../config/staging";
import { plat03 } from "../../../../tap/audit/requirements/plat-03";
import { prove } from "../../../support/prove";
import { provider, resource, stackOf } from "../../../support/synthesized";
import { add, jobs, jobsResource, network, remove } from "./mutations";

prove(plat03, {
  "the worker has other memory": jobsResource("aws_lambda_function", "work", (lambda) => {
    lambda.memory_size = 256;
  }),
  "the worker's memory is Lambda's own": jobsResource("aws_lambda_function", "work", (lambda) => {
    delete lambda.memory_size;
  }),
  "the worker has other concurrency": jobsResource("aws_lambda_function", "work", (lambda) => {
    lambda.reserved_concurrent_executions = Number(lambda.reserved_concurrent_executions) + 1;
  }),
  "the worker takes what concurrency there is": jobsResource("aws_lambda_function", "work", (lambda) => {
    lambda.reserved_concurrent_executions = -1;
  }),
  "the queue feeds another function": jobsResource("aws_lambda_event_source_mapping", undefined, (mapping) => {
    mapping.function_name = String(mapping.function_name).replace("work_Alias", "submit_Alias");
  }),
  "the stage takes other rates": jobsResource("aws_api_gateway_method_settings", undefined, (settings) => {
    settings.settings = { ...(settings.settings as object), throttling_rate_limit: 1_000 };
  }),
  "the stage takes any rate": jobsResource("aws_api_gateway_method_settings", undefined, (settings) => {
    settings.settings = { ...(settings.settings as object), throttling_rate_limit: -1 };
  }),
  "one method takes another rate": jobs((stack) =>
    add(stack, "aws_api_gateway_method_settings", {
      ...resource(stack, "aws_api_gateway_method_settings"),
      method_path: "jobs/POST",
    }),
  ),
  "messages are kept for other days": jobsResource("aws_sqs_queue", "Queue_C399BAB1", (queue) => {
    queue.message_retention_seconds = 7 * 86_400;
  }),
  "results are kept for other days": jobsResource("aws_s3_bucket_lifecycle_configuration", undefined, (lifecycle) => {
    const [rule] = lifecycle.rule as object[];
    lifecycle.rule = [{ ...rule, expiration: [{ days: 60 }] }];
  }),
  "results are kept for other days, as a block": jobsResource(
    "aws_s3_bucket_lifecycle_configuration",
    undefined,
    (lifecycle) => {
      const [rule] = lifecycle.rule as object[];
      lifecycle.rule = { ...rule, expiration: { days: 60 } };
    },
  ),
  "recovery is the other way round": jobsResource("aws_dynamodb_table", undefined, (table) => {
    const { enabled } = table.point_in_time_recovery as { enabled: boolean };
    table.point_in_time_recovery = [{ enabled: !enabled }];
  }),
  "the table's protection is the other way round": jobsResource("aws_dynamodb_table", undefined, (table) => {
    table.deletion_protection_enabled = table.deletion_protection_enabled !== true;
  }),
  "the bucket's protection is the other way round": jobsResource("aws_s3_bucket", undefined, (bucket) => {
    bucket.lifecycle = bucket.lifecycle === undefined ? { prevent_destroy: true } : undefined;
  }),
  "the bucket's objects are in the way": jobsResource("aws_s3_bucket", undefined, (bucket) => {
    bucket.force_destroy = bucket.force_destroy !== true;
  }),
  "there is a second table": jobs((stack) =>
    add(stack, "aws_dynamodb_table", { ...resource(stack, "aws_dynamodb_table"), name: "tap-jobs-other" }),
  ),
  "there is no queue": jobs((stack) => {
    remove(stack, "aws_sqs_queue", "Queue_C399BAB1");
  }),
  "a stack is for any account": jobs((stack) => {
    delete provider(stack).allowed_account_ids;
  }),
  "a stack is for another account": jobs((stack) => {
    provider(stack).allowed_account_ids = ["999999999999"];
  }),
  "a stack is for two accounts": jobs((stack) => {
    (provider(stack).allowed_account_ids as string[]).push("999999999999");
  }),
  "the second region has no network": (subject, environment) => {
    subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "network", "us-west-2")), 1);
  },
  "a network is in two zones": network((stack) => {
    const [first, second] = Object.values(stack.json.resource?.aws_subnet ?? {});
    if (first && second) first.availability_zone_id = second.availability_zone_id;
  }),
});

prove(
  plat03,
  {
    "two environments are in one account": (subject, environment) => {
      const own = subject.environments.find(({ name }) => name === environment);
      const other = subject.environments.find(({ name }) => name !== environment);
      Object.assign(other ?? {}, { accountId: own?.accountId });
    },
  },
  { environments: ["dev", "staging", "prod"] },
);

prove(
  plat03,
  {
    "it has all of dev's concurrency": (subject, environment) => {
      resource(stackOf(subject, environment, "jobs"), "aws_lambda_function", "work").reserved_concurrent_executions =
        10;
      for (const each of subject.environments) each.jobs.lambda.reservedConcurrency = 10;
    },
  },
  { environments: ["pr12"] },
);

test("PLAT-03 the accounts are those of the table, where no variable says otherwise", () => {
  expect([dev, staging, prod].map(({ accountId }) => accountId)).toEqual([
    "111111111111",
    "222222222222",
    "333333333333",
  ]);
});
