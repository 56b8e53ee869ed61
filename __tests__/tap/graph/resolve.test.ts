import { graphOf, resources, stackOf } from "./graph-of";

const graph = graphOf({
  network: {
    resource: resources({
      "aws_vpc.Vpc": { cidr_block: "10.0.0.0/16" },
      "aws_ssm_parameter.VpcId": { name: "/tap/dev/network/vpc_id", insecure_value: "${aws_vpc.Vpc.id}" },
      "aws_ssm_parameter.TopicArn": { name: "/tap/dev/network/topic", insecure_value: "${local.topic}" },
      "aws_ssm_parameter.Text": { name: "/tap/dev/network/text", value: "just a text" },
    }),
    locals: { topic: "arn:aws:sns:us-east-1:111111111111:alarms" },
  },
  security: { resource: resources({ "aws_sns_topic.Alarms": { name: "alarms" }, "aws_kms_key.Key": {} }) },
  api: {
    data: {
      aws_ssm_parameter: {
        vpc: { name: "/tap/dev/network/vpc_id" },
        topic: { name: "/tap/dev/network/topic" },
        text: { name: "/tap/dev/network/text" },
        gone: { name: "/tap/dev/network/gone" },
      },
      aws_sns_topic: { alarms: { name: "alarms" } },
    },
    variable: { topic: { default: "arn:aws:sns:us-east-1:111111111111:alarms" }, empty: {} },
    locals: { vpc: { id: "${data.aws_ssm_parameter.vpc.insecure_value}" } },
    resource: resources({
      "aws_sqs_queue.Queue": { name: "q" },
      "aws_sns_topic_subscription.S": { topic_arn: "${var.topic}", endpoint: "${aws_sqs_queue.Queue.arn}" },
      "aws_lambda_function.F": { function_name: "f" },
      "aws_cloudwatch_log_group.Same": { name: "${aws_lambda_function.F.function_name}" },
      "aws_sns_topic_policy.P": { arn: "arn:aws:sns:us-east-1:111111111111:alarms" },
      "aws_secretsmanager_secret.Secret": { name: "s" },
      "aws_cloudwatch_log_group.G": { name: "/aws/lambda/${aws_lambda_function.F.function_name}" },
    }),
  },
});

test.each([
  ["an attribute", "${aws_sqs_queue.Queue.arn}", "api/aws_sqs_queue.Queue"],
  ["an attribute with text around it", "${aws_sqs_queue.Queue.arn}/x", "api/aws_sqs_queue.Queue"],
  ["an argument that passes something on", "${aws_sns_topic_subscription.S.endpoint}", "api/aws_sqs_queue.Queue"],
  ["one that passes a variable on", "${aws_sns_topic_subscription.S.topic_arn}", "security/aws_sns_topic.Alarms"],
  ["a resource's own name", "${aws_cloudwatch_log_group.G.name}", "api/aws_cloudwatch_log_group.G"],
  ["the same where another's is taken", "${aws_cloudwatch_log_group.Same.name}", "api/aws_cloudwatch_log_group.Same"],
  ["an ARN that is an argument", "${aws_sns_topic_policy.P.arn}", "security/aws_sns_topic.Alarms"],
  ["a parameter of another stack", "${data.aws_ssm_parameter.vpc.insecure_value}", "network/aws_vpc.Vpc"],
  ["the same through a local value", "${local.vpc.id}", "network/aws_vpc.Vpc"],
  ["a parameter that holds an ARN", "${data.aws_ssm_parameter.topic.value}", "security/aws_sns_topic.Alarms"],
  ["a parameter that holds a text", "${data.aws_ssm_parameter.text.value}", "network/aws_ssm_parameter.Text"],
  ["a parameter itself", "${data.aws_ssm_parameter.vpc.arn}", "network/aws_ssm_parameter.VpcId"],
  ["a parameter that nobody writes", "${data.aws_ssm_parameter.gone.value}", "api/data.aws_ssm_parameter.gone"],
  ["a data source", "${data.aws_sns_topic.alarms.arn}", "security/aws_sns_topic.Alarms"],
  ["a variable", "${var.topic}", "security/aws_sns_topic.Alarms"],
  ["a variable without a default", "${var.empty}", undefined],
  ["an ARN", "arn:aws:sns:us-east-1:111111111111:alarms", "security/aws_sns_topic.Alarms"],
  ["an ARN of a part", "arn:aws:lambda:us-east-1:111111111111:function:f:live", "api/aws_lambda_function.F"],
  ["an ARN of nothing here", "arn:aws:sns:us-east-1:111111111111:others", undefined],
  ["a bare name, without types", "alarms", undefined],
  ["two things", "${aws_sqs_queue.Queue.arn}${aws_lambda_function.F.arn}", undefined],
  ["nothing there", "${aws_sqs_queue.Gone.arn}", undefined],
  ["no text", 7, undefined],
])("%s leads to %s", (_, value, id) => {
  expect(graph.resolve(value, stackOf(graph, "api"))?.id).toBe(id);
});

test("a name leads to the thing of a type that is asked for", () => {
  const api = stackOf(graph, "api");
  expect(graph.resolve("alarms", api, { types: ["aws_sqs_queue", "aws_sns_topic"] })?.id).toBe(
    "security/aws_sns_topic.Alarms",
  );
  expect(graph.resolve("alarms", api, { types: ["aws_sqs_queue"] })).toBeUndefined();
});

test.each([
  ["${aws_sqs_queue.Queue.url}", "https://sqs.us-east-1.amazonaws.com/111111111111/q"],
  ["${aws_sqs_queue.Queue.arn}/x", "arn:aws:sqs:us-east-1:111111111111:q/x"],
  ["${aws_cloudwatch_log_group.G.name}", "/aws/lambda/f"],
  ["${aws_cloudwatch_log_group.G.arn}:*", "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/f:*"],
  ["${data.aws_ssm_parameter.text.value}!", "just a text!"],
  ["${data.aws_ssm_parameter.topic.value}", "arn:aws:sns:us-east-1:111111111111:alarms"],
  ["${data.aws_ssm_parameter.vpc.value} ${aws_sqs_queue.Queue.name}", "${data.aws_ssm_parameter.vpc.value} q"],
  ["${aws_secretsmanager_secret.Secret.arn}", "${aws_secretsmanager_secret.Secret.arn}"],
  ["${upper(var.topic)}", "${upper(var.topic)}"],
  ["$${aws:username}", "$${aws:username}"],
])("%s is rendered as %s", (text, rendered) => {
  expect(graph.render(text, stackOf(graph, "api"))).toBe(rendered);
});

test("a name that comes from a parameter is known to no one, whichever stack is first; its text can be rendered", () => {
  const writer = { resource: resources({ "aws_ssm_parameter.P": { name: "/p", value: "q" } }) };
  const reader = {
    data: { aws_ssm_parameter: { p: { name: "/p" } } },
    resource: resources({ "aws_sqs_queue.Q": { name: "${data.aws_ssm_parameter.p.value}" } }),
  };
  for (const both of [graphOf({ writer, reader }), graphOf({ reader, writer })]) {
    expect(both.node("reader/aws_sqs_queue.Q")?.physicalName).toBeUndefined();
    expect(both.render("${data.aws_ssm_parameter.p.value}", stackOf(both, "reader"))).toBe("q");
  }
});
