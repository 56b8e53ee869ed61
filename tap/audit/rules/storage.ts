import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, judgeResources, type Rule, unknown } from "../rule";
import { blockOf, isKept, isSwitchedOff, mustHave, shown, textOf } from "./attribute-values";
import { clusterRules } from "./storage-clusters";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const one = (type: string, attributes: Attributes) => ({
  provider,
  resource: { [type]: { Orders: { ...attributes } } },
});

/** Blocks of disks that instances and templates have, with what says whether each is encrypted. */
function disksOf({ attributes }: GraphNode): Attributes[] {
  const mapped = blocksOf(attributes, "block_device_mappings").flatMap((mapping) => blocksOf(mapping, "ebs"));
  return [...blocksOf(attributes, "root_block_device"), ...blocksOf(attributes, "ebs_block_device"), ...mapped];
}

/** A disk from a snapshot is as the snapshot is, unless it says otherwise. */
function diskProblems(node: GraphNode, graph: Graph): string[] {
  if (node.type === "aws_ebs_volume" || node.type === "aws_ebs_snapshot_copy")
    return isOn(graph, node, node.attributes.encrypted) ? [] : ["must have encrypted true"];
  const plain = disksOf(node).filter(({ encrypted }) => !isOn(graph, node, encrypted));
  const isRootOpen = node.type === "aws_instance" && blockOf(node.attributes, "root_block_device") === undefined;
  return [
    ...plain.map(
      ({ device_name }) => `must have its disk ${isSet(device_name) ? shown(device_name) : "of the root"} encrypted`,
    ),
    ...(isRootOpen ? ["must have its root_block_device encrypted"] : []),
  ];
}

/** Accounts and regions in which EC2 encrypts every new disk by itself. */
function plainDisks(graph: Graph): Finding[] {
  const placeOf = ({ accountId, region }: GraphNode) => JSON.stringify([accountId, region]);
  const encrypted = new Set(
    graph
      .ofType("aws_ebs_encryption_by_default")
      .filter((node) => !isSwitchedOff(graph, node, node.attributes.enabled))
      .map(placeOf),
  );
  return ["aws_ebs_volume", "aws_ebs_snapshot_copy", "aws_instance", "aws_launch_template", "aws_launch_configuration"]
    .flatMap((type) => graph.ofType(type))
    .filter((node) => !encrypted.has(placeOf(node)))
    .flatMap((node) => findings(node, diskProblems(node, graph)));
}

/** Mount targets in subnets that give what is in them public addresses. */
function publicMounts(node: GraphNode, graph: Graph): string[] {
  const subnet = graph.resolve(node.attributes.subnet_id, node.stack);
  if (subnet?.type !== "aws_subnet" || subnet.mode === "data") return [];
  const isOpen = subnet.attributes.map_public_ip_on_launch === true;
  return isOpen ? [`must be in a subnet without public addresses (${subnet.address} gives them)`] : [];
}

function accessPointProblems({ attributes }: GraphNode): string[] {
  const user = blockOf(attributes, "posix_user");
  const root = blockOf(attributes, "root_directory");
  const isWhole = root !== unknown && (!isSet(root?.path) || root?.path === "/");
  return [
    ...(isWhole ? ["must have a root_directory of its own"] : []),
    ...(user === undefined ? ["must have a posix_user: else clients say who they are"] : []),
  ];
}

/** What holds data, or the only way to read it. */
const holders = [
  "aws_backup_vault",
  "aws_db_instance",
  "aws_dynamodb_table",
  "aws_dynamodb_table_replica",
  "aws_efs_file_system",
  "aws_kinesis_stream",
  "aws_kms_key",
  "aws_rds_cluster",
  "aws_s3_bucket",
  "aws_secretsmanager_secret",
];

/** What may be destroyed in a stack that keeps the rest of its data. */
function unkept(graph: Graph): Finding[] {
  const all = holders.flatMap((type) => graph.ofType(type));
  const keeping = new Set(all.filter(isKept).map(({ stack }) => stack.id));
  return all
    .filter((node) => keeping.has(node.stack.id) && !isKept(node))
    .flatMap((node) => findings(node, ["must have prevent_destroy, as what else holds data in its stack has"]));
}

