import type { Graph, GraphNode } from "../../graph/model";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement, sameJson } from "../requirement";
import type { StackJson } from "../stack-json";

export const rec03: Requirement = {
  id: "REC-03",
  checks:
    "The table has provisioned capacity, scaled by target tracking in both directions and otherwise left alone by Terraform, and point-in-time recovery.",
  why: "Capacity that an apply resets to its minimum refuses writes in the middle of the day.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack) => {
      const [table, ...others] = nodesIn(subject.graph, stack, "aws_dynamodb_table");
      if (table === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one table" }];
      const { billing_mode, point_in_time_recovery, lifecycle } = table.attributes;
      const ignored = (lifecycle as { ignore_changes?: unknown } | undefined)?.ignore_changes;
      return [
        ...expectThat(billing_mode === "PROVISIONED", stack, "has no provisioned capacity", table.address),
        ...expectThat(
          sameJson(point_in_time_recovery, { enabled: true }),
          stack,
          "has no point-in-time recovery",
          table.address,
        ),
        ...expectThat(
          sameJson(ignored, ["read_capacity", "write_capacity"]),
          stack,
          "must leave its capacity to auto scaling",
          table.address,
        ),
        ...scaling(subject.graph, stack, table, "Read"),
        ...scaling(subject.graph, stack, table, "Write"),
      ];
    }),
};

function scaling(graph: Graph, stack: StackJson, table: GraphNode, direction: "Read" | "Write"): Finding[] {
  const dimension = `dynamodb:table:${direction}CapacityUnits`;
  const targets = nodesIn(graph, stack, "aws_appautoscaling_target").filter(
    (target) =>
      target.attributes.scalable_dimension === dimension &&
      graph.referencesFrom(target, "resource_id").some((each) => "to" in each && each.to === table),
  );
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    return [{ stack: stack.id, address: table.address, message: `must be scaled once by ${dimension}` }];
  const { min_capacity, max_capacity } = target.attributes;
  const policies = nodesIn(graph, stack, "aws_appautoscaling_policy").filter((policy) =>
    graph.referencesFrom(policy, "resource_id").some((each) => "to" in each && each.to === target),
  );
  const tracks = policies.some(
    ({ attributes }) =>
      attributes.policy_type === "TargetTrackingScaling" &&
      JSON.stringify(attributes.target_tracking_scaling_policy_configuration ?? "").includes(
        `"DynamoDB${direction}CapacityUtilization"`,
      ),
  );
  return [
    ...expectThat(
      Number(min_capacity) >= 1 && Number(max_capacity) > Number(min_capacity),
      stack,
      `scales between ${min_capacity} and ${max_capacity}, which is no range`,
      target.address,
    ),
    ...expectThat(tracks, stack, `has no policy that follows the use of its ${dimension}`, target.address),
  ];
}
