import { casesOf, only, type PlanCase, policy } from "./case";

const lambda = {
  function_name: "worker",
  role: "arn:aws:iam::123456789012:role/worker",
  handler: "index.handler",
  runtime: "nodejs22.x",
  s3_bucket: "code",
  s3_key: "worker.zip",
  source_code_hash: "one",
};
const gone = undefined;
const topic = (name: string) => ({ resource: { aws_sns_topic: { [name]: { name: "news" } } } });

/** Functions; addresses that change, imports, drift, outputs, checks, what nobody may see. */
export const otherCases: readonly PlanCase[] = [
  ...casesOf("aws_lambda_function", lambda, [
    ["code", {}, { source_code_hash: "two" }, "safe", "another version of the code"],
    ["memory", { memory_size: 128 }, { memory_size: 256 }, "review", "changes “memory_size”"],
    [
      "concurrency 0",
      { reserved_concurrent_executions: 5 },
      { reserved_concurrent_executions: 0 },
      "dangerous",
      "no call of the function is let through",
    ],
    [
      "fewer at once",
      { reserved_concurrent_executions: 5 },
      { reserved_concurrent_executions: 2 },
      "review",
      "fewer calls at once",
    ],
    [
      "out of the network",
      { vpc_config: { subnet_ids: ["subnet-1"], security_group_ids: ["sg-1"] } },
      {},
      "dangerous",
      "it leaves the network",
    ],
    ["deleted", {}, gone, "dangerous", "a function: what calls it fails"],
  ]),
  ...casesOf(
    "aws_lambda_event_source_mapping",
    { function_name: "worker", event_source_arn: "arn:aws:sqs:us-east-1:123456789012:jobs" },
    [
      ["off", {}, { enabled: false }, "dangerous", "no longer worked on"],
      ["deleted", {}, gone, "dangerous", "no longer worked on"],
    ],
  ),
  ...casesOf("aws_api_gateway_deployment", { rest_api_id: "abc" }, [
    [
      "made anew",
      { triggers: { routes: "1" } },
      { triggers: { routes: "2" } },
      "safe",
      "the API's routes are deployed anew",
    ],
  ]),
  ...casesOf("aws_cloudwatch_dashboard", { dashboard_name: "orders" }, [
    [
      "changed",
      { dashboard_body: JSON.stringify({ widgets: [] }) },
      { dashboard_body: JSON.stringify({ widgets: [{ type: "text" }] }) },
      "safe",
      "what it shows changes",
    ],
  ]),
  ...casesOf(
    "aws_glue_job",
    { name: "job", role_arn: "arn:aws:iam::123456789012:role/job", command: { script_location: "s3://code/job.py" } },
    [
      ["deleted, of a type that nothing is known of", {}, gone, "dangerous", "nothing here knows what that takes away"],
      ["changed", { max_retries: 1 }, { max_retries: 2 }, "review", "changes “max_retries”"],
      ["new", gone, {}, "safe", "is new"],
    ],
  ),
  {
    name: "nothing to do",
    before: topic("News"),
    after: topic("News"),
    class: "none",
    says: ['"status":"no changes"'],
  },
  {
    name: "moved",
    before: topic("News"),
    after: { ...topic("Latest"), moved: [{ from: "aws_sns_topic.News", to: "aws_sns_topic.Latest" }] },
    class: "safe",
    says: ['"action":"move"', '"previousAddress":"aws_sns_topic.News"'],
  },
  {
    name: "renamed without moved",
    before: topic("News"),
    after: topic("Latest"),
    class: "dangerous",
    says: ['"action":"delete"', '"action":"create"'],
  },
  {
    name: "imported, and made anew",
    after: { ...topic("News"), import: [{ to: "aws_sns_topic.News", id: "arn:aws:sns:us-east-1:123456789012:news" }] },
    class: "dangerous",
    says: ["is taken under Terraform's hand", "because “fifo_topic” can't be changed in place"],
  },
  {
    name: "imported",
    after: only(
      "aws_cloudwatch_log_group",
      { name: "/orders" },
      { import: [{ to: "aws_cloudwatch_log_group.It", id: "/orders" }] },
    ),
    class: "review",
    says: ["is taken under Terraform's hand: “/orders”"],
  },
  {
    name: "forgotten",
    before: topic("News"),
    after: { removed: [{ from: "aws_sns_topic.News", lifecycle: { destroy: false } }] },
    class: "review",
    says: ['"action":"forget"', "nothing updates it any more"],
  },
  {
    name: "a table forgotten",
    before: only("aws_dynamodb_table", {
      name: "orders",
      billing_mode: "PAY_PER_REQUEST",
      hash_key: "id",
      attribute: [{ name: "id", type: "S" }],
    }),
    after: { removed: [{ from: "aws_dynamodb_table.It", lifecycle: { destroy: false } }] },
    class: "dangerous",
    says: ["stays with its data"],
  },
  {
    name: "replaced on demand",
    before: only("aws_sqs_queue", { name: "jobs" }),
    after: only("aws_sqs_queue", { name: "jobs" }),
    options: ["-replace=aws_sqs_queue.It"],
    class: "irreversible",
    says: ["-replace asks for it"],
    losesData: true,
  },
  {
    name: "all destroyed",
    before: { resource: { aws_sqs_queue: { It: { name: "jobs" } }, aws_sns_topic: { It: { name: "news" } } } },
    after: { resource: { aws_sqs_queue: { It: { name: "jobs" } }, aws_sns_topic: { It: { name: "news" } } } },
    options: ["-destroy"],
    class: "irreversible",
    says: ["deletes messages", "a topic with its subscriptions"],
    losesData: true,
  },
  {
    name: "count goes down",
    before: only("aws_sqs_queue", { count: 2, name: "jobs-${count.index}" }),
    after: only("aws_sqs_queue", { count: 1, name: "jobs-${count.index}" }),
    class: "irreversible",
    says: ["count no longer reaches it", "aws_sqs_queue.It[1]"],
    losesData: true,
  },
  {
    name: "a key of for_each goes",
    before: only("aws_sqs_queue", { for_each: { a: "1", b: "2" }, name: "jobs-${each.key}" }),
    after: only("aws_sqs_queue", { for_each: { a: "1" }, name: "jobs-${each.key}" }),
    class: "irreversible",
    says: ["for_each no longer has its key"],
    losesData: true,
  },
  {
    name: "drift",
    before: only("aws_sqs_queue", { name: "jobs" }),
    after: only("aws_sqs_queue", { name: "jobs" }),
    drift: { "aws_sqs_queue:jobs": { visibility_timeout_seconds: 55 } },
    class: "review",
    says: [
      "undoes what was changed outside Terraform",
      "was changed outside Terraform: “visibility_timeout_seconds”",
      '"drifted":1',
    ],
  },
  {
    name: "gone outside Terraform",
    before: only("aws_sqs_queue", { name: "jobs" }),
    after: only("aws_sqs_queue", { name: "jobs" }),
    drift: { "aws_sqs_queue:jobs": null },
    class: "review",
    says: ["is gone: somebody deleted it outside Terraform, with the data in it"],
  },
  {
    name: "an output goes",
    before: { output: { url: { value: "https://example.com" } } },
    after: { output: { other: { value: "x" } } },
    class: "review",
    says: ['"name":"url","action":"delete"', '"name":"other","action":"create"'],
  },
  {
    name: "a sensitive output",
    before: { output: { key: { value: "correct horse battery", sensitive: true } } },
    after: { output: { key: { value: "another horse battery", sensitive: true } } },
    class: "safe",
    says: ['"before":"(sensitive)","after":"(sensitive)"'],
    hides: ["horse"],
  },
  {
    name: "a check fails",
    after: {
      ...topic("News"),
      check: [
        {
          name: {
            assert: [{ condition: '${aws_sns_topic.News.name == "other"}', error_message: "It has another name" }],
          },
        },
      ].map(({ name }) => ({ health: name })),
    },
    class: "review",
    says: ["It has another name", '"status":"fail"'],
  },
  {
    name: "a policy known after the apply",
    before: {
      resource: {
        aws_sns_topic: { It: { name: "news" } },
        aws_sqs_queue_policy: {
          It: {
            queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
            policy: policy({
              Effect: "Allow",
              Principal: { Service: "sns.amazonaws.com" },
              Action: "sqs:SendMessage",
              Resource: "*",
            }),
          },
        },
      },
    },
    after: {
      resource: {
        aws_sns_topic: { It: { name: "news-2" } },
        aws_sqs_queue_policy: {
          It: {
            queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
            policy:
              '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"${aws_sns_topic.It.arn}"}}}]}',
          },
        },
      },
    },
    class: "dangerous",
    says: ["“policy” is known only after the apply: what it allows can't be seen here"],
  },
  {
    name: "a sensitive argument",
    before: only("aws_ssm_parameter", { name: "/key", type: "SecureString", value: "correct horse battery" }),
    after: only("aws_ssm_parameter", { name: "/key", type: "SecureString", value: "another horse battery" }),
    class: "review",
    says: ['"path":"value","before":"(sensitive)","after":"(sensitive)"'],
    hides: ["horse"],
  },
  {
    name: "a sensitive variable in a place that anybody may see",
    before: {
      variable: { key: { default: "correct horse battery", sensitive: true } },
      ...only("aws_sns_topic", { name: "news", display_name: "${var.key}" }),
    },
    after: {
      variable: { key: { default: "another horse battery", sensitive: true } },
      ...only("aws_sns_topic", { name: "news", display_name: "${var.key}" }),
    },
    class: "safe",
    says: ["(sensitive)"],
    hides: ["horse"],
  },
  {
    name: "a secret that nobody marked",
    before: only("aws_lambda_function", {
      ...lambda,
      environment: { variables: { DB_PASSWORD: "hunter2hunter2", TABLE: "orders" } },
    }),
    after: only("aws_lambda_function", {
      ...lambda,
      environment: { variables: { DB_PASSWORD: "hunter3hunter3", TABLE: "orders-2" } },
    }),
    class: "review",
    says: ["hidden: looks like a secret", "orders-2"],
    hides: ["hunter2", "hunter3"],
  },
  {
    name: "hostile names and values",
    before: only("aws_sns_topic", { name: "news", display_name: "before" }),
    after: only("aws_sns_topic", {
      name: "news",
      display_name: "</details><img src=x> @octocat #1 `x` | [a](https://evil.example) \u001b[31m \u202e",
    }),
    class: "safe",
    says: ["only describes: “display_name”"],
    hides: ["\u001b", "\u202e", "\\u001b"],
  },
];
