/** What a resource is for, by which graphs are coloured. */
export const categories = [
  "Compute",
  "API",
  "Messages",
  "Data",
  "Identity and keys",
  "Network",
  "Monitoring",
  "Other",
] as const;

export type Category = (typeof categories)[number];

/** Beginnings of types without `aws_`; of two that fit, the longer counts. */
const prefixes: readonly (readonly [Category, readonly string[]])[] = [
  [
    "Compute",
    [
      "lambda",
      "ecs",
      "ecr",
      "eks",
      "batch",
      "instance",
      "launch",
      "autoscaling",
      "appautoscaling",
      "spot",
      "ami",
      "ec2",
      "apprunner",
      "elastic_beanstalk",
      "sagemaker",
      "bedrock",
      "sfn",
    ],
  ],
  ["API", ["api_gateway", "apigatewayv2", "appsync", "cloudfront", "alb", "lb", "elb", "wafv2", "waf", "acm"]],
  ["Messages", ["sqs", "sns", "kinesis", "cloudwatch_event", "scheduler", "pipes", "mq", "msk", "ses", "sesv2"]],
  [
    "Data",
    [
      "s3",
      "dynamodb",
      "dax",
      "db",
      "rds",
      "elasticache",
      "efs",
      "fsx",
      "ebs",
      "backup",
      "redshift",
      "opensearch",
      "elasticsearch",
      "docdb",
      "neptune",
      "glue",
      "athena",
      "memorydb",
      "timestream",
    ],
  ],
  [
    "Identity and keys",
    [
      "iam",
      "kms",
      "secretsmanager",
      "cognito",
      "sso",
      "ssoadmin",
      "identitystore",
      "organizations",
      "caller_identity",
      "lambda_permission",
      "acmpca",
    ],
  ],
  [
    "Network",
    [
      "vpc",
      "subnet",
      "route",
      "route53",
      "security_group",
      "default",
      "network",
      "internet_gateway",
      "nat_gateway",
      "eip",
      "egress_only",
      "ec2_transit",
      "ec2_managed_prefix",
      "prefix_list",
      "vpn",
      "dx",
      "globalaccelerator",
      "service_discovery",
      "flow_log",
    ],
  ],
  [
    "Monitoring",
    [
      "cloudwatch",
      "cloudtrail",
      "xray",
      "config",
      "guardduty",
      "securityhub",
      "inspector",
      "inspector2",
      "macie2",
      "synthetics",
      "budgets",
      "ce",
      "accessanalyzer",
      "api_gateway_account",
    ],
  ],
];

const categoryOfPrefix = new Map(prefixes.flatMap(([category, all]) => all.map((prefix) => [prefix, category])));

/** `Messages` for `aws_sqs_queue_policy`; whole words alone count: `aws_config_rule` and no `aws_configuration`. */
export function categoryOf(type: string): Category {
  const words = type.replace(/^aws_/, "").split("_");
  for (let length = words.length; length > 0; length -= 1) {
    const category = categoryOfPrefix.get(words.slice(0, length).join("_"));
    if (category !== undefined) return category;
  }
  return "Other";
}
