import { nodesOfEnvironment } from "../graph/groups";
import type { Graph, GraphNode } from "../graph/model";
import type { Statement } from "../graph/policy";
import { coversResource, valuesOn } from "../graph/statement";
import { sameInPolicy, serviceOf } from "./policies";

/** A statement that allows something, as it must be. */
export interface Right {
  readonly actions: readonly string[] | undefined;
  readonly resources: readonly unknown[];
  /** By key, all with StringEquals. */
  readonly conditions: Readonly<Record<string, unknown>>;
}

/** Whether a statement allows just this. */
export function isRight(statement: Statement, { actions, resources, conditions }: Right): boolean {
  return (
    statement.effect === "Allow" &&
    statement.notActions.length === 0 &&
    statement.notResources.length === 0 &&
    sameInPolicy(statement.actions, actions) &&
    sameInPolicy(statement.resources, resources) &&
    statement.conditions.every(({ operator }) => operator === "StringEquals") &&
    sameInPolicy(Object.fromEntries(statement.conditions.map((each) => [each.key, each.values])), conditions)
  );
}

/** What a key is used for: by a principal of the account, through a service of the region, for one thing. */
export interface KeyPurpose {
  readonly accountId: string;
  readonly region: string;
  readonly service: string;
  /** Of the encryption context, e.g. `aws:sqs:arn`. */
  readonly context: string;
  readonly value: unknown;
}

/** The conditions under which a role may use a key for just that. */
export function throughService({ accountId, region, service, context, value }: KeyPurpose): Right["conditions"] {
  return {
    "kms:CallerAccount": accountId,
    "kms:ViaService": `${service}.${region}.amazonaws.com`,
    [`kms:EncryptionContext:${context}`]: value,
  };
}

/** Whatever a role's own policies say of a service, in either way: by its name, or by a wildcard that has it too. */
export function statementsAbout(graph: Graph, role: GraphNode, service: string): Statement[] {
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ statements }) => statements)
    .filter(
      ({ actions, notActions }) =>
        notActions.length > 0 || actions.some((action) => [service, undefined].includes(serviceOf(action))),
    );
}

/** Where a function may do something else with a service, and with keys through it, than just this. */
export function rightsProblems(graph: Graph, lambda: GraphNode, service: string, rights: readonly Right[]): string[] {
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  if (role?.type !== "aws_iam_role") return ["must have a role of its stack"];
  const via = `${service}.${lambda.region}.amazonaws.com`;
  const statements = [
    ...statementsAbout(graph, role, service),
    ...statementsAbout(graph, role, "kms").filter((statement) => {
      const services = valuesOn(statement, "kms:ViaService");
      return services.length === 0 || services.includes(via);
    }),
  ];
  const lacking = rights.filter((right) => !statements.some((statement) => isRight(statement, right)));
  const surplus = statements.filter((statement) => !rights.some((right) => isRight(statement, right)));
  return [
    ...lacking.map((right) => `must be allowed exactly ${JSON.stringify(right)}`),
    ...surplus.map(
      ({ sid, path }) => `has rights about ${service} that it doesn't need, by its statement ${sid ?? path}`,
    ),
  ];
}

/** Roles of an environment's systems, but for those left out, that may do something of a service with a thing. */
export function rolesAllowed(
  graph: Graph,
  thing: GraphNode,
  service: string,
  except: readonly (GraphNode | undefined)[],
): GraphNode[] {
  return nodesOfEnvironment(graph, thing.stack.environmentSuffix, "aws_iam_role")
    .filter(
      (role) =>
        // Its roles deploy; they are PLAT-13's.
        role.stack.component !== "bootstrap" && !except.includes(role),
    )
    .filter((role) =>
      statementsAbout(graph, role, service).some(
        (statement) => statement.effect === "Allow" && coversResource(statement, String(thing.arn)),
      ),
    );
}

/** The role that a function works under. */
export function roleOf(graph: Graph, lambda: GraphNode): GraphNode | undefined {
  return graph.resolve(lambda.attributes.role, lambda.stack);
}
