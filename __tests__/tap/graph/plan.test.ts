import { buildGraph } from "../../../tap/graph/build";
import type { PlanJson } from "../../../tap/graph/plan-json";
import { lines, nodeOf, stackOf } from "./graph-of";

/**
 * What Terraform 1.11 shows of a configuration in its own syntax: a queue per key in a module, and what uses it. Of
 * expressions only what they refer to is there.
 */
const plan: PlanJson = {
  format_version: "1.2",
  variables: { role: { value: "arn:aws:iam::111111111111:role/deploy" } },
  planned_values: {
    root_module: {
      resources: [
        {
          address: "aws_lambda_function.f",
          mode: "managed",
          type: "aws_lambda_function",
          name: "f",
          values: {
            function_name: "f",
            description: "of ${them}",
            timeout: 3,
            kms_key_arn: null,
            vpc_config: [{ subnet_ids: ["s-1"] }],
          },
        },
        {
          address: "aws_sqs_queue_policy.p",
          mode: "managed",
          type: "aws_sqs_queue_policy",
          name: "p",
          values: {},
        },
        {
          address: "aws_kms_key.there",
          mode: "managed",
          type: "aws_kms_key",
          name: "there",
          values: { arn: "arn:aws:kms:us-east-1:111111111111:key/0" },
        },
        {
          address: "aws_iam_role_policy.r",
          mode: "managed",
          type: "aws_iam_role_policy",
          name: "r",
          values: {
            policy:
              '{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111111111111:key/0/${aws:username}"}]}',
          },
        },
      ],
      child_modules: [
        {
          resources: ["a", "b"].map((key, index) => ({
            address: `module.queues.aws_sqs_queue.q["${key}"]`,
            mode: "managed" as const,
            type: "aws_sqs_queue",
            name: "q",
            values: { name: `q-${key}`, index },
          })),
        },
      ],
    },
  },
  prior_state: {
    values: {
      root_module: {
        resources: [
          {
            address: "data.aws_region.here",
            mode: "data",
            type: "aws_region",
            name: "here",
            values: { name: "us-east-1" },
          },
          { address: "aws_kms_key.destroyed", mode: "managed", type: "aws_kms_key", name: "destroyed", values: {} },
        ],
      },
    },
  },
  resource_changes: [
    {
      address: "aws_lambda_function.f",
      change: {
        after_unknown: {
          arn: true,
          dead_letter_config: [{ target_arn: true }],
          role: true,
          environment: true,
          vpc_config: [{ subnet_ids: [false] }],
        },
      },
    },
    { address: "aws_sqs_queue_policy.p", change: { after_unknown: { policy: true, queue_url: true, id: true } } },
    {
      address: 'module.queues.aws_sqs_queue.q["a"]',
      change: { after_unknown: { arn: true, kms_master_key_id: true } },
    },
  ],
  configuration: {
    provider_config: {
      aws: {
        name: "aws",
        expressions: {
          region: { constant_value: "us-east-1" },
          assume_role: [{ role_arn: { references: ["var.role"] } }],
        },
      },
      "module.queues:aws.other": { name: "aws", alias: "other" },
    },
    root_module: {
      resources: [
        {
          address: "aws_lambda_function.f",
          provider_config_key: "aws",
          expressions: {
            function_name: { constant_value: "f" },
            dead_letter_config: [
              { target_arn: { references: ['module.queues.arns["a"]', "module.queues.arns", "module.queues"] } },
            ],
            role: { references: ["aws_iam_role_policy.r.role", "aws_iam_role_policy.r"] },
            environment: [
              {
                variables: {
                  references: [
                    "data.aws_region.here.name",
                    "data.aws_region.here",
                    "aws_kms_key.there.arn",
                    "aws_kms_key.there",
                  ],
                },
              },
            ],
          },
          depends_on: ["aws_iam_role_policy.r"],
        },
        {
          address: "aws_sqs_queue_policy.p",
          provider_config_key: "aws",
          expressions: { policy: { references: ["module.queues.arns", "module.queues"] }, queue_url: {} },
        },
        { address: "aws_kms_key.there", provider_config_key: "aws", expressions: {} },
        {
          address: "aws_iam_role_policy.r",
          provider_config_key: "aws",
          expressions: { policy: { references: ["local.policy"] } },
        },
      ],
      module_calls: {
        queues: {
          expressions: { key: { references: ["aws_kms_key.there.arn", "aws_kms_key.there"] } },
          module: {
            outputs: { arns: { expression: { references: ["aws_sqs_queue.q"] } } },
            resources: [
              {
                address: "aws_sqs_queue.q",
                provider_config_key: "aws",
                expressions: { name: { references: ["each.key"] }, kms_master_key_id: { references: ["var.key"] } },
                for_each_expression: { constant_value: ["a", "b"] },
              },
            ],
          },
        },
      },
    },
  },
};

