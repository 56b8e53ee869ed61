import { CustomerKey } from "../../constructs/customer-key";
import { NodeFunction } from "../../constructs/node-function";
import { Table, type TableProps } from "../../constructs/table";
import { built, EmptyStack, statements } from "../support/constructed";

function newTable(options: Partial<TableProps> = {}, environment = "dev") {
  const stack = new EmptyStack(environment);
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const table = new Table(stack, "Table", { key, partitionKey: "id", pointInTimeRecovery: true, ...options });
  return { stack, key, table };
}

const capacity = { read: { minimum: 2, maximum: 20 }, write: { minimum: 1, maximum: 5 }, targetUtilizationPercent: 70 };

test("a table is on demand, unless it is given capacity", () => {
  expect(built(newTable().stack, "aws_dynamodb_table")).toMatchObject({
    billing_mode: "PAY_PER_REQUEST",
    server_side_encryption: { enabled: true, kms_key_arn: expect.stringContaining("aws_kms_key.Key") },
    point_in_time_recovery: { enabled: true },
  });
  expect(built(newTable({ capacity }).stack, "aws_dynamodb_table")).toMatchObject({
    billing_mode: "PROVISIONED",
    read_capacity: 2,
    write_capacity: 1,
  });
});

test("a table that is replicated tells of changes as DynamoDB needs it, and no other way", () => {
  const { stack } = newTable({}, "prod");
  expect(built(stack, "aws_dynamodb_table")).toMatchObject({ stream_view_type: "NEW_AND_OLD_IMAGES" });
  expect(() => newTable({ streamViewType: "KEYS_ONLY" }, "prod")).toThrow(
    "streamViewType of a table that is replicated must be NEW_AND_OLD_IMAGES, DynamoDB's own need (given KEYS_ONLY)",
  );
});

test("capacity scales between its ends, and Terraform leaves it alone", () => {
  const { stack } = newTable({ capacity });
  expect(built(stack, "aws_dynamodb_table").lifecycle).toEqual({ ignore_changes: ["read_capacity", "write_capacity"] });
  expect(built(stack, "aws_appautoscaling_target", "Read")).toMatchObject({ min_capacity: 2, max_capacity: 20 });
  expect(built(stack, "aws_appautoscaling_target", "Write")).toMatchObject({ min_capacity: 1, max_capacity: 5 });
  expect(built(stack, "aws_appautoscaling_policy", "Write").target_tracking_scaling_policy_configuration).toEqual({
    target_value: 70,
    predefined_metric_specification: { predefined_metric_type: "DynamoDBWriteCapacityUtilization" },
  });
});

test.each([
  ["dev", false],
  ["prod", true],
])("in %s neither DynamoDB nor Terraform removes it: %p", (environment, isProtected) => {
  const table = built(newTable({}, environment).stack, "aws_dynamodb_table");
  expect(table.deletion_protection_enabled).toBe(isProtected);
  const { prevent_destroy = false } = (table.lifecycle ?? {}) as { prevent_destroy?: boolean };
  expect(prevent_destroy).toBe(isProtected);
});

test("REC-04 a grant is exactly the calls that it names, and the key through DynamoDB for this table alone", () => {
  const { stack, key, table } = newTable();
  const reader = new NodeFunction(stack, "Read", {
    entry: "records/read",
    description: "Reads",
    key,
    memorySizeMb: 256,
    timeoutSeconds: 10,
    reservedConcurrency: 1,
  });
  table.grant(reader, ["dynamodb:GetItem"]);
  expect(statements(stack, "aws_iam_role_policy", "data-access")).toEqual({
    Table: { Sid: "Table", Effect: "Allow", Action: ["dynamodb:GetItem"], Resource: [table.arn] },
    TableKey: {
      Sid: "TableKey",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: [expect.stringMatching(/^\$\{aws_kms_key\.Key_\w+\.arn\}$/)],
      Condition: {
        StringEquals: {
          "kms:CallerAccount": "111111111111",
          "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
          "kms:EncryptionContext:aws:dynamodb:tableName": table.name,
        },
      },
    },
  });
  expect(built(stack, "aws_lambda_function").depends_on).toContainEqual(
    expect.stringMatching(/^aws_iam_role_policy\.Read_Role_data-access_/),
  );
});

test.each([
  [{ ...capacity, read: { minimum: 0, maximum: 5 } }, /capacity\.read\.minimum .* from 1 to 40000 .*\(given 0\)/],
  [{ ...capacity, write: { minimum: 6, maximum: 5 } }, /capacity\.write\.maximum .* from 6 to 40000 .*\(given 5\)/],
  [{ ...capacity, targetUtilizationPercent: 95 }, /targetUtilizationPercent .* from 20 to 90 .*\(given 95\)/],
])("the capacity %j is refused", (wrong, message) => {
  expect(() => newTable({ capacity: wrong })).toThrow(message);
});
