import type { GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { jobsParts } from "../jobs";
import { expectThat, judgeEach, nodesIn, type Requirement, sameJson } from "../requirement";

export const plat04: Requirement = {
  id: "PLAT-04",
  checks:
    "The jobs have one table, on demand, without capacity, limits or scaling of its own; it has point-in-time recovery over 35 days in prod, and none elsewhere.",
  why: "Provisioned capacity is paid for while nobody works and refuses jobs when all do; prod's jobs are the ones that somebody wants back.",
  judge: (subject) =>
    judgeEach(subject, "jobs", (stack, { name }) => {
      const { table } = jobsParts(subject.graph, stack);
      if (table === undefined) return [{ stack: stack.id, message: "must have one table" }];
      const scaling = ["aws_appautoscaling_target", "aws_dynamodb_global_secondary_index"]
        .flatMap((type) => nodesIn(subject.graph, stack, type))
        .map(({ address }) => address);
      const recovers = name === "prod";
      return [
        ...expectThat(isOnDemand(table), stack, "must be on demand, and nothing more", table.address),
        ...expectThat(scaling.length === 0, stack, `must not be scaled by ${scaling.join(", ")}`, table.address),
        ...expectThat(
          recovers ? hasRecovery(table) : hasNoRecovery(table),
          stack,
          recovers
            ? "must have point-in-time recovery over 35 days"
            : "must have no point-in-time recovery outside prod",
          table.address,
        ),
      ];
    }),
};

function isOnDemand({ attributes }: GraphNode): boolean {
  const { billing_mode, read_capacity, write_capacity, on_demand_throughput, lifecycle } = attributes;
  const { ignore_changes } = (lifecycle ?? {}) as { ignore_changes?: unknown };
  return (
    billing_mode === "PAY_PER_REQUEST" &&
    [read_capacity, write_capacity, on_demand_throughput].every((value) => value === undefined) &&
    // A replica is a resource of its own (PLAT-14).
    [ignore_changes ?? []].flat().every((name) => name === "replica")
  );
}

function hasRecovery({ attributes }: GraphNode): boolean {
  const [recovery, ...others] = blocksOf(attributes, "point_in_time_recovery");
  const { enabled, recovery_period_in_days: days = 35 } = recovery ?? {};
  return others.length === 0 && enabled === true && days === 35;
}

function hasNoRecovery({ attributes }: GraphNode): boolean {
  const blocks = blocksOf(attributes, "point_in_time_recovery");
  return blocks.length === 0 || sameJson(blocks, [{ enabled: false }]);
}
