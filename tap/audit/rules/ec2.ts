import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, type TerraformJson } from "../../graph/terraform-json";
import { findings, isOn, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { secretIn } from "../sensitive-text";
import { blockOf, textOf } from "./attribute-values";
import { numberOf } from "./invoked";
import { provider } from "./lambda-example";

const machineTypes = ["aws_instance", "aws_launch_template", "aws_launch_configuration"] as const;

function instance(attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_instance: { Server: { ami: "ami-12345678", instance_type: "t4g.small", ...attributes } },
      ...others,
    },
  };
}

/** Whether what isn't set on an instance comes from its launch template. */
function isFromTemplate({ type, attributes }: GraphNode): boolean {
  return type === "aws_instance" && blocksOf(attributes, "launch_template").length > 0;
}

/** Disks that a machine starts with, by the block that has them. */
function disksOf({ type, attributes }: GraphNode): { readonly name: string; readonly disk: Attributes }[] {
  if (type === "aws_launch_template")
    return blocksOf(attributes, "block_device_mappings").flatMap((mapping) =>
      blocksOf(mapping, "ebs").map((disk) => ({
        name: `block_device_mappings ${String(mapping.device_name ?? "")}`,
        disk,
      })),
    );
  return ["root_block_device", "ebs_block_device"].flatMap((name) =>
    blocksOf(attributes, name).map((disk) => ({ name, disk })),
  );
}

/** Whether all new disks of an account and region are encrypted. */
function isEncryptedByDefault(graph: Graph, node: GraphNode): boolean {
  return graph
    .ofType("aws_ebs_encryption_by_default")
    .some(
      (each) =>
        each.region === node.region &&
        each.accountId === node.accountId &&
        isOn(graph, each, each.attributes.enabled ?? true),
    );
}

