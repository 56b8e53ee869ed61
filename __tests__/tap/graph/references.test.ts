import fc from "fast-check";
import { buildGraph } from "../../../tap/graph/build";
import { account, graphOf, lines, nodeOf, providerOf, resources } from "./graph-of";

const queueArn = "arn:aws:sqs:us-east-1:111111111111:q";
const queue = { "aws_sqs_queue.Q": { name: "q" } };

test.each([
  ["an expression", { policy: "${aws_sqs_queue.Q.arn}" }, ["expression policy → s/aws_sqs_queue.Q"]],
  ["one in a list", { a: ["x", "${aws_sqs_queue.Q.arn}"] }, ["expression a[1] → s/aws_sqs_queue.Q"]],
  [
    "one in a function",
    { a: { b: '${join(",", [aws_sqs_queue.Q.arn, aws_iam_role.R.arn])}' } },
    ["expression a.b → s/aws_sqs_queue.Q", "expression a.b → s/aws_iam_role.R"],
  ],
  [
    "one in JSON in a string",
    { policy: '{"Statement":[{"Resource":["x","${aws_sqs_queue.Q.arn}/*"]}]}' },
    ["expression policy.Statement[0].Resource[1] → s/aws_sqs_queue.Q"],
  ],
  [
    "one with quotes of its own in JSON",
    { policy: '{"Resource":"${join(",", [aws_sqs_queue.Q.arn])}"}' },
    ["expression policy.Resource → s/aws_sqs_queue.Q"],
  ],
  [
    "JSON in JSON",
    { body: JSON.stringify({ text: JSON.stringify({ to: "${aws_sqs_queue.Q.arn}" }) }) },
    ["expression body.text.to → s/aws_sqs_queue.Q"],
  ],
  [
    "one in a key",
    { policy: '{"Condition":{"StringEquals":{"${aws_sqs_queue.Q.name}:sub":"x"}}}' },
    ["expression policy.Condition.StringEquals.${aws_sqs_queue.Q.name}:sub → s/aws_sqs_queue.Q"],
  ],
  ["an escaped one", { a: "$${aws_sqs_queue.Q.arn}" }, []],
  [
    "the same twice in one place",
    { a: "${aws_sqs_queue.Q.arn}${aws_sqs_queue.Q.name}" },
    ["expression a → s/aws_sqs_queue.Q"],
  ],
  ["depends_on", { depends_on: ["aws_sqs_queue.Q"] }, ["depends_on depends_on[0] → s/aws_sqs_queue.Q"]],
  [
    "replace_triggered_by",
    { lifecycle: { replace_triggered_by: ["aws_sqs_queue.Q.name"], ignore_changes: ["aws_sqs_queue.Q"] } },
    ["expression lifecycle.replace_triggered_by[0] → s/aws_sqs_queue.Q"],
  ],
  ["a remark", { "//": { note: "${aws_sqs_queue.Q.arn}" } }, []],
  ["a local value", { a: "${local.arns.queue}" }, ["expression a → s/aws_sqs_queue.Q"]],
  ["an index", { a: "${aws_sqs_queue.Q[0].arn}" }, ["expression a → s/aws_sqs_queue.Q"]],
  ["an ARN", { a: queueArn }, ["arn a → s/aws_sqs_queue.Q"]],
  ["the ARN of another account", { a: queueArn.replace(account, "222222222222") }, []],
  [
    "an ARN and the expression of it in one place",
    { a: "${aws_sqs_queue.Q.arn}" },
    ["expression a → s/aws_sqs_queue.Q"],
  ],
  [
    "an ARN put together",
    { a: "arn:aws:sqs:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:q" },
    [
      "expression a → s/data.aws_region.here",
      "expression a → s/data.aws_caller_identity.me",
      "arn a → s/aws_sqs_queue.Q",
    ],
  ],
  ["a pattern", { a: "arn:aws:sqs:us-east-1:111111111111:*" }, ["arn-pattern a → s/aws_sqs_queue.Q"]],
  ["a name where no names are", { a: "q" }, []],
])("%s", (_, attributes, expected) => {
  const graph = graphOf({
    s: {
      resource: resources({ ...queue, "aws_iam_role.R": { name: "r" }, "aws_new_thing.T": attributes }),
      data: { aws_region: { here: {} }, aws_caller_identity: { me: {} } },
      locals: { arns: { queue: "${local.one}", other: "${aws_iam_role.R.arn}" }, one: "${aws_sqs_queue.Q.arn}" },
    },
  });
  expect(lines(graph.referencesFrom(nodeOf(graph, "s/aws_new_thing.T")))).toEqual(expected);
  expect(graph.unresolved).toEqual([]);
});

