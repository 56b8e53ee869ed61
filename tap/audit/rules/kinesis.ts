import type { TerraformJson } from "../../graph/terraform-json";
import { findings, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { isCustomerKey } from "./attribute-values";
import { isPublic, judgeStatements, nameOf } from "./exposure";
import { watchedBy } from "./heard-alarms";
import { mappingsBy, numberOf } from "./invoked";
import { provider } from "./lambda-example";

const streamType = "aws_kinesis_stream";
const key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

function stream(attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return { provider, resource: { aws_kinesis_stream: { Records: { name: "records", ...attributes } }, ...others } };
}

const alarm = (attributes: object) => ({
  aws_cloudwatch_metric_alarm: {
    Age: {
      alarm_name: "records-age",
      namespace: "AWS/Kinesis",
      metric_name: "GetRecords.IteratorAgeMilliseconds",
      dimensions: { StreamName: "${aws_kinesis_stream.Records.name}" },
      statistic: "Maximum",
      period: 60,
      evaluation_periods: 1,
      comparison_operator: "GreaterThanThreshold",
      threshold: 3_600_000,
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:alarms"],
      ...attributes,
    },
  },
});

const resourcePolicy = (Principal: object) =>
  stream(
    {},
    {
      aws_kinesis_resource_policy: {
        Records: {
          resource_arn: "${aws_kinesis_stream.Records.arn}",
          policy: JSON.stringify({
            Statement: [
              {
                Effect: "Allow",
                Principal,
                Action: "kinesis:PutRecord",
                Resource: "arn:aws:kinesis:us-east-1:111111111111:stream/records",
              },
            ],
          }),
        },
      },
    },
  );

/** Kinesis data streams. */
export const kinesisRules: readonly Rule[] = [
  {
    id: "kinesis-encryption",
    title: "Streams are encrypted",
    severity: "high",
    why: "Records lie on AWS's disks as they were sent, for up to a year.",
    fix: 'Set encryption_type = "KMS" and kms_key_id.',
    references: ["FSBP Kinesis.1", "CKV_AWS_43"],
    examples: { failing: stream(), passing: stream({ encryption_type: "KMS", kms_key_id: key }) },
    judge: judgeResources(streamType, (node, graph) => {
      const type = knownValue(graph, node, node.attributes.encryption_type);
      return type === "KMS" || type === unknown ? [] : ["must have encryption_type KMS"];
    }),
  },
  {
    id: "kinesis-customer-key",
    title: "Streams are encrypted with a customer key",
    severity: "medium",
    why: "Of AWS's own key nobody says who may use it, and readers of other accounts can't be let in or kept out by it.",
    fix: "Set kms_key_id to a customer key.",
    references: ["CKV_AWS_185"],
    examples: {
      failing: stream({ encryption_type: "KMS", kms_key_id: "alias/aws/kinesis" }),
      passing: stream({ encryption_type: "KMS", kms_key_id: key }),
    },
    judge: judgeResources(streamType, (node, graph) => {
      // One that isn't encrypted at all is another rule's.
      const isEncrypted = knownValue(graph, node, node.attributes.encryption_type) === "KMS";
      return isEncrypted && !isCustomerKey(graph, node, node.attributes.kms_key_id)
        ? ["must have kms_key_id set to a customer key"]
        : [];
    }),
  },
  {
    id: "kinesis-retention",
    title: "Streams keep records for a day at least",
    severity: "medium",
    why: "A reader that stands still for longer than the stream remembers loses records for good.",
    fix: "Set retention_period to 24 to 8,760 hours; 168 covers a week's absence.",
    references: ["FSBP Kinesis.3"],
    examples: { failing: stream({ retention_period: 12 }), passing: stream({ retention_period: 168 }) },
    judge: judgeResources(streamType, (node, graph) => {
      const hours = numberOf(graph, node, node.attributes.retention_period, 24);
      return hours === undefined || (hours >= 24 && hours <= 8_760)
        ? []
        : [`must have retention_period from 24 to 8760 hours (it has ${hours})`];
    }),
  },
  {
    id: "kinesis-iterator-age-alarm",
    title: "Somebody hears that a stream isn't read",
    severity: "high",
    why: "Records that nobody reads in time are lost in silence: no call fails.",
    fix: "Add an alarm on GetRecords.IteratorAgeMilliseconds of AWS/Kinesis for the stream, or on IteratorAge of its reader.",
    references: ["https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html"],
    examples: { failing: stream({}, alarm({ actions_enabled: false })), passing: stream({}, alarm({})) },
    judge: (graph) => {
      const isStreamWatched = watchedBy(graph, {
        namespace: "AWS/Kinesis",
        names: ["GetRecords.IteratorAgeMilliseconds"],
        dimension: "StreamName",
        types: [streamType],
      });
      const isReaderWatched = watchedBy(graph, {
        namespace: "AWS/Lambda",
        names: ["IteratorAge"],
        dimension: "FunctionName",
        types: ["aws_lambda_function"],
      });
      const readers = mappingsBy(graph, "source");
      return graph.ofType(streamType).flatMap((node) => {
        const isRead = (readers.get(node) ?? []).some(({ lambda }) => lambda !== undefined && isReaderWatched(lambda));
        return isRead || isStreamWatched(node)
          ? []
          : findings(node, ["must have an alarm on the age of what is read from it that somebody hears"]);
      });
    },
  },
  {
    id: "kinesis-policy-everyone",
    title: "Streams aren't open to everyone",
    severity: "critical",
    why: "Anybody with an AWS account reads the records, or puts their own.",
    fix: "Name the accounts or roles as principals.",
    references: ["https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html"],
    examples: {
      failing: resourcePolicy({ AWS: "*" }),
      passing: resourcePolicy({ AWS: "arn:aws:iam::222222222222:role/sender" }),
    },
    judge: (graph) =>
      judgeStatements(graph, [streamType, "aws_kinesis_resource_policy"], (each) =>
        isPublic(each) ? [`must not let everyone in by ${nameOf(each)}`] : [],
      ),
  },
];
