import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { aliasOf } from "../functions";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import { type Right, rightsProblems, roleOf, rolesAllowed, throughService } from "../rights";
import type { StackJson } from "../stack-json";
import { streamFunctions, streamParts } from "../stream";

const service = "secretsmanager";

/** What each function does with the secret, and with its key: who signs and who checks reads it, one makes it. */
const reading = { actions: ["secretsmanager:GetSecretValue"], keyActions: ["kms:Decrypt"] };
const uses: Readonly<Record<string, typeof reading>> = {
  consume: reading,
  import: reading,
  ingest: reading,
  // Secrets Manager user guide, permissions for rotation.
  rotate: {
    actions: [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ],
    keyActions: ["kms:Decrypt", "kms:GenerateDataKey"],
  },
};

/** A secret that isn't kept is gone at once, or its name is blocked for days (Secrets Manager, DeleteSecret). */
const recoveryWindowDays = { kept: 30, goes: 0 };

export const str05: Requirement = {
  id: "STR-05",
  checks:
    "One secret, under a customer key that Secrets Manager may use for it, without a value of Terraform's; one function makes its values, at once and every configured days, called by Secrets Manager for this secret of this account alone; ingest, consume and import read it, by its name, and nobody else may do anything with it. It can be recovered for 30 days where the environment is protected, and is gone at once elsewhere.",
  why: "A value that Terraform makes is in the state for ever; a secret that many can read, or that nobody changes, is none.",
  judge: (subject) =>
    judgeEach(subject, "stream", (stack, environment) => judgeStack(subject.graph, stack, environment)),
};

function judgeStack(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const { secret, functions } = streamParts(graph, stack);
  const key = secret && keyOf(graph, secret);
  const rotate = functions.get("rotate");
  if (secret === undefined || key === undefined || rotate === undefined)
    return [
      {
        stack: stack.id,
        message: "must have one secret, under a key that Secrets Manager may use for it, and a function that makes it",
      },
    ];
  const roles = Object.keys(uses).map((name) => {
    const lambda = functions.get(name);
    return lambda && roleOf(graph, lambda);
  });
  return [
    ...findingsOn(secret, settings(graph, secret, key, environment)),
    ...rotation(graph, secret, rotate, environment),
    ...streamFunctions.flatMap((name) => {
      const lambda = functions.get(name);
      return lambda === undefined
        ? findingsOn(secret, [`must have the function ${name} in its stack`])
        : findingsOn(lambda, [
            ...rightsProblems(graph, lambda, service, rights(secret, key, environment, name)),
            ...isTold(graph, lambda, secret, name),
          ]);
    }),
    ...rolesAllowed(graph, secret, service, roles).flatMap((role) =>
      findingsOn(role, ["may do something with the secret, and is no function's that works with it"]),
    ),
    ...strangers(graph, stack),
  ];
}

function keyOf(graph: Graph, secret: GraphNode): GraphNode | undefined {
  return ownKey(graph, secret, secret.attributes.kms_key_id, {
    service,
    by: "caller",
    context: "SecretARN",
    value: String(secret.arn),
  });
}

function settings(graph: Graph, secret: GraphNode, key: GraphNode, environment: Environment): string[] {
  const { environmentSuffix, deletionProtection } = environment;
  return differences(graph, secret, {
    name: `tap-stream-signing-key-${environmentSuffix}-${secret.region}`,
    kms_key_id: referenceTo(key, "arn"),
    recovery_window_in_days: deletionProtection ? recoveryWindowDays.kept : recoveryWindowDays.goes,
    ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : {}),
  });
}

/** By the alias of one function, which Secrets Manager may call for this secret. */
function rotation(graph: Graph, secret: GraphNode, rotate: GraphNode, environment: Environment): Finding[] {
  const [node, ...others] = nodesIn(graph, secret.stack, "aws_secretsmanager_secret_rotation");
  const [permission, ...more] = nodesIn(graph, secret.stack, "aws_lambda_permission").filter(
    ({ attributes, stack }) =>
      attributes.principal === "secretsmanager.amazonaws.com" ||
      graph.resolve(attributes.function_name, stack, { types: [rotate.type] }) === rotate,
  );
  const alias = aliasOf(graph, rotate);
  if (node === undefined || permission === undefined || alias === undefined || others.length > 0 || more.length > 0)
    return findingsOn(secret, ["must have one rotation, and one permission to call the alias of its function"]);
  return [
    ...findingsOn(
      node,
      differences(graph, node, {
        secret_id: referenceTo(secret, "id"),
        rotation_lambda_arn: referenceTo(alias, "arn"),
        // The first value is made so.
        rotate_immediately: true,
        rotation_rules: { automatically_after_days: environment.stream.secret.rotationDays },
      }),
    ),
    ...findingsOn(
      permission,
      differences(graph, permission, {
        ...kept(permission, "statement_id"),
        action: "lambda:InvokeFunction",
        principal: "secretsmanager.amazonaws.com",
        function_name: referenceTo(rotate, "function_name"),
        qualifier: referenceTo(alias, "name"),
        source_account: environment.accountId,
        source_arn: referenceTo(secret, "arn"),
      }),
    ),
  ];
}

function rights(secret: GraphNode, key: GraphNode, { accountId }: Environment, name: string): Right[] {
  const use = uses[name];
  if (use === undefined) return [];
  const value = referenceTo(secret, "arn");
  return [
    // AWS ends the ARN in six characters of its own.
    { actions: use.actions, resources: [secret.arn], conditions: {} },
    {
      actions: use.keyActions,
      resources: [referenceTo(key, "arn")],
      conditions: throughService({ accountId, region: String(secret.region), service, context: "SecretARN", value }),
    },
  ];
}

/** Of its name, where it reads it; Secrets Manager itself tells who rotates. */
function isTold(graph: Graph, { attributes, stack }: GraphNode, secret: GraphNode, name: string): string[] {
  const [block] = blocksOf(attributes, "environment");
  const { SECRET_NAME } = isObject(block?.variables) ? block.variables : {};
  const told = SECRET_NAME === undefined ? undefined : graph.render(String(SECRET_NAME), stack);
  const wanted = uses[name] === reading ? secret.physicalName : undefined;
  return told === wanted ? [] : [`must have SECRET_NAME ${wanted} (it has ${told})`];
}

/** Whatever else makes values, or says who may have them. */
function strangers(graph: Graph, stack: StackJson): Finding[] {
  const known = ["aws_secretsmanager_secret", "aws_secretsmanager_secret_rotation"];
  return nodesIn(graph, stack)
    .filter(({ type }) => /^(aws_secretsmanager_|random_|tls_)/.test(type) && !known.includes(type))
    .flatMap((node) => findingsOn(node, ["makes a value, or lets others have it: the function rotate alone does"]));
}