test.each([
  ["aws_lambda_permission", { function_name: "f" }, "aws_lambda_function.F", { function_name: "f" }],
  ["aws_lambda_alias", { function_name: "f" }, "aws_lambda_function.F", { function_name: "f" }],
  ["aws_lambda_permission", { function_name: "f:live" }, "aws_lambda_function.F", { function_name: "f" }],
  ["aws_cloudwatch_metric_alarm", { dimensions: { QueueName: "q" } }, "aws_sqs_queue.Q", { name: "q" }],
  ["aws_cloudwatch_metric_alarm", { dimensions: { TopicName: "t" } }, "aws_sns_topic.T", { name: "t" }],
  [
    "aws_cloudwatch_metric_alarm",
    { metric_query: [{ metric: { dimensions: { StreamName: "k" } } }] },
    "aws_kinesis_stream.K",
    { name: "k" },
  ],
  ["aws_cloudwatch_log_group", { name: "/aws/lambda/f" }, "aws_lambda_function.F", { function_name: "f" }],
  ["aws_lambda_function", { logging_config: { log_group: "g" } }, "aws_cloudwatch_log_group.G", { name: "g" }],
  ["aws_s3_bucket_versioning", { bucket: "b" }, "aws_s3_bucket.B", { bucket: "b" }],
  ["aws_iam_role_policy", { role: "r" }, "aws_iam_role.R", { name: "r" }],
  ["aws_appautoscaling_target", { resource_id: "table/t/index/i" }, "aws_dynamodb_table.T", { name: "t" }],
  ["aws_appautoscaling_target", { resource_id: "function:f:live" }, "aws_lambda_function.F", { function_name: "f" }],
  [
    "aws_sqs_queue_policy",
    { queue_url: "https://sqs.us-east-1.amazonaws.com/111111111111/q" },
    "aws_sqs_queue.Q",
    { name: "q" },
  ],
  ["aws_sns_topic", { kms_master_key_id: "alias/k" }, "aws_kms_alias.K", { name: "alias/k" }],
  [
    "aws_cloudwatch_composite_alarm",
    { alarm_rule: "ALARM(a) OR OK(other)" },
    "aws_cloudwatch_metric_alarm.A",
    { alarm_name: "a" },
  ],
  ["aws_cloudwatch_event_target", { rule: "e" }, "aws_cloudwatch_event_rule.E", { name: "e" }],
])("%s %j names %s, in its account and region only", (type, attributes, address, named) => {
  const theirs = { resource: resources({ [address]: named }) };
  const graph = graphOf({
    s: { resource: resources({ [`${type}.It`]: attributes }) },
    there: theirs,
    ...(address.startsWith("aws_s3_bucket.")
      ? {}
      : { abroad: { ...theirs, provider: providerOf("us-west-2", "222222222222") } }),
  });
  const references = graph.referencesFrom(nodeOf(graph, `s/${type}.It`));
  expect(references.map((each) => `${each.kind} ${each.kind === "arn-pattern" ? "" : each.to.id}`)).toEqual([
    `name there/${address}`,
  ]);
});

test("a dashboard names what its widgets show, in the widget's region", () => {
  const widget = (region: string, metrics: unknown) => ({ type: "metric", properties: { region, metrics } });
  const dashboard_body = JSON.stringify({
    widgets: [
      widget("us-east-1", [["AWS/Lambda", "Errors", "FunctionName", "f", { stat: "Sum" }]]),
      widget("us-west-2", [["AWS/Lambda", "Errors", "FunctionName", "f", "Resource", "f:live"]]),
      { type: "alarm", properties: { alarms: ["arn:aws:cloudwatch:us-east-1:111111111111:alarm:a"] } },
    ],
  });
  const lambda = resources({ "aws_lambda_function.F": { function_name: "f" } });
  const graph = graphOf({
    east: { resource: { ...lambda, ...resources({ "aws_cloudwatch_metric_alarm.A": { alarm_name: "a" } }) } },
    west: { resource: lambda, provider: providerOf("us-west-2") },
    s: { resource: resources({ "aws_cloudwatch_dashboard.D": { dashboard_name: "d", dashboard_body } }) },
  });
  expect(lines(graph.referencesFrom(nodeOf(graph, "s/aws_cloudwatch_dashboard.D")))).toEqual([
    "name dashboard_body.widgets[0].properties.metrics[0][3] → east/aws_lambda_function.F",
    "name dashboard_body.widgets[1].properties.metrics[0][3] → west/aws_lambda_function.F",
    "arn dashboard_body.widgets[2].properties.alarms[0] → east/aws_cloudwatch_metric_alarm.A",
  ]);
});

