import { rec03 } from "../../../../tap/audit/requirements/rec-03";
import { prove } from "../../../support/prove";
import { records, recordsResource, remove } from "./mutations";

const table = (change: (attributes: Record<string, unknown>) => void) =>
  recordsResource("aws_dynamodb_table", "Table", change);

prove(
  rec03,
  {
    "the table is on demand": table((attributes) => {
      attributes.billing_mode = "PAY_PER_REQUEST";
    }),
    "there is no recovery": table((attributes) => {
      delete attributes.point_in_time_recovery;
    }),
    "recovery is off": table((attributes) => {
      attributes.point_in_time_recovery = { enabled: false };
    }),
    "Terraform resets the capacity": table((attributes) => {
      attributes.lifecycle = { ignore_changes: ["read_capacity"] };
    }),
    ...Object.fromEntries(
      ["Read", "Write"].flatMap((direction) => [
        [
          `the ${direction} capacity is not scaled`,
          records((stack) => {
            remove(stack, "aws_appautoscaling_target", direction);
          }),
        ],
        [
          `the ${direction} capacity has no policy`,
          records((stack) => {
            remove(stack, "aws_appautoscaling_policy", direction);
          }),
        ],
        [
          `the ${direction} capacity has no range`,
          recordsResource("aws_appautoscaling_target", direction, (target) => {
            target.max_capacity = target.min_capacity;
          }),
        ],
        [
          `the ${direction} capacity is another table's`,
          recordsResource("aws_appautoscaling_target", direction, (target) => {
            target.resource_id = "table/tap-jobs-dev-us-east-1";
          }),
        ],
        [
          `the ${direction} capacity follows another metric`,
          recordsResource("aws_appautoscaling_policy", direction, (policy) => {
            policy.target_tracking_scaling_policy_configuration = {
              target_value: 70,
              predefined_metric_specification: { predefined_metric_type: "ECSServiceAverageCPUUtilization" },
            };
          }),
        ],
        [
          `the ${direction} capacity is an index's`,
          recordsResource("aws_appautoscaling_target", direction, (target) => {
            target.resource_id = `${target.resource_id}/index/x`;
          }),
        ],
        [
          `the ${direction} capacity is to be used ten thousand percent`,
          recordsResource("aws_appautoscaling_policy", direction, (policy) => {
            policy.target_tracking_scaling_policy_configuration = {
              ...(policy.target_tracking_scaling_policy_configuration as object),
              target_value: 10_000,
            };
          }),
        ],
        [
          `the ${direction} capacity is never given back`,
          recordsResource("aws_appautoscaling_policy", direction, (policy) => {
            policy.target_tracking_scaling_policy_configuration = {
              ...(policy.target_tracking_scaling_policy_configuration as object),
              disable_scale_in: true,
            };
          }),
        ],
        [
          `the ${direction} capacity's policy is of another dimension`,
          recordsResource("aws_appautoscaling_policy", direction, (policy) => {
            policy.scalable_dimension = "ecs:service:DesiredCount";
          }),
        ],
        [
          `the ${direction} capacity scales by steps`,
          recordsResource("aws_appautoscaling_policy", direction, (policy) => {
            policy.policy_type = "StepScaling";
          }),
        ],
      ]),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
