import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { sameInPolicy } from "../policies";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

export const rec03: Requirement = {
  id: "REC-03",
  checks:
    "The table has provisioned capacity, scaled by target tracking in both directions and otherwise left alone by Terraform, and point-in-time recovery.",
  why: "Capacity that an apply resets to its minimum refuses writes in the middle of the day.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack, { records }) => {
      const [table, ...others] = nodesIn(subject.graph, stack, "aws_dynamodb_table");
      if (table === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one table" }];
      const { billing_mode, point_in_time_recovery, lifecycle } = table.attributes;
      const ignored = (lifecycle as { ignore_changes?: unknown } | undefined)?.ignore_changes;
      return [
        ...expectThat(billing_mode === "PROVISIONED", stack, "has no provisioned capacity", table.address),
        ...expectThat(
          blocksOf({ point_in_time_recovery }, "point_in_time_recovery").some(({ enabled }) => enabled === true),
          stack,
          "has no point-in-time recovery",
          table.address,
        ),
        ...expectThat(
          // A replica is a resource of its own (PLAT-14).
          sameInPolicy(
            [ignored ?? []].flat().filter((name) => name !== "replica"),
            ["read_capacity", "write_capacity"],
          ),
          stack,
          "must leave its capacity to auto scaling",
          table.address,
        ),
        ...scaling(subject.graph, stack, table, "Read", records.table, records.table.readCapacity),
        ...scaling(subject.graph, stack, table, "Write", records.table, records.table.writeCapacity),
      ];
    }),
};

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

function scaling(
  graph: Graph,
  stack: StackJson,
  table: GraphNode,
  direction: "Read" | "Write",
  { targetUtilizationPercent }: { readonly targetUtilizationPercent: number },
  wanted: Range,
): Finding[] {
  const dimension = `dynamodb:table:${direction}CapacityUnits`;
  const targets = nodesIn(graph, stack, "aws_appautoscaling_target").filter(
    (target) =>
      target.attributes.scalable_dimension === dimension &&
      target.attributes.service_namespace === "dynamodb" &&
      target.attributes.resource_id === `table/\${${table.address}.name}` &&
      graph.referencesFrom(target, "resource_id").some((each) => "to" in each && each.to === table),
  );
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    return [{ stack: stack.id, address: table.address, message: `must be scaled once by ${dimension}` }];
  const { min_capacity, max_capacity } = target.attributes;
  const policies = nodesIn(graph, stack, "aws_appautoscaling_policy").filter((policy) =>
    graph.referencesFrom(policy, "resource_id").some((each) => "to" in each && each.to === target),
  );
  const tracks = policies.some((policy) => follows(graph, policy, target, direction, targetUtilizationPercent));
  return [
    ...expectThat(
      min_capacity === wanted.minimum && max_capacity === wanted.maximum && wanted.maximum > wanted.minimum,
      stack,
      `scales between ${min_capacity} and ${max_capacity}; it must between ${wanted.minimum} and ${wanted.maximum}`,
      target.address,
    ),
    ...expectThat(tracks, stack, `has no policy that follows the use of its ${dimension}`, target.address),
  ];
}

/** Whether a policy holds the use of the target's own dimension at a share that leaves room, both up and down. */
function follows(
  graph: Graph,
  policy: GraphNode,
  target: GraphNode,
  direction: "Read" | "Write",
  percent: number,
): boolean {
  const { policy_type, scalable_dimension, service_namespace } = policy.attributes;
  const isTargets = (value: unknown, name: string) =>
    value === `\${${target.address}.${name}}` || value === target.attributes[name];
  const [tracking] = blocksOf(policy.attributes, "target_tracking_scaling_policy_configuration");
  const [metric] = blocksOf(tracking ?? {}, "predefined_metric_specification");
  return (
    policy_type === "TargetTrackingScaling" &&
    isTargets(scalable_dimension, "scalable_dimension") &&
    isTargets(service_namespace, "service_namespace") &&
    graph.referencesFrom(policy, "resource_id").some((each) => "to" in each && each.to === target) &&
    metric?.predefined_metric_type === `DynamoDB${direction}CapacityUtilization` &&
    tracking?.disable_scale_in !== true &&
    Number(tracking?.target_value) === percent
  );
}
