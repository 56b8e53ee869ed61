import type { Graph, GraphNode } from "../../graph/model";
import type { TerraformJson } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, type Rule, unknown } from "../rule";
import { blockOf, isSwitchedOff, textOf } from "./attribute-values";
import { patternProblem } from "./event-patterns";
import { hasUnreadablePolicy, isPublic, judgeStatements, nameOf } from "./exposure";
import { functionAt } from "./invoked";
import { provider } from "./lambda-example";
import { scheduleProblem, secondsOfRate } from "./schedules";
import { letsService } from "./service-access";

const ruleType = "aws_cloudwatch_event_rule";
const targetType = "aws_cloudwatch_event_target";

const pattern = '{"source":["orders"]}';

function target(rule: object, attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_cloudwatch_event_rule: { Orders: { name: "orders", ...rule } },
      aws_cloudwatch_event_target: {
        Orders: {
          rule: "${aws_cloudwatch_event_rule.Orders.name}",
          arn: "${aws_lambda_function.Worker.arn}",
          ...attributes,
        },
      },
      aws_lambda_function: { Worker: { function_name: "worker", role: "arn:aws:iam::111111111111:role/worker" } },
      ...others,
    },
  };
}

const permission = (source_arn: string) => ({
  aws_lambda_permission: {
    Orders: {
      action: "lambda:InvokeFunction",
      function_name: "${aws_lambda_function.Worker.function_name}",
      principal: "events.amazonaws.com",
      source_arn,
    },
  },
});

const busPolicy = (more: object) => ({
  provider,
  resource: {
    aws_cloudwatch_event_bus: { Orders: { name: "orders" } },
    aws_cloudwatch_event_bus_policy: {
      Orders: {
        event_bus_name: "${aws_cloudwatch_event_bus.Orders.name}",
        policy: JSON.stringify({
          Statement: [
            {
              Sid: "Put",
              Effect: "Allow",
              Principal: "*",
              Action: "events:PutEvents",
              Resource: "arn:aws:events:us-east-1:111111111111:event-bus/orders",
              ...more,
            },
          ],
        }),
      },
    },
  },
});

const rule = (attributes: object) => ({
  provider,
  resource: { aws_cloudwatch_event_rule: { Orders: { name: "orders", ...attributes } } },
});

/** What a schedule misses, it makes up for with its next run: an hour later at most. */
const soon = 3_600;

