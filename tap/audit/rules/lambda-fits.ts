import { matchesArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, type Rule } from "../rule";
import { policyOf } from "./iam-statements";
import { referrersOf } from "./relations";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const lambdas = {
  aws_lambda_function: { Reads: { function_name: "reads" }, Writes: { function_name: "writes" } },
  aws_lambda_alias: {
    Reads: { name: "live", function_name: "${aws_lambda_function.Reads.function_name}" },
    Writes: { name: "live", function_name: "${aws_lambda_function.Writes.function_name}" },
  },
};
const permission = (alias: string) => ({
  aws_lambda_permission: {
    Api: {
      function_name: "${aws_lambda_function.Reads.function_name}",
      qualifier: `\${aws_lambda_alias.${alias}.name}`,
      action: "lambda:InvokeFunction",
      principal: "apigateway.amazonaws.com",
      source_arn: "arn:aws:execute-api:us-east-1:111111111111:a1/*/GET/orders",
    },
  },
});
const versioned = (of: string) => ({
  provider,
  resource: {
    aws_lambda_function: lambdas.aws_lambda_function,
    aws_lambda_alias: {
      Reads: {
        name: "live",
        function_name: "${aws_lambda_function.Reads.function_name}",
        function_version: `\${aws_lambda_function.${of}.version}`,
      },
    },
  },
});
const archived = (attributes: Attributes) => ({
  data: { archive_file: { Code: { type: "zip", source_dir: "code", output_path: "code.zip" } } },
  resource: {
    aws_lambda_function: {
      Reads: {
        function_name: "reads",
        handler: "index.handler",
        runtime: "nodejs22.x",
        filename: "${data.archive_file.Code.output_path}",
        source_code_hash: "${data.archive_file.Code.output_base64sha256}",
        ...attributes,
      },
    },
  },
});
const contextOf = (name: string) => ({
  provider,
  resource: {
    aws_kms_key: {
      Data: {
        policy: policyOf([
          {
            Effect: "Allow",
            Principal: { AWS: "*" },
            Action: "kms:Decrypt",
            Resource: "*",
            Condition: {
              StringEquals: {
                "kms:EncryptionContext:aws:lambda:FunctionArn": `arn:aws:lambda:us-east-1:111111111111:function:${name}`,
              },
            },
          },
        ]),
      },
    },
    aws_lambda_function: { Reads: { function_name: "reads", kms_key_arn: "${aws_kms_key.Data.arn}" } },
  },
});
const alarmOf = (attributes: Attributes) => ({
  resource: {
    aws_cloudwatch_metric_alarm: {
      Late: {
        alarm_name: "late",
        namespace: "AWS/SQS",
        metric_name: "ApproximateAgeOfOldestMessage",
        dimensions: { QueueName: "jobs" },
        ...attributes,
      },
    },
  },
});