/** EC2: instances, what they are started from, and disks. */
export const ec2Rules: readonly Rule[] = [
  {
    id: "ec2-imdsv2",
    title: "Instances give their credentials to sessions alone",
    severity: "high",
    why: "Through the first version of the metadata service, one forged request of the server's own code reads the role's credentials.",
    fix: 'Set metadata_options { http_tokens = "required" }.',
    references: ["FSBP EC2.8", "FSBP EC2.170", "CKV_AWS_79"],
    examples: { failing: instance(), passing: instance({ metadata_options: { http_tokens: "required" } }) },
    judge: judgeResources(machineTypes, (node, graph) => {
      const options = blockOf(node.attributes, "metadata_options");
      if (options === unknown || (options === undefined && isFromTemplate(node))) return [];
      const tokens = knownValue(graph, node, options?.http_tokens);
      const isOff = knownValue(graph, node, options?.http_endpoint) === "disabled";
      return isOff || tokens === unknown || tokens === "required"
        ? []
        : ["must have metadata_options.http_tokens required"];
    }),
  },
  {
    id: "ec2-imds-hops",
    title: "Credentials of an instance don't leave it",
    severity: "medium",
    why: "With more than one hop every container on the instance gets the instance's own credentials.",
    fix: "Set metadata_options { http_put_response_hop_limit = 1 }.",
    references: ["CKV_AWS_341"],
    examples: {
      failing: instance({ metadata_options: { http_tokens: "required", http_put_response_hop_limit: 3 } }),
      passing: instance({ metadata_options: { http_tokens: "required", http_put_response_hop_limit: 1 } }),
    },
    judge: judgeResources(machineTypes, (node, graph) =>
      blocksOf(node.attributes, "metadata_options").flatMap(({ http_put_response_hop_limit }) => {
        const hops = numberOf(graph, node, http_put_response_hop_limit, 1) ?? 1;
        return hops > 1 ? [`must have metadata_options.http_put_response_hop_limit 1 (it has ${hops})`] : [];
      }),
    ),
  },
  {
    id: "ec2-public-address",
    title: "Instances have no public address",
    severity: "high",
    why: "The internet reaches the instance itself, and one wide security group is all that it takes to get in.",
    fix: "Set associate_public_ip_address = false, and put a load balancer or Session Manager in front.",
    references: ["FSBP EC2.9", "FSBP EC2.25", "CKV_AWS_88"],
    examples: {
      failing: instance({ associate_public_ip_address: true }),
      passing: instance({ associate_public_ip_address: false }),
    },
    judge: judgeResources(machineTypes, (node, graph) => {
      const own = [node.attributes, ...blocksOf(node.attributes, "network_interfaces")];
      const isPublic = own.some(({ associate_public_ip_address }) => {
        const known = knownValue(graph, node, associate_public_ip_address);
        return known === true || known === "true";
      });
      return isPublic ? ["must have associate_public_ip_address off"] : [];
    }),
  },
  {
    id: "ec2-disk-encryption",
    title: "Disks of instances are encrypted",
    severity: "high",
    why: "Snapshots and disks that are given back can be read by whoever gets at them.",
    fix: "Set encrypted = true, or aws_ebs_encryption_by_default for the account and region.",
    references: ["FSBP EC2.3", "FSBP EC2.181", "CKV_AWS_3", "CKV_AWS_8"],
    examples: {
      failing: instance({ root_block_device: { volume_size: 20 } }),
      passing: instance({ root_block_device: { volume_size: 20, encrypted: true } }),
    },
    judge: judgeResources([...machineTypes, "aws_ebs_volume"], (node, graph) => {
      if (isEncryptedByDefault(graph, node)) return [];
      if (node.type === "aws_ebs_volume")
        return isOn(graph, node, node.attributes.encrypted) ? [] : ["must have encrypted on"];
      const disks = disksOf(node);
      const open = disks.filter(({ disk }) => !isSet(disk.snapshot_id) && !isOn(graph, node, disk.encrypted));
      // What a launch template doesn't say, the image does.
      const lacksRoot =
        node.type === "aws_instance" &&
        !isFromTemplate(node) &&
        blockOf(node.attributes, "root_block_device") === undefined;
      return [
        ...open.map(({ name }) => `must have encrypted on in ${name.trim()}`),
        ...(lacksRoot ? ["must have a root_block_device with encrypted on"] : []),
      ];
    }),
  },
  {
    id: "ec2-snapshot-encryption",
    title: "Copies of snapshots are encrypted",
    severity: "high",
    why: "A copy without encryption can be shared with anybody, and read.",
    fix: "Set encrypted = true and kms_key_id on aws_ebs_snapshot_copy.",
    references: ["CKV_AWS_183"],
    examples: {
      failing: {
        resource: { aws_ebs_snapshot_copy: { Copy: { source_snapshot_id: "snap-1", source_region: "us-west-2" } } },
      },
      passing: {
        resource: {
          aws_ebs_snapshot_copy: {
            Copy: { source_snapshot_id: "snap-1", source_region: "us-west-2", encrypted: true },
          },
        },
      },
    },
    judge: judgeResources("aws_ebs_snapshot_copy", (node, graph) =>
      isOn(graph, node, node.attributes.encrypted) ? [] : ["must have encrypted on"],
    ),
  },
  {
    id: "ec2-monitoring",
    title: "Instances are measured each minute",
    severity: "low",
    why: "With a figure each five minutes, an alarm goes up when the trouble is over.",
    fix: "Set monitoring = true.",
    references: ["CKV_AWS_126"],
    examples: { failing: instance(), passing: instance({ monitoring: true }) },
    judge: judgeResources(machineTypes, (node, graph) => {
      const { monitoring, enable_monitoring } = node.attributes;
      if (isFromTemplate(node) && !isSet(monitoring)) return [];
      // Launch configurations have it on where nothing is said.
      if (node.type === "aws_launch_configuration")
        return isOn(graph, node, enable_monitoring ?? true) ? [] : ["must have enable_monitoring on"];
      const block = node.type === "aws_launch_template" ? blockOf(node.attributes, "monitoring") : undefined;
      const given = node.type === "aws_launch_template" ? (block === unknown ? true : block?.enabled) : monitoring;
      return isOn(graph, node, given) ? [] : ["must have monitoring on"];
    }),
  },
  {
    id: "ec2-user-data-secrets",
    title: "What instances start with holds no secrets",
    severity: "critical",
    why: "Everybody who may describe the instance, and every process on it, reads its user data.",
    fix: "Have the instance read the secret from Secrets Manager, by its role.",
    references: ["CKV_AWS_46", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"],
    examples: {
      failing: instance({ user_data: "#!/bin/sh\nexport DB_PASSWORD=correct-horse-9-battery\n" }),
      passing: instance({ user_data: "#!/bin/sh\nexport DB_SECRET_NAME=orders/database\n" }),
    },
    judge: judgeResources(machineTypes, (node, graph) => {
      const { user_data, user_data_base64 } = node.attributes;
      const plain = textOf(graph, node, user_data);
      const encoded = textOf(graph, node, user_data_base64);
      const texts = [
        ...(plain === undefined ? [] : [/^[A-Za-z0-9+/=\s]{24,}$/.test(plain) ? decoded(plain) : plain]),
        ...(encoded === undefined ? [] : [decoded(encoded)]),
      ];
      return texts.flatMap(secretsInScript).map((what) => `must hold no secret in its user data: it holds ${what}`);
    }),
  },
  {
    id: "ec2-instance-profile",
    title: "Instances work under a role",
    severity: "low",
    why: "Without a role, people put access keys onto the instance, which never end.",
    fix: "Set iam_instance_profile.",
    references: ["CKV2_AWS_41"],
    examples: { failing: instance(), passing: instance({ iam_instance_profile: "server" }) },
    judge: judgeResources("aws_instance", (node) =>
      isSet(node.attributes.iam_instance_profile) || isFromTemplate(node) ? [] : ["must have an iam_instance_profile"],
    ),
  },
  {
    id: "ec2-encryption-default",
    title: "Encryption of new disks isn't switched off",
    severity: "high",
    why: "Whoever makes a disk by hand, or from an image, gets one that anybody with a snapshot reads.",
    fix: "Leave enabled out of aws_ebs_encryption_by_default, or set it to true.",
    references: ["FSBP EC2.7", "CKV_AWS_106"],
    examples: {
      failing: { provider, resource: { aws_ebs_encryption_by_default: { Default: { enabled: false } } } },
      passing: { provider, resource: { aws_ebs_encryption_by_default: { Default: { enabled: true } } } },
    },
    judge: (graph) =>
      graph
        .ofType("aws_ebs_encryption_by_default")
        .filter((node) => !isOn(graph, node, node.attributes.enabled ?? true))
        .flatMap((node) => findings(node, ["must have enabled on"])),
  },
];

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

/** Longest line of a script that is looked at: beyond it are files that are packed in. */
const longestLine = 2_000;

/** Kinds of secrets in a script, by the names that they are given to. */
function secretsInScript(script: string): string[] {
  const found = script.split("\n").flatMap((line) => {
    const [, name = "", value = line] =
      /([\w-]{2,100})\s*[=:]\s*["']?([^"'\s]+)/.exec(line.slice(0, longestLine)) ?? [];
    return secretIn(name, value) ?? [];
  });
  return [...new Set(found)];
}
