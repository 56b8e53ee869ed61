import { parseJsonText } from "../../graph/json-text";
import { isObject, type TerraformJson } from "../../graph/terraform-json";
import { trustedBy } from "../roles";
import { findings, isOn, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { blockOf } from "./attribute-values";
import { watchedBy } from "./heard-alarms";
import { provider } from "./lambda-example";

const machineType = "aws_sfn_state_machine";
const definition = '{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":5,"End":true}}}';

function machine(
  attributes: object = {},
  others: TerraformJson["resource"] = {},
  trusted = "states.amazonaws.com",
): TerraformJson {
  return {
    provider,
    resource: {
      aws_iam_role: {
        Orders: {
          name: "orders",
          assume_role_policy: JSON.stringify({
            Statement: [{ Effect: "Allow", Principal: { Service: trusted }, Action: "sts:AssumeRole" }],
          }),
        },
      },
      aws_sfn_state_machine: {
        Orders: { name: "orders", role_arn: "${aws_iam_role.Orders.arn}", definition, ...attributes },
      },
      ...others,
    },
  };
}

const failures = {
  aws_cloudwatch_metric_alarm: {
    Failures: {
      alarm_name: "orders-failures",
      namespace: "AWS/States",
      metric_name: "ExecutionsFailed",
      dimensions: { StateMachineArn: "${aws_sfn_state_machine.Orders.arn}" },
      statistic: "Sum",
      period: 60,
      evaluation_periods: 1,
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:alarms"],
    },
  },
};

/** Step Functions. */
export const stepFunctionsRules: readonly Rule[] = [
  {
    id: "stepfunctions-logging",
    title: "State machines log their executions",
    severity: "medium",
    why: "Without a log nobody can say what an express execution did, and of others only for 90 days.",
    fix: 'Set logging_configuration with level "ERROR" or "ALL" and a log_destination.',
    references: ["FSBP StepFunctions.1", "CKV_AWS_285"],
    examples: {
      failing: machine({ logging_configuration: { level: "OFF" } }),
      passing: machine({
        logging_configuration: {
          level: "ALL",
          include_execution_data: true,
          log_destination: "${aws_cloudwatch_log_group.Orders.arn}:*",
        },
      }),
    },
    judge: judgeResources(machineType, (node, graph) => {
      const logging = blockOf(node.attributes, "logging_configuration");
      const level = logging === unknown ? unknown : knownValue(graph, node, logging?.level);
      return level === unknown || (level !== undefined && level !== null && level !== "OFF")
        ? []
        : ["must have logging_configuration.level ERROR or ALL"];
    }),
  },
  {
    id: "stepfunctions-tracing",
    title: "State machines are traced",
    severity: "low",
    why: "Without traces nobody sees which step of an execution was slow, and for whom.",
    fix: "Set tracing_configuration { enabled = true }.",
    references: ["CKV_AWS_284"],
    examples: { failing: machine(), passing: machine({ tracing_configuration: { enabled: true } }) },
    judge: judgeResources(machineType, (node, graph) => {
      const tracing = blockOf(node.attributes, "tracing_configuration");
      return tracing === unknown || isOn(graph, node, tracing?.enabled)
        ? []
        : ["must have tracing_configuration.enabled on"];
    }),
  },
  {
    id: "stepfunctions-role",
    title: "State machines run in a role that is for them",
    severity: "high",
    why: "In a role that doesn't trust Step Functions no execution starts; one that others may take on as well has their rights too.",
    fix: "Set role_arn to a role that trusts states.amazonaws.com alone.",
    references: ["https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html"],
    examples: { failing: machine({}, {}, "lambda.amazonaws.com"), passing: machine() },
    judge: judgeResources(machineType, (node, graph) => {
      const role = graph.resolve(node.attributes.role_arn, node.stack);
      if (role?.type !== "aws_iam_role" || role.mode === "data") return [];
      const trusted = trustedBy(graph, role);
      // A trust policy that can't be read says nothing.
      if (trusted.length === 0) return [];
      const others = trusted.filter((principal) => !/^states\.([\w-]+\.)?amazonaws\.com$/.test(principal));
      return others.length === 0
        ? []
        : [`must run in a role that only Step Functions takes on (${role.address} trusts ${others.join(", ")})`];
    }),
  },
  {
    id: "stepfunctions-definition",
    title: "Definitions of state machines lead from state to state",
    severity: "high",
    why: "AWS refuses a definition whose states aren't there when it is applied.",
    fix: "Name in StartAt, Next and Default states that the definition has.",
    references: ["https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html"],
    examples: {
      failing: machine({ definition: '{"StartAt":"Begin","States":{"Wait":{"Type":"Wait","Seconds":5,"End":true}}}' }),
      passing: machine(),
    },
    judge: judgeResources(machineType, (node) => {
      const { definition: text } = node.attributes;
      if (typeof text !== "string" || /^\s*\$\{/.test(text)) return [];
      const json = parseJsonText(text);
      if (!isObject(json) || !isObject(json.States))
        return ["must have a definition that is a JSON object with States"];
      const states = json.States;
      const named = Object.values(states).flatMap((state) => (isObject(state) ? [state.Next, state.Default] : []));
      const lacking = [json.StartAt, ...named].filter(
        (name) => typeof name === "string" && !name.includes("${") && !Object.hasOwn(states, name),
      );
      return [...new Set(lacking)].map((name) => `must have the state ${String(name)} that its definition leads to`);
    }),
  },
  {
    id: "stepfunctions-failure-alarm",
    title: "Somebody hears of failed executions",
    severity: "medium",
    why: "An execution that fails stops in the middle, and nobody goes on with it.",
    fix: "Add an alarm on ExecutionsFailed of AWS/States for the state machine.",
    references: ["https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"],
    examples: { failing: machine(), passing: machine({}, failures) },
    judge: (graph) => {
      const isWatched = watchedBy(graph, {
        namespace: "AWS/States",
        names: ["ExecutionsFailed", "ExecutionsTimedOut"],
        dimension: "StateMachineArn",
        types: [machineType],
      });
      return graph
        .ofType(machineType)
        .filter((node) => !isWatched(node))
        .flatMap((node) => findings(node, ["must have an alarm on its failed executions that somebody hears"]));
    },
  },
];
