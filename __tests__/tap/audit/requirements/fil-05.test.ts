import { fil05 } from "../../../../tap/audit/requirements/fil-05";
import { prove } from "../../../support/prove";
import {
  aloneWith,
  filesPolicy,
  filesResource,
  filesSetting,
  filesWith,
  filesWithin,
  filesWithout,
} from "./files-mutations";
import { referenceTo, without } from "./mutations";

const table = "aws_dynamodb_table";
const setting = (changes: Record<string, unknown>) => filesSetting(table, undefined, changes);

prove(
  fil05,
  {
    "there is no table": filesWithout(table),
    "there is a second table": filesWith(table, { name: "tap-files-other", hash_key: "id" }),
    "the table has another name": setting({ name: "files" }),
    "the table has a capacity": setting({ billing_mode: "PROVISIONED", read_capacity: 1, write_capacity: 1 }),
    "the table doesn't say how it is paid for": setting({ billing_mode: undefined }),
    "the table can't be restored": setting({ point_in_time_recovery: { enabled: false } }),
    "nobody says whether the table can be restored": setting({ point_in_time_recovery: undefined }),
    "the table can be restored for a day": setting({
      point_in_time_recovery: { enabled: true, recovery_period_in_days: 1 },
    }),
    "a file has one item for all its versions": setting({ range_key: undefined }),
    "items are told apart by their owner": setting({ hash_key: "owner" }),
    "a version is a number": filesResource(table, undefined, ({ attribute }) => {
      for (const each of attribute as { name: string; type: string }[]) if (each.name === "version") each.type = "N";
    }),
    "files can't be found by owner": setting({ global_secondary_index: undefined }),
    "the index has another name": filesWithin(table, undefined, "global_secondary_index.0.name", "owners"),
    "the index is in no order": filesWithin(table, undefined, "global_secondary_index.0.range_key", undefined),
    "the index has keys alone": filesWithin(table, undefined, "global_secondary_index.0.projection_type", "KEYS_ONLY"),
    "there is an index more": filesResource(table, undefined, ({ global_secondary_index }) => {
      const indexes = global_secondary_index as object[];
      indexes.push({ name: "by-name", hash_key: "name", projection_type: "ALL" });
    }),
    "nothing expires": setting({ ttl: undefined }),
    "something else says when": filesWithin(table, undefined, "ttl.attribute_name", "createdAt"),
    "expiry is off": filesWithin(table, undefined, "ttl.enabled", false),
    "the table is under AWS's key": setting({ server_side_encryption: undefined }),
    "the table's key is another": filesWithin(
      table,
      undefined,
      "server_side_encryption.kms_key_arn",
      "arn:aws:kms:us-east-1:111111111111:key/other",
    ),
    "the table's key isn't used": filesWithin(table, undefined, "server_side_encryption.enabled", false),
    "the key isn't meant for the table": filesPolicy("aws_kms_key", "Key_", without("DynamoDb")),
    "changes are told to whoever listens": setting({ stream_enabled: true, stream_view_type: "NEW_IMAGE" }),
    "the table isn't protected as the environment is": filesResource(table, undefined, (attributes) => {
      attributes.deletion_protection_enabled = !attributes.deletion_protection_enabled;
    }),
    "Terraform leaves the table's settings alone": filesResource(table, undefined, (attributes) => {
      attributes.lifecycle = { ...(attributes.lifecycle as object), ignore_changes: "all" };
    }),
    "somebody else may read it": filesWith("aws_dynamodb_resource_policy", (stack) => ({
      resource_arn: referenceTo(stack, table, "Table", "arn"),
      policy: "{}",
    })),
    "its capacity is scaled": filesWith("aws_appautoscaling_target", (stack) => ({
      resource_id: `table/${referenceTo(stack, table, "Table", "name")}`,
    })),
  },
  aloneWith(["files"]),
);