/** Functions, their aliases, code and keys, and the alarms on them: what is said of one is said of the right one. */
export const lambdaFitsRules: readonly Rule[] = [
  {
    id: "lambda-qualifier-of-function",
    title: "What is set for an alias is set for the function that has it",
    severity: "high",
    why: "The function has no such alias, or another one: applying fails, or what is allowed or set is so for the wrong code.",
    fix: "Take function_name and qualifier of the same function.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"],
    examples: {
      failing: { provider, resource: { ...lambdas, ...permission("Writes") } },
      passing: { provider, resource: { ...lambdas, ...permission("Reads") } },
    },
    judge: judgeResources(
      ["aws_lambda_permission", "aws_lambda_function_event_invoke_config", "aws_lambda_provisioned_concurrency_config"],
      (node, graph) => {
        const alias = referredAt(graph, node, "qualifier", "aws_lambda_alias");
        const own = functionOf(graph, node);
        const meant = alias && functionOf(graph, alias);
        return alias === undefined || own === undefined || meant === undefined || own === meant
          ? []
          : [`must not set ${alias.address} of ${meant.address} for ${own.address}`];
      },
    ),
  },
  {
    id: "lambda-version-of-function",
    title: "Aliases are of versions of their own function",
    severity: "high",
    why: "Versions are numbers: the alias gets another function's number, of code that is older or isn't there.",
    fix: "Set function_version to the version of the function that function_name names.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"],
    examples: { failing: versioned("Writes"), passing: versioned("Reads") },
    judge: judgeResources("aws_lambda_alias", (node, graph) => {
      const own = functionOf(graph, node);
      const other = referredAt(graph, node, "function_version", "aws_lambda_function");
      return own === undefined || other === undefined || own === other
        ? []
        : [`must not be of a version of ${other.address}`];
    }),
  },
  {
    id: "lambda-code",
    title: "Functions have code, and are deployed anew when it changes",
    severity: "medium",
    why: "Without its digest Terraform doesn't see that the code is another one: what was released never runs.",
    fix: "Set filename to the archive's output_path, and source_code_hash to its output_base64sha256.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html"],
    examples: { failing: archived({ source_code_hash: null }), passing: archived({}) },
    judge: judgeResources("aws_lambda_function", (node, graph) => {
      const { filename, source_code_hash, handler, runtime } = node.attributes;
      const archive = graph
        .referencesFrom(node)
        .find(
          (each) => "to" in each && each.to.type === "archive_file" && /^(filename|source_code_hash)$/.test(each.path),
        );
      if (archive === undefined || !("to" in archive)) return [];
      const { address } = archive.to;
      return [
        ...(isSet(handler) && isSet(runtime) ? [] : ["must have a handler and a runtime for its archive"]),
        ...(filename === `\${${address}.output_path}` ? [] : [`must have the file of ${address} for its code`]),
        ...(new RegExp(`^\\$\\{${address.replaceAll(".", "\\.")}\\.output_(base64)?sha(256|512)\\}$`).test(
          String(source_code_hash),
        )
          ? []
          : [`must have the digest of ${address} as source_code_hash`]),
      ];
    }),
  },
  {
    id: "lambda-key-context",
    title: "Keys let in just the functions whose settings they encrypt",
    severity: "medium",
    why: "A function that its key doesn't let in can't read its settings, and fails at its first start; another one reads what is not its.",
    fix: "List the ARNs of the functions that have the key in kms_key_arn, under kms:EncryptionContext:aws:lambda:FunctionArn.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/security-encryption-at-rest.html"],
    examples: { failing: contextOf("writes"), passing: contextOf("reads") },
    judge: (graph) =>
      graph.ofType("aws_kms_key").flatMap((key) => {
        const values = graph
          .policiesOf(key)
          .flatMap(({ statements }) => statements)
          .flatMap(({ conditions }) => conditions)
          .filter((condition) => condition.key.toLowerCase() === "kms:encryptioncontext:aws:lambda:functionarn")
          .flatMap((condition) => condition.values)
          .map((value) => graph.render(value, key.stack));
        if (values.length === 0) return [];
        const lambdas = referrersOf(graph, key, "aws_lambda_function", "kms_key_arn").flatMap(({ arn }) => arn ?? []);
        const lets = (arn: string) => values.some((value) => matchesArn(value, arn));
        // Lambda names the version that it starts, or the function, by what it encrypts.
        const versions = values.some((value) => value.endsWith(":*"));
        return findings(key, [
          ...lambdas
            .filter((arn) => !lets(arn) || (versions && !lets(`${arn}:1`)))
            .map((arn) => `must let in ${arn}, whose settings it encrypts`),
          ...values.filter((value) => /:function:[^:]*\*/.test(value)).map((value) => `must not let in ${value}`),
        ]);
      }),
  },
  {
    id: "alarm-action-exact",
    title: "Alarms name what they call exactly",
    severity: "medium",
    why: "CloudWatch knows no patterns: an action with a wildcard is refused, or calls nobody.",
    fix: "Write the topic's whole ARN into alarm_actions.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"],
    examples: {
      failing: alarmOf({ alarm_actions: ["arn:aws:sns:us-east-1:111111111111:*"] }),
      passing: alarmOf({ alarm_actions: ["arn:aws:sns:us-east-1:111111111111:alarms"] }),
    },
    judge: judgeResources("aws_cloudwatch_metric_alarm", ({ attributes: { alarm_actions } }) =>
      [alarm_actions ?? []]
        .flat()
        .filter((action) => /[*?]/.test(String(action)))
        .map((action) => `must not call ${action}`),
    ),
  },
  {
    id: "alarm-period",
    title: "Alarms ask as often as AWS measures",
    severity: "medium",
    why: "AWS's own metrics have a value a minute: asked more often, the alarm has no data; a period that is no multiple of 60 is refused.",
    fix: "Set period to 60 seconds, or to a multiple of it.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"],
    examples: { failing: alarmOf({ period: 30 }), passing: alarmOf({ period: 60 }) },
    judge: judgeResources("aws_cloudwatch_metric_alarm", ({ attributes }) => {
      const queries = blocksOf(attributes, "metric_query").flatMap((query) => blocksOf(query, "metric"));
      return [attributes, ...queries]
        .filter(({ namespace, period }) => /^AWS\//.test(String(namespace)) && typeof period === "number")
        .filter(({ period }) => Number(period) < 60 || Number(period) % 60 !== 0)
        .map(({ period }) => `must have a period of whole minutes (it has ${period} s)`);
    }),
  },
  {
    id: "alarm-thing",
    title: "Alarms say of which thing they are",
    severity: "medium",
    why: "These services measure each thing by its name: a metric without it has no data, and the alarm never fires.",
    fix: "Set dimensions to the name of the queue, function, table, stream or bucket.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"],
    examples: { failing: alarmOf({ dimensions: null }), passing: alarmOf({}) },
    judge: judgeResources("aws_cloudwatch_metric_alarm", ({ attributes }) => {
      const { namespace, metric_name, dimensions } = attributes;
      if (metric_name === undefined || !/^AWS\/(SQS|Kinesis|S3|DynamoDB|ApiGateway)$/.test(String(namespace)))
        return [];
      const names = isObject(dimensions) ? Object.values(dimensions) : [dimensions].filter(isSet);
      return names.length > 0 ? [] : ["must have dimensions: its metric has no data without them"];
    }),
  },
  {
    id: "lambda-alias-retries",
    title: "What is set for events that fail is set for the alias that is invoked",
    severity: "medium",
    why: "For the others Lambda's own defaults hold: events that fail are thrown away after two attempts, and nobody hears of them.",
    fix: "Give each function that has settings for asynchronous invocations its qualifier, as the others have it; and each one settings.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html"],
    examples: {
      failing: {
        provider,
        resource: {
          ...lambdas,
          aws_lambda_function_event_invoke_config: { Reads: { function_name: "reads", maximum_retry_attempts: 1 } },
        },
      },
      passing: {
        provider,
        resource: {
          ...lambdas,
          aws_lambda_function_event_invoke_config: Object.fromEntries(
            ["Reads", "Writes"].map((name) => [
              name,
              {
                function_name: `\${aws_lambda_function.${name}.function_name}`,
                qualifier: `\${aws_lambda_alias.${name}.name}`,
                maximum_retry_attempts: 1,
              },
            ]),
          ),
        },
      },
    },
    judge: (graph) => {
      const settings = graph.ofType("aws_lambda_function_event_invoke_config");
      const stacks = new Set(settings.map(({ stack }) => stack.id));
      const set = new Set(
        settings.flatMap((node) => referredAt(graph, node, "qualifier", "aws_lambda_alias")?.id ?? []),
      );
      return graph
        .ofType("aws_lambda_alias")
        .filter((alias) => stacks.has(alias.stack.id) && !set.has(alias.id))
        .flatMap((alias) => findings(alias, ["must have settings for events that fail, as others of its stack have"]));
    },
  },
];

function referredAt(graph: Graph, node: GraphNode, path: string, type: string): GraphNode | undefined {
  return graph
    .referencesFrom(node, path)
    .flatMap((each) => ("to" in each && each.to.type === type ? [each.to] : []))[0];
}

function functionOf(graph: Graph, node: GraphNode): GraphNode | undefined {
  return (
    referredAt(graph, node, "function_name", "aws_lambda_function") ??
    graph.resolve(node.attributes.function_name, node.stack, { types: ["aws_lambda_function"] })
  );
}
