import { plat04 } from "../../../../tap/audit/requirements/plat-04";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, jobs, jobsResource, referenceTo, remove } from "./mutations";

const table = (change: (attributes: Record<string, unknown>) => void) =>
  jobsResource("aws_dynamodb_table", undefined, change);

prove(
  plat04,
  {
    "the table has provisioned capacity": table((attributes) => {
      attributes.billing_mode = "PROVISIONED";
    }),
    "nobody says how the table is paid": table((attributes) => {
      delete attributes.billing_mode;
    }),
    "the table has capacity": table((attributes) => {
      attributes.read_capacity = 5;
    }),
    "the table takes one request at a time": table((attributes) => {
      attributes.on_demand_throughput = [{ max_read_request_units: 1, max_write_request_units: 1 }];
    }),
    "Terraform lets somebody else decide how the table is paid": table((attributes) => {
      attributes.lifecycle = { ignore_changes: ["billing_mode"] };
    }),
    "the table is scaled": jobs((stack) =>
      add(stack, "aws_appautoscaling_target", {
        resource_id: `table/${referenceTo(stack, "aws_dynamodb_table", "Table", "name")}`,
      }),
    ),
    "recovery is the other way round": table((attributes) => {
      const { enabled } = attributes.point_in_time_recovery as { enabled: boolean };
      attributes.point_in_time_recovery = { enabled: !enabled };
    }),
    "recovery is on, as a text": table((attributes) => {
      attributes.point_in_time_recovery = { enabled: "true" };
    }),
    "recovery is the other way round, in a list": table((attributes) => {
      const { enabled } = attributes.point_in_time_recovery as { enabled: boolean };
      attributes.point_in_time_recovery = [{ enabled: !enabled }];
    }),
    "recovery is said twice": table((attributes) => {
      attributes.point_in_time_recovery = [{ enabled: true }, { enabled: false }];
    }),
    "recovery reaches back a day": table((attributes) => {
      attributes.point_in_time_recovery = {
        ...(attributes.point_in_time_recovery as object),
        recovery_period_in_days: 1,
      };
    }),
    "there is no table": jobs((stack) => {
      remove(stack, "aws_dynamodb_table", "Table");
    }),
    "there are two tables": jobs((stack) =>
      add(stack, "aws_dynamodb_table", { ...resource(stack, "aws_dynamodb_table"), name: "tap-jobs-other" }),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);

prove(
  plat04,
  {
    "there is no recovery": table((attributes) => {
      delete attributes.point_in_time_recovery;
    }),
  },
  { alone: true, environments: ["prod"] },
);
