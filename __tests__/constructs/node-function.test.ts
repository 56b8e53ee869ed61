import { CustomerKey } from "../../constructs/customer-key";
import { FunctionNetwork } from "../../constructs/function-network";
import { NodeFunction, type NodeFunctionProps } from "../../constructs/node-function";
import { built, EmptyStack, statements } from "../support/constructed";

function newFunction(options: Partial<NodeFunctionProps> = {}, environment = "dev") {
  const stack = new EmptyStack(environment);
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const lambda = new NodeFunction(stack, "Write", {
    entry: "records/write",
    description: "Writes a record",
    key,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 5,
    ...options,
  });
  return { stack, key, lambda };
}

const ofKey = expect.stringMatching(/^\$\{aws_kms_key\.Key_\w+\.arn\}$/);

test("SEC-02 a function brings its runtime, key, log group, tracing, concurrency and dead letters", () => {
  const { stack } = newFunction({ environmentVariables: { TABLE_NAME: "t" } });
  expect(built(stack, "aws_lambda_function")).toMatchObject({
    function_name: "tap-records-write-dev-us-east-1",
    runtime: "nodejs24.x",
    architectures: ["arm64"],
    memory_size: 256,
    timeout: 30,
    reserved_concurrent_executions: 5,
    kms_key_arn: ofKey,
    source_kms_key_arn: ofKey,
    tracing_config: { mode: "Active" },
    logging_config: { log_format: "JSON", log_group: "/aws/lambda/tap-records-write-dev-us-east-1" },
    dead_letter_config: {
      target_arn: expect.stringMatching(/^\$\{aws_sqs_queue\.Write_DeadLetters_Queue_\w+\.arn\}$/),
    },
    environment: { variables: { TABLE_NAME: "t", POWERTOOLS_SERVICE_NAME: "records" } },
    publish: true,
  });
  expect(built(stack, "aws_cloudwatch_log_group")).toMatchObject({
    name: "/aws/lambda/tap-records-write-dev-us-east-1",
    retention_in_days: 14,
    kms_key_id: ofKey,
  });
});

test("its logs are kept as long as the environment says, or as it says itself", () => {
  expect(built(newFunction({}, "prod").stack, "aws_cloudwatch_log_group").retention_in_days).toBe(365);
  const { stack } = newFunction({ logRetentionDays: 7 }, "prod");
  expect(built(stack, "aws_cloudwatch_log_group").retention_in_days).toBe(7);
});

test("PLAT-19 its role is under the workload boundary, trusts Lambda for this account, and can run and no more", () => {
  const { stack, lambda } = newFunction();
  expect(built(stack, "aws_iam_role").permissions_boundary).toBe(
    "arn:aws:iam::111111111111:policy/tap-bootstrap-workload-boundary-dev-us-east-1",
  );
  expect(Object.values(statements(stack, "aws_iam_role", "", "assume_role_policy"))).toMatchObject([
    {
      Principal: { Service: ["lambda.amazonaws.com"] },
      Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
    },
  ]);
  const allowed = Object.values(statements(stack, "aws_iam_role_policy"));
  expect(allowed.flatMap(({ Action }) => Action).sort()).toEqual([
    "kms:Decrypt",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
  ]);
  expect(allowed.filter(({ Resource }) => Resource?.includes("*")).map(({ Sid }) => Sid)).toEqual(["WriteTraces"]);
  expect(JSON.stringify(allowed)).toContain(`${lambda.logGroup.arn}:*`);
});

test("callers get the alias live, and asynchronous invocations of it are tried twice more", () => {
  const { stack } = newFunction();
  expect(built(stack, "aws_lambda_alias")).toMatchObject({
    name: "live",
    function_version: expect.stringMatching(/^\$\{aws_lambda_function\.Write_Function_\w+\.version\}$/),
  });
  expect(built(stack, "aws_lambda_function_event_invoke_config")).toMatchObject({
    qualifier: expect.stringContaining("aws_lambda_alias"),
    maximum_retry_attempts: 2,
  });
});

test("API-06 error rate, the time of an invocation against its limit, and throttles raise alarms", () => {
  const { stack } = newFunction();
  expect(built(stack, "aws_cloudwatch_metric_alarm", "errors")).toMatchObject({ threshold: 5, evaluation_periods: 3 });
  expect(built(stack, "aws_cloudwatch_metric_alarm", "duration")).toMatchObject({ threshold: 25_000 });
  expect(built(stack, "aws_cloudwatch_metric_alarm", "throttles")).toMatchObject({ threshold: 0 });
});

test("API-03, PLAT-19 in a network it reaches endpoints alone, and its code can't use what its role needs for that", () => {
  const stack = new EmptyStack();
  const network = new FunctionNetwork(stack, "Network", { description: "Functions" });
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  new NodeFunction(stack, "Write", {
    entry: "records/write",
    description: "Writes a record",
    key,
    network,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 5,
  });
  expect(built(stack, "aws_lambda_function").vpc_config).toEqual({
    subnet_ids: '${split(",", data.aws_ssm_parameter.network_subnet_ids.insecure_value)}',
    security_group_ids: [expect.stringMatching(/^\$\{aws_security_group\.Network_SecurityGroup_\w+\.id\}$/)],
  });
  const egress = Object.values(stack.toTerraform().resource.aws_vpc_security_group_egress_rule);
  expect(egress).toHaveLength(3);
  for (const rule of egress) expect(rule).toMatchObject({ ip_protocol: "tcp", from_port: 443, to_port: 443 });
  expect(JSON.stringify(egress)).not.toContain("cidr");
  expect(statements(stack, "aws_iam_role_policy").NotForTheCodeItself).toMatchObject({
    Effect: "Deny",
    Resource: ["*"],
    Condition: {
      ArnEquals: {
        "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:tap-records-write-dev-us-east-1",
      },
    },
  });
});

test("its code is zipped from the stack's own folder, with fixed modes, once per function and one provider for all", () => {
  const { stack, key } = newFunction();
  new NodeFunction(stack, "Read", {
    entry: "records/read",
    description: "Reads a record",
    key,
    memorySizeMb: 128,
    timeoutSeconds: 3,
    reservedConcurrency: 1,
  });
  const json = stack.toTerraform();
  expect(Object.values(json.data.archive_file)).toMatchObject([
    {
      type: "zip",
      source_dir: expect.stringMatching(/^assets\/Write_Code_\w+\/0123456789abcdef$/),
      output_path: "archives/write.zip",
      output_file_mode: "0644",
    },
    { source_dir: expect.stringMatching(/^assets\/Read_Code_/), output_path: "archives/read.zip" },
  ]);
  expect(json.provider.archive).toEqual([{}]);
});

test.each([
  [{ memorySizeMb: 64 }, "memorySizeMb must be a whole number from 128 to 10240 (MB) (given 64)"],
  [{ timeoutSeconds: 901 }, "timeoutSeconds must be a whole number from 1 to 900 (seconds) (given 901)"],
  [{ reservedConcurrency: 0 }, "reservedConcurrency must be a whole number from 1 (executions at once) (given 0)"],
  [
    { description: "x".repeat(257) },
    "description's length must be a whole number from 1 to 256 (characters) (given 257)",
  ],
  [{ environmentVariables: { AWS_REGION: "x" } }, '(given "AWS_REGION")'],
  [{ environmentVariables: { "a-b": "x" } }, '(given "a-b")'],
  [
    { entry: "records/wirte" },
    'There is no functions/records/wirte/handler.ts; there are records/write, records/read (given "records/wirte")',
  ],
])("%j is refused", (options, message) => {
  expect(() => newFunction(options)).toThrow(message);
});
