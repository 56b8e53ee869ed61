import { createHash } from "node:crypto";
import type { GraphNode } from "../../graph/model";
import type { Computed } from "./resource-type";

/** A type that isn't made in an emulator. */
export interface NotCreated {
  readonly reason: string;
  /** Ids that others refer to, made up, with what they begin with: `id` as `vpc-…`. */
  readonly standIns?: Readonly<Record<string, string>>;
}

const network = "functions run in this machine's network; nothing of a VPC holds them back";
const webAcl = "the emulator asks no web ACL before a request";
const backups = "the emulator backs nothing up";
const scaling = "the emulator neither limits capacity nor scales it";

/** Every type that isn't made, with the reason: `tap local up` says so. A type that is nowhere is an error. */
export const notCreatedTypes: Readonly<Record<string, NotCreated>> = {
  aws_appautoscaling_policy: { reason: scaling },
  aws_appautoscaling_target: { reason: scaling },
  aws_backup_plan: { reason: backups, standIns: { id: "" } },
  aws_backup_region_settings: { reason: backups },
  aws_backup_selection: { reason: backups },
  aws_backup_vault: { reason: backups },
  aws_backup_vault_lock_configuration: { reason: backups },
  aws_cloudwatch_query_definition: { reason: "the emulator saves no queries of Logs Insights" },
  aws_cloudtrail: { reason: "the emulator's own trail writes nothing to buckets" },
  aws_default_security_group: { reason: network, standIns: { id: "sg-" } },
  aws_dynamodb_table_replica: { reason: "the emulator replicates no table; regions are linked by the functions alone" },
  aws_flow_log: { reason: network, standIns: { id: "fl-" } },
  aws_route_table: { reason: network, standIns: { id: "rtb-" } },
  aws_route_table_association: { reason: network, standIns: { id: "rtbassoc-" } },
  aws_s3_bucket_replication_configuration: { reason: "the emulator replicates no objects" },
  aws_security_group: { reason: network, standIns: { id: "sg-" } },
  aws_subnet: { reason: network, standIns: { id: "subnet-" } },
  aws_vpc: { reason: network, standIns: { id: "vpc-" } },
  aws_vpc_endpoint: { reason: network, standIns: { id: "vpce-", prefix_list_id: "pl-" } },
  aws_vpc_security_group_egress_rule: { reason: network, standIns: { id: "sgr-" } },
  aws_vpc_security_group_ingress_rule: { reason: network, standIns: { id: "sgr-" } },
  aws_wafv2_web_acl: { reason: webAcl, standIns: { id: "" } },
  aws_wafv2_web_acl_association: { reason: webAcl },
  aws_wafv2_web_acl_logging_configuration: { reason: webAcl },
};

/** What others refer to of a resource that isn't made: the same in every run. */
export function standIns({ type, id, arn }: GraphNode): Computed {
  const digits = createHash("sha256").update(id).digest("hex").slice(0, 17);
  const ids = Object.entries(notCreatedTypes[type]?.standIns ?? {}).map(([name, prefix]) => [
    name,
    `${prefix}${digits}`,
  ]);
  return { arn: arn ?? `arn:aws:local:::${type}/${digits}`, ...Object.fromEntries(ids) };
}
