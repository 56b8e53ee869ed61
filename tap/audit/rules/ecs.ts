import { parseJsonText } from "../../graph/json-text";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, isObject, type TerraformJson } from "../../graph/terraform-json";
import { isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { secretIn } from "../sensitive-text";
import { blockOf, textOf } from "./attribute-values";
import { ecrRules } from "./ecr";
import { provider } from "./lambda-example";

const taskType = "aws_ecs_task_definition";

function task(container: object = {}, attributes: object = {}): TerraformJson {
  const web = {
    name: "web",
    image: "111111111111.dkr.ecr.us-east-1.amazonaws.com/web:1",
    essential: true,
    ...container,
  };
  return {
    provider,
    resource: {
      aws_ecs_task_definition: {
        Web: { family: "web", container_definitions: JSON.stringify([web]), ...attributes },
      },
    },
  };
}

/** Containers of a task, where the configuration has them: many are made by jsonencode. */
function containersOf({ attributes }: GraphNode): { readonly name: string; readonly container: Attributes }[] {
  const { container_definitions } = attributes;
  const list = typeof container_definitions === "string" ? parseJsonText(container_definitions) : container_definitions;
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((container) => ({ name: String(container.name ?? "without a name"), container }));
}

function judgeContainers(problemOf: (container: Attributes) => string | readonly string[] | undefined): Rule["judge"] {
  return judgeResources(taskType, (node) =>
    containersOf(node).flatMap(({ name, container }) =>
      [problemOf(container) ?? []].flat().map((problem) => `${problem} in its container ${name}`),
    ),
  );
}

/** On in JSON, or made by an expression. */
function isTrue(value: unknown): boolean {
  return value === true || value === "true" || (typeof value === "string" && value.includes("${"));
}

const service = (attributes: object, settings: object): TerraformJson => ({
  provider,
  resource: {
    aws_ecs_service: {
      Web: {
        name: "web",
        launch_type: "FARGATE",
        network_configuration: { subnets: ["subnet-1"], ...settings },
        ...attributes,
      },
    },
  },
});

const cluster = (attributes: object): TerraformJson => ({
  provider,
  resource: { aws_ecs_cluster: { Main: { name: "main", ...attributes } } },
});

function roleOf(graph: Graph, node: GraphNode, value: unknown): string | undefined {
  return graph.resolve(value, node.stack)?.id ?? textOf(graph, node, value);
}

const clusterRules: readonly Rule[] = [
  {
    id: "ecs-public-address",
    title: "Services have no public addresses",
    severity: "high",
    why: "The internet reaches the containers themselves, past any load balancer or firewall.",
    fix: "Set network_configuration.assign_public_ip = false.",
    references: ["FSBP ECS.2", "CKV_AWS_333"],
    examples: { failing: service({}, { assign_public_ip: true }), passing: service({}, { assign_public_ip: false }) },
    judge: judgeResources(["aws_ecs_service", "aws_ecs_task_set"], (node, graph) =>
      blocksOf(node.attributes, "network_configuration").flatMap(({ assign_public_ip }) => {
        const known = knownValue(graph, node, assign_public_ip);
        return known === true || known === "true" ? ["must have network_configuration.assign_public_ip off"] : [];
      }),
    ),
  },
  {
    id: "ecs-platform-version",
    title: "Fargate services run on the newest platform",
    severity: "medium",
    why: "An older platform version gets no more patches of its kernel and runtime.",
    fix: 'Leave platform_version out, or set it to "LATEST".',
    references: ["FSBP ECS.10", "CKV_AWS_332"],
    examples: {
      failing: service({ platform_version: "1.3.0" }, {}),
      passing: service({ platform_version: "LATEST" }, {}),
    },
    judge: judgeResources("aws_ecs_service", (node, graph) => {
      const version = textOf(graph, node, node.attributes.platform_version);
      return version === undefined || version === "LATEST" || version === ""
        ? []
        : [`must have platform_version LATEST (it has ${version})`];
    }),
  },
  {
    id: "ecs-container-insights",
    title: "Clusters are measured by container",
    severity: "low",
    why: "Without Container Insights nobody sees which task runs out of memory, or restarts all the time.",
    fix: 'Set setting { name = "containerInsights", value = "enabled" }.',
    references: ["FSBP ECS.12", "CKV_AWS_65"],
    examples: {
      failing: cluster({}),
      passing: cluster({ setting: { name: "containerInsights", value: "enhanced" } }),
    },
    judge: judgeResources("aws_ecs_cluster", (node, graph) => {
      const setting = blockOf(node.attributes, "setting");
      const insights = blocksOf(node.attributes, "setting").find(({ name }) => name === "containerInsights");
      const value = setting === unknown ? unknown : knownValue(graph, node, insights?.value);
      return value === unknown || value === "enabled" || value === "enhanced"
        ? []
        : ["must have the setting containerInsights on"];
    }),
  },
  {
    id: "ecs-exec-logging",
    title: "What people type in containers is logged",
    severity: "medium",
    why: "Whoever gets into a container leaves no trace of what was done there.",
    fix: 'Set configuration.execute_command_configuration.logging to "OVERRIDE" with a log group, or leave it at "DEFAULT".',
    references: ["CKV_AWS_223"],
    examples: {
      failing: cluster({ configuration: { execute_command_configuration: { logging: "NONE" } } }),
      passing: cluster({ configuration: { execute_command_configuration: { logging: "DEFAULT" } } }),
    },
    judge: judgeResources("aws_ecs_cluster", (node, graph) =>
      blocksOf(node.attributes, "configuration")
        .flatMap((configuration) => blocksOf(configuration, "execute_command_configuration"))
        .flatMap(({ logging }) =>
          knownValue(graph, node, logging) === "NONE"
            ? ["must log what is executed: configuration.execute_command_configuration.logging is NONE"]
            : [],
        ),
    ),
  },
];

const taskRules: readonly Rule[] = [
  {
    id: "ecs-privileged",
    title: "Containers have no rights on their host",
    severity: "high",
    why: "Who gets into a privileged container is root on the host, and in every other container there.",
    fix: "Leave privileged out, and add single capabilities where they are needed.",
    references: ["FSBP ECS.4", "CKV_AWS_334"],
    examples: { failing: task({ privileged: true }), passing: task({ privileged: false }) },
    judge: judgeContainers(({ privileged }) =>
      privileged === true || privileged === "true" ? "must have privileged off" : undefined,
    ),
  },
  {
    id: "ecs-secrets",
    title: "Environment variables of containers hold no secrets",
    severity: "critical",
    why: "Everybody who may describe the task definition reads them, and they stay in all of its old revisions.",
    fix: "Pass them by secrets, with the ARN of a secret or a parameter.",
    references: ["FSBP ECS.8"],
    examples: {
      failing: task({ environment: [{ name: "DB_PASSWORD", value: "correct-horse-9-battery" }] }),
      passing: task({
        secrets: [{ name: "DB_PASSWORD", valueFrom: "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf" }],
      }),
    },
    judge: judgeContainers((container) =>
      blocksOf(container, "environment").flatMap(({ name, value }) => {
        const what = typeof value === "string" ? secretIn(String(name), value) : undefined;
        return what === undefined ? [] : [`must hold no secret in ${String(name)} (${what})`];
      }),
    ),
  },
  {
    id: "ecs-logs",
    title: "Containers write their logs somewhere",
    severity: "medium",
    why: "What a container writes is gone when it stops, with the reason why it did.",
    fix: "Set logConfiguration with a logDriver, as awslogs.",
    references: ["FSBP ECS.9"],
    examples: { failing: task(), passing: task({ logConfiguration: { logDriver: "awslogs" } }) },
    judge: judgeContainers(({ logConfiguration }) =>
      isObject(logConfiguration) && isSet(logConfiguration.logDriver) ? undefined : "must have a logConfiguration",
    ),
  },
  {
    id: "ecs-readonly-root",
    title: "Containers can't change their own files",
    severity: "medium",
    why: "Who gets into the container can replace its programs, and stays.",
    fix: "Set readonlyRootFilesystem = true, and mount volumes for what is written.",
    references: ["FSBP ECS.5", "CKV_AWS_336"],
    examples: { failing: task(), passing: task({ readonlyRootFilesystem: true }) },
    judge: judgeContainers(({ readonlyRootFilesystem }) =>
      isTrue(readonlyRootFilesystem) ? undefined : "must have readonlyRootFilesystem on",
    ),
  },
  {
    id: "ecs-host-namespaces",
    title: "Tasks see no processes of their host",
    severity: "high",
    why: "A container in the host's process namespace sees, and can stop, everything that runs there.",
    fix: 'Leave pid_mode and ipc_mode out, or set them to "task".',
    references: ["FSBP ECS.3", "CKV_AWS_335"],
    examples: { failing: task({}, { pid_mode: "host" }), passing: task({}, { pid_mode: "task" }) },
    judge: judgeResources(taskType, (node, graph) =>
      ["pid_mode", "ipc_mode"]
        .filter((name) => knownValue(graph, node, node.attributes[name]) === "host")
        .map((name) => `must have ${name} other than host`),
    ),
  },
  {
    id: "ecs-host-network-user",
    title: "On its host's network, no container is root",
    severity: "high",
    why: "Root on the host's network reads what all other containers send, and their credentials.",
    fix: 'Set network_mode = "awsvpc", or user in each container.',
    references: ["FSBP ECS.1"],
    examples: {
      failing: task({}, { network_mode: "host" }),
      passing: task({ user: "1000" }, { network_mode: "host" }),
    },
    judge: judgeResources(taskType, (node, graph) =>
      knownValue(graph, node, node.attributes.network_mode) === "host"
        ? containersOf(node)
            .filter(({ container }) => /^(root|0)?(:.*)?$/.test(String(container.user ?? "")))
            .map(({ name }) => `must have a user other than root in its container ${name}: it has its host's network`)
        : [],
    ),
  },
  {
    id: "ecs-roles-apart",
    title: "Containers don't work in the role that starts them",
    severity: "medium",
    why: "The code gets the rights of the agent: it reads all secrets of the task, and every image.",
    fix: "Set task_role_arn to a role of its own, other than execution_role_arn.",
    references: ["CKV_AWS_249"],
    examples: {
      failing: task(
        {},
        {
          task_role_arn: "arn:aws:iam::111111111111:role/web",
          execution_role_arn: "arn:aws:iam::111111111111:role/web",
        },
      ),
      passing: task(
        {},
        {
          task_role_arn: "arn:aws:iam::111111111111:role/web",
          execution_role_arn: "arn:aws:iam::111111111111:role/start-web",
        },
      ),
    },
    judge: judgeResources(taskType, (node, graph) => {
      const { task_role_arn, execution_role_arn } = node.attributes;
      const own = roleOf(graph, node, task_role_arn);
      return own !== undefined && own !== "" && own === roleOf(graph, node, execution_role_arn)
        ? ["must have a task_role_arn other than its execution_role_arn"]
        : [];
    }),
  },
  {
    id: "ecs-execution-role",
    title: "Tasks that log or read secrets have a role to do it with",
    severity: "high",
    why: "Without it the agent may neither read the secrets nor write the logs: the task never starts.",
    fix: "Set execution_role_arn.",
    references: ["https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"],
    examples: {
      failing: task({
        secrets: [{ name: "DB_PASSWORD", valueFrom: "arn:aws:ssm:us-east-1:111111111111:parameter/db" }],
      }),
      passing: task(
        { secrets: [{ name: "DB_PASSWORD", valueFrom: "arn:aws:ssm:us-east-1:111111111111:parameter/db" }] },
        { execution_role_arn: "arn:aws:iam::111111111111:role/start-web" },
      ),
    },
    judge: judgeResources(taskType, (node) => {
      const { execution_role_arn, requires_compatibilities } = node.attributes;
      const isFargate = [requires_compatibilities ?? []].flat().includes("FARGATE");
      const needs = containersOf(node).some(({ container }) => {
        const logs = isObject(container.logConfiguration) && container.logConfiguration.logDriver === "awslogs";
        return blocksOf(container, "secrets").length > 0 || (isFargate && logs);
      });
      return needs && !isSet(execution_role_arn)
        ? ["must have execution_role_arn set: its containers have secrets or logs"]
        : [];
    }),
  },
  {
    id: "ecs-volume-tls",
    title: "Tasks mount file systems over TLS",
    severity: "medium",
    why: "Files cross the network as they are.",
    fix: 'Set volume.efs_volume_configuration.transit_encryption = "ENABLED".',
    references: ["CKV_AWS_97"],
    examples: {
      failing: task({}, { volume: { name: "files", efs_volume_configuration: { file_system_id: "fs-1" } } }),
      passing: task(
        {},
        {
          volume: {
            name: "files",
            efs_volume_configuration: { file_system_id: "fs-1", transit_encryption: "ENABLED" },
          },
        },
      ),
    },
    judge: judgeResources(taskType, (node, graph) =>
      blocksOf(node.attributes, "volume").flatMap((volume) =>
        blocksOf(volume, "efs_volume_configuration").flatMap(({ transit_encryption }) => {
          const value = knownValue(graph, node, transit_encryption);
          return value === "ENABLED" || value === unknown
            ? []
            : [`must have transit_encryption ENABLED in its volume ${String(volume.name)}`];
        }),
      ),
    ),
  },
];

/** ECS: tasks, services, clusters, and the repositories of their images. */
export const ecsRules: readonly Rule[] = [...taskRules, ...clusterRules, ...ecrRules];