const graph = buildGraph([{ id: "p", plan }]);

test("a plan has every instance, and the data sources that were read", () => {
  expect(graph.nodes.map(({ id, arn }) => [id, arn])).toEqual([
    ["p/aws_lambda_function.f", "arn:aws:lambda:us-east-1:111111111111:function:f"],
    ["p/aws_sqs_queue_policy.p", undefined],
    ["p/aws_kms_key.there", "arn:aws:kms:us-east-1:111111111111:key/0"],
    ["p/aws_iam_role_policy.r", undefined],
    ['p/module.queues.aws_sqs_queue.q["a"]', "arn:aws:sqs:us-east-1:111111111111:q-a"],
    ['p/module.queues.aws_sqs_queue.q["b"]', "arn:aws:sqs:us-east-1:111111111111:q-b"],
    ["p/data.aws_region.here", undefined],
  ]);
});

test("values that are known mean themselves, unknown ones are what they refer to", () => {
  const { attributes } = nodeOf(graph, "p/aws_lambda_function.f");
  expect(attributes).toEqual({
    function_name: "f",
    description: "of $${them}",
    timeout: 3,
    vpc_config: [{ subnet_ids: ["s-1"] }],
    dead_letter_config: [{ target_arn: "${module.queues.aws_sqs_queue.q}" }],
    role: "${aws_iam_role_policy.r.role}",
    environment: [{ variables: "${known_after_apply(data.aws_region.here.name, aws_kms_key.there.arn)}" }],
    depends_on: ["aws_iam_role_policy.r"],
  });
  expect(graph.resolve('${module.queues.aws_sqs_queue.q["b"].arn}', stackOf(graph, "p"))?.id).toBe(
    'p/module.queues.aws_sqs_queue.q["b"]',
  );
});

test("references go through outputs and variables of modules", () => {
  expect(lines(graph.referencesFrom(nodeOf(graph, "p/aws_lambda_function.f")))).toEqual([
    'expression dead_letter_config[0].target_arn → p/module.queues.aws_sqs_queue.q["a"]',
    'expression dead_letter_config[0].target_arn → p/module.queues.aws_sqs_queue.q["b"]',
    "expression role → p/aws_iam_role_policy.r",
    "expression environment[0].variables → p/data.aws_region.here",
    "expression environment[0].variables → p/aws_kms_key.there",
    "depends_on depends_on[0] → p/aws_iam_role_policy.r",
  ]);
  expect(lines(graph.referencesFrom(nodeOf(graph, 'p/module.queues.aws_sqs_queue.q["a"]')))).toEqual([
    "expression kms_master_key_id → p/aws_kms_key.there",
  ]);
  expect(nodeOf(graph, 'p/module.queues.aws_sqs_queue.q["a"]').attributes.kms_master_key_id).toBe(
    "${aws_kms_key.there.arn}",
  );
});