test("a parameter is read where it is written, in the same account and region", () => {
  const write = { resource: resources({ "aws_ssm_parameter.P": { name: "/tap/dev/x", insecure_value: "1" } }) };
  const graph = graphOf({
    writer: write,
    abroad: { ...write, provider: providerOf("us-west-2") },
    reader: { data: { aws_ssm_parameter: { x: { name: "/tap/dev/x" }, gone: { name: "/tap/dev/gone" } } } },
  });
  expect(lines(graph.referencesFrom(nodeOf(graph, "reader/data.aws_ssm_parameter.x")))).toEqual([
    "parameter name → writer/aws_ssm_parameter.P",
  ]);
  expect(graph.referencesFrom(nodeOf(graph, "reader/data.aws_ssm_parameter.gone"))).toEqual([]);
  expect(lines(graph.referencesTo(nodeOf(graph, "writer/aws_ssm_parameter.P")))).toEqual([
    "parameter name → writer/aws_ssm_parameter.P",
  ]);
});

test("two stacks of unknown accounts have nothing to do with each other by name", () => {
  const graph = graphOf({
    a: { provider: {}, resource: resources({ "aws_lambda_alias.A": { name: "live", function_name: "f" } }) },
    b: { provider: {}, resource: resources({ "aws_lambda_function.F": { function_name: "f" } }) },
    c: {
      provider: {},
      resource: resources({
        "aws_lambda_function.F": { function_name: "f" },
        "aws_lambda_alias.A": { name: "live", function_name: "f" },
      }),
    },
  });
  expect(graph.referencesFrom(nodeOf(graph, "a/aws_lambda_alias.A"))).toEqual([]);
  expect(lines(graph.referencesFrom(nodeOf(graph, "c/aws_lambda_alias.A")))).toEqual([
    "name function_name → c/aws_lambda_function.F",
  ]);
  expect(nodeOf(graph, "b/aws_lambda_function.F").arn).toBeUndefined();
});

test("an account that isn't known is not another's that isn't known", () => {
  const provider = { aws: [{ region: "us-east-1" }] };
  const graph = graphOf({
    a: { provider, resource: resources({ "aws_lambda_alias.A": { name: "live", function_name: "f" } }) },
    b: { provider, resource: resources({ "aws_lambda_function.F": { function_name: "f" } }) },
  });
  expect(graph.referencesFrom(nodeOf(graph, "a/aws_lambda_alias.A"))).toEqual([]);
});