/** EventBridge: rules, targets, buses and schedules. */
export const eventbridgeRules: readonly Rule[] = [
  {
    id: "eventbridge-rule-target",
    title: "Rules have a target",
    severity: "medium",
    why: "A rule without a target does nothing, and says nothing about it.",
    fix: "Add an aws_cloudwatch_event_target with the rule's name, or remove the rule.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html"],
    examples: { failing: rule({ event_pattern: pattern }), passing: target({ event_pattern: pattern }) },
    judge: (graph) => {
      const targets = graph.ofType(targetType);
      const used = new Set(
        targets.map((each) => graph.resolve(each.attributes.rule, each.stack, { types: [ruleType] })),
      );
      // One for each of a list that only Terraform knows.
      const open = new Set(
        targets
          .filter(({ attributes }) => /\$\{(each|count|var|local)\b/.test(String(attributes.rule)))
          .map(({ stack }) => stack),
      );
      return graph
        .ofType(ruleType)
        .filter((node) => !used.has(node) && !open.has(node.stack))
        .flatMap((node) => findings(node, ["must have a target"]));
    },
  },
  {
    id: "eventbridge-rule-enabled",
    title: "Rules of EventBridge are on",
    severity: "medium",
    why: "What the rule is there for never happens.",
    fix: 'Leave state out, or set it to "ENABLED".',
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html"],
    examples: {
      failing: target({ event_pattern: pattern, state: "DISABLED" }),
      passing: target({ event_pattern: pattern }),
    },
    judge: judgeResources(ruleType, (node, graph) =>
      textOf(graph, node, node.attributes.state) === "DISABLED" ||
      isSwitchedOff(graph, node, node.attributes.is_enabled)
        ? ["must be enabled"]
        : [],
    ),
  },
  {
    id: "eventbridge-rule-pattern",
    title: "Event patterns can match",
    severity: "high",
    why: "A pattern in which a field has no list matches no event: the rule never fires.",
    fix: "Write event_pattern as a JSON object in which every field has a list of what it may be.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"],
    examples: {
      failing: target({ event_pattern: '{"source":"orders"}' }),
      passing: target({ event_pattern: pattern }),
    },
    judge: judgeResources(ruleType, ({ attributes }) => {
      const problem = isSet(attributes.event_pattern) ? patternProblem(attributes.event_pattern) : undefined;
      return problem === undefined ? [] : [`must have an event_pattern that can match: ${problem}`];
    }),
  },
  {
    id: "eventbridge-schedule",
    title: "Schedules are ones that EventBridge takes",
    severity: "high",
    why: "AWS refuses the schedule when it is applied, with the other half of the change already made.",
    fix: "Write rate(5 minutes), or cron(…) with six fields of which day of month or day of week is ?.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"],
    examples: {
      failing: target({ schedule_expression: "cron(0 5 * * *)" }),
      passing: target({ schedule_expression: "cron(0 5 * * ? *)" }),
    },
    judge: (graph) => {
      const judge = (type: string, at: boolean) =>
        graph.ofType(type).flatMap((node) => {
          const schedule = textOf(graph, node, node.attributes.schedule_expression);
          const problem = schedule === undefined || schedule === "" ? undefined : scheduleProblem(schedule, { at });
          return problem === undefined
            ? []
            : findings(node, [
                `must have a schedule_expression that EventBridge takes: ${problem} (it has ${schedule})`,
              ]);
        });
      return [...judge(ruleType, false), ...judge("aws_scheduler_schedule", true)];
    },
  },
  {
    id: "eventbridge-target-dead-letters",
    title: "Events that can't be delivered are kept",
    severity: "medium",
    why: "After a day of retries, or at once where a permission is missing, EventBridge throws the event away.",
    fix: "Set dead_letter_config.arn of the target to a queue whose policy lets events.amazonaws.com send.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"],
    examples: {
      failing: target({ event_pattern: pattern }),
      passing: target(
        { event_pattern: pattern },
        { dead_letter_config: { arn: "arn:aws:sqs:us-east-1:111111111111:dead-letters" } },
      ),
    },
    judge: judgeResources(targetType, (node, graph) => {
      const config = blockOf(node.attributes, "dead_letter_config");
      if (config === unknown || isSet(config?.arn)) return [];
      const from = graph.resolve(node.attributes.rule, node.stack, { types: [ruleType] });
      if (from?.type !== ruleType || from.mode === "data") return [];
      const schedule = textOf(graph, from, from.attributes.schedule_expression);
      const isMadeUpFor = !isSet(from.attributes.event_pattern) && (secondsOfRate(schedule ?? "") ?? soon + 1) <= soon;
      return isMadeUpFor ? [] : ["must have dead_letter_config.arn set: what can't be delivered is lost"];
    }),
  },
  {
    id: "eventbridge-target-permission",
    title: "EventBridge may call what it is to call",
    severity: "high",
    why: "The target refuses every event, and nobody is told.",
    fix: "Add an aws_lambda_permission for events.amazonaws.com with the rule's ARN as source_arn, or a role_arn for other targets.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"],
    examples: {
      failing: target({ event_pattern: pattern }, {}, permission("arn:aws:events:us-east-1:111111111111:rule/others")),
      passing: target({ event_pattern: pattern }, {}, permission("${aws_cloudwatch_event_rule.Orders.arn}")),
    },
    judge: judgeResources(targetType, (node, graph) => targetProblems(graph, node)),
  },
  {
    id: "eventbridge-bus-everyone",
    title: "Event buses aren't open to everyone",
    severity: "critical",
    why: "Anybody with an AWS account puts events on the bus, and sets off what listens.",
    fix: "Name the accounts as principals, or limit the statement by aws:PrincipalOrgID.",
    references: ["https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html"],
    examples: {
      failing: busPolicy({}),
      passing: busPolicy({ Condition: { StringEquals: { "aws:PrincipalOrgID": "o-abcdef1234" } } }),
    },
    judge: (graph) => [
      ...judgeStatements(graph, ["aws_cloudwatch_event_bus_policy", "aws_cloudwatch_event_bus"], (each) =>
        isPublic(each) ? [`must not let everyone in by ${nameOf(each)}`] : [],
      ),
      ...graph
        .ofType("aws_cloudwatch_event_permission")
        .filter(({ attributes }) => attributes.principal === "*" && blockOf(attributes, "condition") === undefined)
        .flatMap((node) => findings(node, ["must not let everyone in (principal is *)"])),
    ],
  },
  {
    id: "eventbridge-bus-policy",
    title: "Event buses of one's own say who may use them",
    severity: "low",
    why: "Without a policy nobody can tell from the bus who is meant to put events on it.",
    fix: "Add an aws_cloudwatch_event_bus_policy.",
    references: ["FSBP EventBridge.3"],
    examples: {
      failing: { resource: { aws_cloudwatch_event_bus: { Orders: { name: "orders" } } } },
      passing: busPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:root" } }),
    },
    judge: judgeResources("aws_cloudwatch_event_bus", (node, graph) =>
      graph.policiesOf(node).length > 0 ||
      hasUnreadablePolicy(graph, node) ||
      graph.referencesTo(node).some(({ from }) => from.type === "aws_cloudwatch_event_permission")
        ? []
        : ["must have a policy that says who may put events on it"],
    ),
  },
];

/** Targets that EventBridge calls in its own name; all others want a role. */
const calledByPolicy: readonly string[] = [
  "aws_lambda_function",
  "aws_lambda_alias",
  "aws_sqs_queue",
  "aws_sns_topic",
  "aws_cloudwatch_log_group",
];
const calledByRole: readonly string[] = [
  "aws_sfn_state_machine",
  "aws_kinesis_stream",
  "aws_kinesis_firehose_delivery_stream",
  "aws_ecs_cluster",
  "aws_codebuild_project",
  "aws_codepipeline",
  "aws_batch_job_queue",
];

function targetProblems(graph: Graph, node: GraphNode): string[] {
  const { arn, role_arn, rule: ruleName } = node.attributes;
  const called = graph.resolve(arn, node.stack);
  if (called === undefined || called.mode === "data" || isSet(role_arn)) return [];
  if (calledByRole.includes(called.type))
    return [`must have role_arn set, in whose name EventBridge calls ${called.address}`];
  // Queues and topics have rules of their own, and log groups have policies of their account.
  const lambda = calledByPolicy.indexOf(called.type) < 2 ? functionAt(graph, arn, node.stack) : undefined;
  const source = graph.resolve(ruleName, node.stack, { types: [ruleType] });
  if (lambda === undefined || source?.type !== ruleType || source.mode === "data") return [];
  const delivery = { service: "events.amazonaws.com", action: "lambda:InvokeFunction", source };
  const isAllowed = letsService(graph, lambda, delivery) || (called !== lambda && letsService(graph, called, delivery));
  return isAllowed
    ? []
    : [
        `must be allowed to call ${lambda.address}: it has no permission for events.amazonaws.com and ${source.address}`,
      ];
}