test("policies are read where they are known, and told where they are not", () => {
  expect(graph.policies.map(({ node, statements }) => [node.name, statements[0]?.resources])).toEqual([
    ["r", ["arn:aws:kms:us-east-1:111111111111:key/0/$${aws:username}"]],
  ]);
  expect(graph.unreadablePolicies.map(({ node, why }) => [node.name, why])).toEqual([
    ["p", "is worked out when Terraform runs: ${module.queues.aws_sqs_queue.q}"],
  ]);
});

test("a configuration in JSON shows its expressions, and they are read as they stand", () => {
  const policy = '{"Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":["${aws_sqs_queue.q.arn}"]}]}';
  const json = buildGraph([
    {
      id: "p",
      plan: {
        format_version: "1.2",
        planned_values: {
          root_module: {
            resources: [
              { address: "aws_sqs_queue.q", mode: "managed", type: "aws_sqs_queue", name: "q", values: { name: "q" } },
              {
                address: "aws_sqs_queue_policy.p",
                mode: "managed",
                type: "aws_sqs_queue_policy",
                name: "p",
                values: {},
              },
            ],
          },
        },
        resource_changes: [{ address: "aws_sqs_queue_policy.p", change: { after_unknown: { policy: true } } }],
        configuration: {
          root_module: {
            resources: [
              { address: "aws_sqs_queue.q", expressions: { name: { constant_value: "q" } } },
              {
                address: "aws_sqs_queue_policy.p",
                expressions: {
                  policy: { constant_value: policy, references: ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"] },
                },
              },
            ],
          },
        },
      },
    },
  ]);
  expect(json.policies.map(({ statements }) => statements[0]?.resources)).toEqual([["${aws_sqs_queue.q.arn}"]]);
  expect(lines(json.referencesFrom(nodeOf(json, "p/aws_sqs_queue_policy.p")))).toEqual([
    "expression policy → p/aws_sqs_queue.q",
  ]);
});

test("a configuration in JSON with modules shows where their outputs and variables lead, in what is around them", () => {
  const unknownPolicy = { after_unknown: { policy: true }, actions: ["create"] };
  const bucket = { mode: "managed" as const, type: "aws_s3_bucket", name: "b" };
  const { stacks: _, ...graph } = buildGraph([
    {
      id: "p",
      plan: {
        format_version: "1.2",
        planned_values: {
          root_module: {
            resources: [
              { address: "aws_x.outer", mode: "managed", type: "aws_x", name: "outer", values: {} },
              { address: "aws_x.mixed", mode: "managed", type: "aws_x", name: "mixed", values: {} },
            ],
            child_modules: [
              {
                resources: [
                  { ...bucket, address: "module.m.aws_s3_bucket.b", values: { bucket: "data" } },
                  { address: "module.n.aws_x.inner", mode: "managed", type: "aws_x", name: "inner", values: {} },
                ],
              },
            ],
          },
        },
        resource_changes: ["aws_x.outer", "aws_x.mixed", "module.n.aws_x.inner"].map((address) => ({
          address,
          change: unknownPolicy,
        })),
        configuration: {
          root_module: {
            resources: [
              {
                address: "aws_x.outer",
                expressions: {
                  policy: {
                    constant_value: '{"Resource":["${module.m.arn}","${module.m.arn}/*"]}',
                    references: ["module.m.arn", "module.m"],
                  },
                },
              },
              {
                address: "aws_x.mixed",
                expressions: {
                  policy: {
                    constant_value: "${upper(module.m.arn)} ${aws_x.outer.policy} ${upper(aws_x.outer.policy)}",
                    references: ["module.m.arn", "module.m", "aws_x.outer.policy", "aws_x.outer"],
                  },
                },
              },
            ],
            module_calls: {
              m: {
                module: {
                  outputs: {
                    arn: {
                      expression: {
                        constant_value: "${aws_s3_bucket.b.arn}",
                        references: ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"],
                      },
                    },
                  },
                  resources: [{ address: "aws_s3_bucket.b", expressions: {} }],
                },
              },
              n: {
                expressions: { arn: { constant_value: "${module.m.arn}", references: ["module.m.arn", "module.m"] } },
                module: {
                  resources: [
                    {
                      address: "aws_x.inner",
                      expressions: { policy: { constant_value: ["${var.arn}/*", "text"], references: ["var.arn"] } },
                    },
                  ],
                },
              },
            },
          },
        },
      },
    },
  ]);
  const policyOf = (address: string) => graph.nodes.find((node) => node.address === address)?.attributes.policy;
  const arn = "${module.m.aws_s3_bucket.b.arn}";
  expect(policyOf("aws_x.outer")).toBe(`{"Resource":["${arn}","${arn}/*"]}`);
  expect(policyOf("aws_x.mixed")).toBe(
    "${known_after_apply(module.m.aws_s3_bucket.b.arn)} ${aws_x.outer.policy} ${upper(aws_x.outer.policy)}",
  );
  expect(policyOf("module.n.aws_x.inner")).toEqual([`${arn}/*`, "text"]);
});

test("an ARN that is an argument is not the resource's own; values that go round in a circle come to an end", () => {
  const topicPolicy = {
    mode: "managed",
    type: "aws_sns_topic_policy",
    name: "p",
    values: { arn: "arn:aws:sns:us-east-1:111111111111:t" },
  } as const;
  const circle = buildGraph([
    {
      id: "p",
      plan: {
        format_version: "1.2",
        planned_values: { root_module: { resources: [{ address: "aws_sns_topic_policy.p", ...topicPolicy }] } },
        configuration: {
          root_module: {
            resources: [
              {
                address: "aws_sns_topic_policy.p",
                expressions: {
                  arn: { constant_value: topicPolicy.values.arn },
                  policy: { references: ["module.m.out", "module.m"] },
                },
              },
            ],
            module_calls: {
              m: {
                expressions: { in: { references: ["module.m.out", "module.m"] } },
                module: { outputs: { out: { expression: { references: ["var.in"] } } } },
              },
            },
          },
        },
      },
    },
  ]);
  expect(circle.nodes.map(({ arn }) => arn)).toEqual([undefined]);
  expect(lines(circle.referencesFrom(nodeOf(circle, "p/aws_sns_topic_policy.p")))).toEqual([]);
});

test("a module's instances refer each to its own, under the provider that the module configures", () => {
  const instance = (key: string, type: string) => ({
    address: `module.m["${key}"].${type}.it`,
    mode: "managed" as const,
    type,
    name: "it",
    values: { name: key },
  });
  const modules = buildGraph([
    {
      id: "p",
      plan: {
        format_version: "1.2",
        planned_values: {
          root_module: {
            child_modules: ["a", "b"].map((key) => ({
              resources: [instance(key, "aws_sqs_queue"), instance(key, "aws_sqs_queue_policy")],
            })),
          },
        },
        configuration: {
          provider_config: {
            aws: { expressions: { region: { constant_value: "us-east-1" } } },
            "module.m:aws": {
              expressions: {
                region: { constant_value: "eu-west-1" },
                allowed_account_ids: { references: ["var.account"] },
              },
            },
          },
          root_module: {
            module_calls: {
              m: {
                module: {
                  resources: [
                    { address: "aws_sqs_queue.it", provider_config_key: "module.m:aws" },
                    {
                      address: "aws_sqs_queue_policy.it",
                      provider_config_key: "module.m:aws",
                      expressions: { queue_url: { references: ["aws_sqs_queue.it.url", "aws_sqs_queue.it"] } },
                    },
                  ],
                },
              },
            },
          },
        },
      },
    },
  ]);
  expect(modules.nodes.flatMap((node) => lines(modules.referencesFrom(node)))).toEqual([
    'expression queue_url → p/module.m["a"].aws_sqs_queue.it',
    'expression queue_url → p/module.m["b"].aws_sqs_queue.it',
  ]);
  expect(modules.nodes.map(({ accountId, region }) => [accountId, region])).toEqual(
    Array.from({ length: 4 }, () => [undefined, "eu-west-1"]),
  );
});
