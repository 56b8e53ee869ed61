import { rec02 } from "../../../../tap/audit/requirements/rec-02";
import { prove } from "../../../support/prove";
import { add, records, recordsResource } from "./mutations";

const other = "arn:aws:kms:us-east-1:111111111111:key/0";

prove(
  rec02,
  {
    "the table is under DynamoDB's own key": recordsResource("aws_dynamodb_table", "Table", (table) => {
      table.server_side_encryption = { enabled: true };
    }),
    "the table names the key and doesn't use it": recordsResource("aws_dynamodb_table", "Table", (table) => {
      table.server_side_encryption = { ...(table.server_side_encryption as object), enabled: false };
    }),
    "the table is under another key": recordsResource("aws_dynamodb_table", "Table", (table) => {
      table.server_side_encryption = { enabled: true, kms_key_arn: other };
    }),
    ...Object.fromEntries(
      ["Write", "Read"].flatMap((name) => [
        [
          `the log group of ${name} is under CloudWatch's own key`,
          recordsResource("aws_cloudwatch_log_group", name, (group) => {
            delete group.kms_key_id;
          }),
        ],
        [
          `the settings of ${name} are under Lambda's own key`,
          recordsResource("aws_lambda_function", name, (lambda) => {
            delete lambda.kms_key_arn;
          }),
        ],
        [
          `the code of ${name} is under another key`,
          recordsResource("aws_lambda_function", name, (lambda) => {
            lambda.source_kms_key_arn = other;
          }),
        ],
        [
          `the dead letters of ${name} are under another key`,
          recordsResource("aws_sqs_queue", name, (queue) => {
            queue.kms_master_key_id = "alias/aws/sqs";
          }),
        ],
      ]),
    ),
    "there is a second table": records((stack) => add(stack, "aws_dynamodb_table", { name: "tap-records-other" })),
  },
  { alone: true, without: ["files", "stream"] },
);