export const storageRules: readonly Rule[] = [
  ...clusterRules,
  {
    id: "data-kept-together",
    title: "A stack that keeps its data keeps all of it",
    severity: "high",
    why: "The bucket is kept and its key isn't: one wrong change, and what was kept can't be read.",
    fix: "Set lifecycle.prevent_destroy for keys, buckets, tables, secrets and vaults alike.",
    references: [],
    examples: { failing: kept({}), passing: kept({ lifecycle: { prevent_destroy: true } }) },
    judge: unkept,
  },
  {
    id: "ebs-encrypted",
    title: "Disks of EC2 are encrypted",
    severity: "medium",
    why: "Snapshots and copies of the disk are plain too, and each can be shared with anybody.",
    fix: "Set encrypted on each disk, or aws_ebs_encryption_by_default in the account and region.",
    references: ["FSBP EC2.3", "CKV_AWS_3", "CKV_AWS_183"],
    examples: {
      failing: one("aws_ebs_volume", { availability_zone: "us-east-1a", size: 10 }),
      passing: one("aws_ebs_volume", { availability_zone: "us-east-1a", size: 10, encrypted: true }),
    },
    judge: plainDisks,
  },
  {
    id: "ebs-encryption-by-default",
    title: "EC2 goes on encrypting new disks by itself",
    severity: "medium",
    why: "Every disk that is made without a word about it, by hand or by another service, is plain.",
    fix: "Leave out enabled, or set it to true.",
    references: ["FSBP EC2.7", "CIS AWS v3.0.0 2.2.1", "CKV_AWS_106"],
    examples: {
      failing: one("aws_ebs_encryption_by_default", { enabled: false }),
      passing: one("aws_ebs_encryption_by_default", { enabled: true }),
    },
    judge: judgeResources("aws_ebs_encryption_by_default", (node, graph) =>
      isSwitchedOff(graph, node, node.attributes.enabled) ? ["must have enabled true"] : [],
    ),
  },
  {
    id: "ec2-image-private",
    title: "Images aren't shared with everyone",
    severity: "critical",
    why: "Everyone with an AWS account starts the image, and reads the keys and the code on its disk.",
    fix: "Name accounts or the organization in aws_ami_launch_permission.",
    references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html"],
    examples: {
      failing: one("aws_ami_launch_permission", { image_id: "ami-0123456789abcdef0", group: "all" }),
      passing: one("aws_ami_launch_permission", { image_id: "ami-0123456789abcdef0", account_id: "222222222222" }),
    },
    judge: judgeResources("aws_ami_launch_permission", (node, graph) =>
      textOf(graph, node, node.attributes.group) === "all" ? ["must not be for everyone"] : [],
    ),
  },
  {
    id: "efs-encrypted",
    title: "File systems are encrypted",
    severity: "medium",
    why: "Files and backups are plain, and encryption can't be switched on later.",
    fix: "Set encrypted to true, with kms_key_id of a customer key.",
    references: ["FSBP EFS.1", "FSBP EFS.8", "CIS AWS v3.0.0 2.4.1", "CKV_AWS_42"],
    examples: { failing: one("aws_efs_file_system", {}), passing: one("aws_efs_file_system", { encrypted: true }) },
    judge: judgeResources("aws_efs_file_system", mustHave("encrypted")),
  },
  {
    id: "efs-access-point-limited",
    title: "Access points of file systems say what and who",
    severity: "medium",
    why: "Whoever mounts it sees the whole file system, as whichever user it says that it is.",
    fix: "Set root_directory.path and posix_user of the access point.",
    references: ["FSBP EFS.3", "FSBP EFS.4", "CKV_AWS_329", "CKV_AWS_330"],
    examples: {
      failing: one("aws_efs_access_point", { file_system_id: "${aws_efs_file_system.Orders.id}" }),
      passing: one("aws_efs_access_point", {
        file_system_id: "${aws_efs_file_system.Orders.id}",
        posix_user: { uid: 1000, gid: 1000 },
        root_directory: { path: "/orders" },
      }),
    },
    judge: judgeResources("aws_efs_access_point", accessPointProblems),
  },
  {
    id: "efs-mount-target-private",
    title: "File systems are mounted in private subnets",
    severity: "medium",
    why: "What is in such a subnet has an address on the internet: one more way to the files.",
    fix: "Put mount targets into subnets with map_public_ip_on_launch false.",
    references: ["FSBP EFS.6"],
    examples: { failing: mounted(true), passing: mounted(false) },
    judge: judgeResources("aws_efs_mount_target", publicMounts),
  },
];

function kept(key: Attributes) {
  const lifecycle = { prevent_destroy: true };
  return {
    resource: {
      aws_s3_bucket: { Orders: { bucket: "example-orders", lifecycle } },
      aws_kms_key: { Orders: { ...key } },
    },
  };
}

function mounted(map_public_ip_on_launch: boolean) {
  return {
    resource: {
      aws_subnet: { One: { cidr_block: "10.0.0.0/24", vpc_id: "${aws_vpc.Vpc.id}", map_public_ip_on_launch } },
      aws_efs_mount_target: { One: { file_system_id: "fs-0123456789abcdef0", subnet_id: "${aws_subnet.One.id}" } },
    },
  };
}
