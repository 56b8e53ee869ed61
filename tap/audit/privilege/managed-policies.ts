import { normalizePolicy, type Statement } from "../../graph/policy";

const allowing = (...actions: string[]): readonly Statement[] =>
  normalizePolicy({ Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] }, "");

const logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
const interfaces = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/** What AWS's own policies for functions allow (AWS managed policy reference), by their paths and names. */
export const managedPolicies: Readonly<Record<string, readonly Statement[]>> = {
  AWSXRayDaemonWriteAccess: allowing(
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
  ),
  "service-role/AWSLambdaBasicExecutionRole": allowing(...logs),
  "service-role/AWSLambdaVPCAccessExecutionRole": allowing(...logs, ...interfaces),
  "service-role/AWSLambdaSQSQueueExecutionRole": allowing(
    ...logs,
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
  ),
  "service-role/AWSLambdaDynamoDBExecutionRole": allowing(
    ...logs,
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
  ),
  "service-role/AWSLambdaKinesisExecutionRole": allowing(
    ...logs,
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:ListStreams",
    "kinesis:SubscribeToShard",
  ),
};