test("a resource that names itself refers to nothing", () => {
  const policy = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"${queueArn}"}}`;
  const graph = graphOf({ s: { resource: resources({ "aws_sqs_queue.Q": { name: "q", policy } }) } });
  expect(graph.referencesFrom(nodeOf(graph, "s/aws_sqs_queue.Q"))).toEqual([]);
});

test("references of an attribute are those in it, not of another that begins like it", () => {
  const it = { policy: [`${queueArn}`], policy_arn: queueArn };
  const graph = graphOf({ s: { resource: resources({ ...queue, "aws_new_thing.T": it }) } });
  const thing = nodeOf(graph, "s/aws_new_thing.T");
  expect(lines(graph.referencesFrom(thing, "policy"))).toEqual(["arn policy[0] → s/aws_sqs_queue.Q"]);
  expect(lines(graph.referencesFrom(thing, "policy_arn"))).toEqual(["arn policy_arn → s/aws_sqs_queue.Q"]);
});

test.each([
  ["by its label", { ingress: { for_each: "${local.ports}", content: { from_port: "${ingress.value.from}" } } }],
  ["in a list", { ingress: [{ for_each: "${local.ports}", content: [{ from_port: "${ingress.value.from}" }] }] }],
  [
    "by its iterator",
    {
      ingress: {
        for_each: [1],
        iterator: "port",
        content: { from_port: "${port.value.from}", to_port: "${port.key}" },
      },
    },
  ],
  [
    "in one within another",
    {
      rule: {
        for_each: [1],
        content: { dynamic: { filter: { for_each: "${rule.value.filters}", content: { id: "${filter.value.id}" } } } },
      },
    },
  ],
])("what a dynamic block is made for, %s, is no resource", (_, dynamic) => {
  const graph = graphOf({ s: { resource: resources({ "aws_security_group.G": { dynamic } }) } });
  expect(graph.unresolved).toEqual([]);
});

test("outside of its dynamic block, a label is a type as any other", () => {
  const dynamic = { ingress: { for_each: [1], content: { from_port: 1 } } };
  const group = { dynamic, name: "${ingress.value.name}", tags: { a: "${port.value.b}" } };
  const { unresolved } = graphOf({ s: { resource: resources({ "aws_security_group.G": group }) } });
  expect(unresolved.map(({ text }) => text)).toEqual(["ingress.value.name", "port.value.b"]);
});

test("an expression means its resource alone, also where another one has the same name or ARN", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_s3_bucket.A": { bucket: "data" },
        "aws_s3_bucket.Twin": { bucket: "data" },
        "aws_s3_bucket_versioning.A": { bucket: "${aws_s3_bucket.A.id}" },
        "aws_x.X": { target: "${aws_s3_bucket.A.arn}" },
      }),
    },
  });
  expect(lines(graph.referencesFrom(nodeOf(graph, "s/aws_s3_bucket_versioning.A")))).toEqual([
    "expression bucket → s/aws_s3_bucket.A",
  ]);
  expect(lines(graph.referencesFrom(nodeOf(graph, "s/aws_x.X")))).toEqual(["expression target → s/aws_s3_bucket.A"]);
});

test("an expression that leads nowhere is told", () => {
  const graph = graphOf({
    s: {
      resource: resources({
        "aws_new_thing.T": { a: "${aws_sqs_queue.Gone.arn}", b: "${module.m.out}", depends_on: ["aws_sqs_queue.Gone"] },
      }),
    },
  });
  expect(graph.unresolved.map(({ kind, path, text }) => `${kind} ${path} ${text}`)).toEqual([
    "depends_on depends_on[0] aws_sqs_queue.Gone",
    "expression a aws_sqs_queue.Gone.arn",
    "expression b module.m.out",
  ]);
});

test.each([
  ["aws_lambda_function", { function_name: "n" }, "lambda:us-east-1:111111111111:function:n"],
  ["aws_lambda_alias", { function_name: "f", name: "n" }, "lambda:us-east-1:111111111111:function:f:n"],
  ["aws_dynamodb_table", { name: "n" }, "dynamodb:us-east-1:111111111111:table/n"],
  ["aws_sqs_queue", { name: "n" }, "sqs:us-east-1:111111111111:n"],
  ["aws_sns_topic", { name: "n" }, "sns:us-east-1:111111111111:n"],
  ["aws_kms_alias", { name: "alias/n" }, "kms:us-east-1:111111111111:alias/n"],
  ["aws_cloudwatch_log_group", { name: "/a/n" }, "logs:us-east-1:111111111111:log-group:/a/n"],
  ["aws_s3_bucket", { bucket: "n" }, "s3:::n"],
  ["aws_iam_role", { name: "n" }, "iam::111111111111:role/n"],
  ["aws_iam_policy", { name: "n", path: "/p/" }, "iam::111111111111:policy/p/n"],
  ["aws_ssm_parameter", { name: "/a/n" }, "ssm:us-east-1:111111111111:parameter/a/n"],
  ["aws_ssm_parameter", { name: "n" }, "ssm:us-east-1:111111111111:parameter/n"],
  ["aws_kinesis_stream", { name: "n" }, "kinesis:us-east-1:111111111111:stream/n"],
  ["aws_cloudwatch_metric_alarm", { alarm_name: "n" }, "cloudwatch:us-east-1:111111111111:alarm:n"],
  ["aws_cloudwatch_dashboard", { dashboard_name: "n" }, "cloudwatch::111111111111:dashboard/n"],
  ["aws_cloudwatch_event_rule", { name: "n" }, "events:us-east-1:111111111111:rule/n"],
  ["aws_cloudwatch_event_rule", { name: "n", event_bus_name: "b" }, "events:us-east-1:111111111111:rule/b/n"],
  [
    "aws_cloudwatch_event_rule",
    { name: "n", event_bus_name: "arn:aws:events:us-east-1:111111111111:event-bus/b" },
    "events:us-east-1:111111111111:rule/b/n",
  ],
  ["aws_cloudtrail", { name: "n" }, "cloudtrail:us-east-1:111111111111:trail/n"],
  ["aws_sqs_queue", { name: "n", region: "us-west-2" }, "sqs:us-west-2:111111111111:n"],
  ["aws_sqs_queue", { name: "${local.n}-${var.v}" }, "sqs:us-east-1:111111111111:a-b"],
  ["aws_sqs_queue", { name_prefix: "n" }, undefined],
  ["aws_sqs_queue", { name: "${random_pet.p.id}" }, undefined],
  // The topic that it is about, not its own.
  ["aws_sns_topic_policy", { arn: "arn:aws:sns:us-east-1:111111111111:n" }, undefined],
])("%s %j has the ARN %s", (type, attributes, arn) => {
  const graph = graphOf({
    s: {
      resource: resources({ [`${type}.It`]: attributes, "random_pet.p": {} }),
      variable: { v: { default: "b" } },
      locals: { n: "a" },
    },
  });
  expect(nodeOf(graph, `s/${type}.It`).arn).toBe(arn && `arn:aws:${arn}`);
});

test.each([
  ["allowed accounts", { region: "eu-west-1", allowed_account_ids: [account] }, account, "eu-west-1"],
  [
    "a role",
    { region: "eu-west-1", assume_role: [{ role_arn: `arn:aws:iam::${account}:role/x` }] },
    account,
    "eu-west-1",
  ],
  ["a variable", { region: "${var.r}", assume_role: { role_arn: "${var.role}" } }, account, "us-east-2"],
  ["nothing", {}, undefined, undefined],
])("a stack's account and region come from its provider: %s", (_, provider, accountId, region) => {
  const variable = { r: { default: "us-east-2" }, role: { default: `arn:aws:iam::${account}:role/x` } };
  const [stack] = graphOf({ s: { provider: { aws: [provider] }, variable } }).stacks;
  expect([stack?.accountId, stack?.region]).toEqual([accountId, region]);
});

test("a resource under another provider is in that account", () => {
  const graph = graphOf({
    s: {
      provider: {
        aws: [
          { region: "us-east-1", allowed_account_ids: [account] },
          { alias: "logs", region: "us-west-2", allowed_account_ids: ["222222222222"] },
        ],
      },
      resource: resources({ "aws_sqs_queue.A": { name: "a" }, "aws_sqs_queue.B": { name: "b", provider: "aws.logs" } }),
    },
  });
  expect(graph.ofType("aws_sqs_queue").map(({ arn }) => arn)).toEqual([
    "arn:aws:sqs:us-east-1:111111111111:a",
    "arn:aws:sqs:us-west-2:222222222222:b",
  ]);
});

test("values that go round in a circle come to an end", () => {
  const graph = graphOf({
    s: {
      locals: { a: "${local.b}", b: "${local.a}" },
      resource: resources({
        "aws_sqs_queue.A": { name: "${aws_sqs_queue.B.name}" },
        "aws_sqs_queue.B": { name: "${aws_sqs_queue.A.name}-${local.a}" },
      }),
    },
  });
  expect(graph.nodes.map(({ physicalName }) => physicalName)).toEqual([undefined, undefined]);
});

test("two stacks of one id are refused", () => {
  expect(() =>
    buildGraph([
      { id: "s", json: {} },
      { id: "s", json: {} },
    ]),
  ).toThrow("There are two stacks s");
});

test("the order of stacks changes nothing, and what is given stays as it is", () => {
  const stacks = Object.entries({
    a: {
      resource: resources({
        ...queue,
        "aws_iam_role_policy.P": {
          role: "r",
          policy: `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":["${queueArn}","arn:aws:s3:::*"]}}`,
        },
      }),
    },
    b: {
      resource: resources({
        "aws_iam_role.R": { name: "r" },
        "aws_s3_bucket.B": { bucket: "b" },
        "aws_sqs_queue_policy.P": { queue_url: "https://sqs.us-east-1.amazonaws.com/111111111111/q", policy: "{" },
      }),
    },
    c: { data: { aws_ssm_parameter: { p: { name: "/p" } } } },
    d: { resource: resources({ "aws_ssm_parameter.P": { name: "/p", value: queueArn } }) },
  }).map(([id, json]) => ({ id, json: { provider: providerOf(), ...json } }));
  const facts = (order: typeof stacks) => {
    const graph = buildGraph(order);
    return {
      nodes: graph.nodes.map(({ id, arn }) => `${id} ${arn}`).sort(),
      references: graph.nodes
        .flatMap((node) => lines(graph.referencesFrom(node)).map((line) => `${node.id} ${line}`))
        .sort(),
      policies: graph.policies.map(({ node, subjects }) => `${node.id} ${subjects.map(({ id }) => id)}`).sort(),
      unreadable: graph.unreadablePolicies.map(({ node }) => node.id),
    };
  };
  const before = structuredClone(stacks);
  const expected = facts(stacks);
  expect(expected.references).toHaveLength(6);
  fc.assert(
    fc.property(fc.shuffledSubarray(stacks, { minLength: stacks.length }), (order) => {
      expect(facts(order)).toEqual(expected);
    }),
  );
  expect(stacks).toEqual(before);
});
