import { isPattern } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { push } from "../../graph/sorted";
import type { Finding } from "../requirement";
import type { RuleMeta } from "../result";
import { roleOf } from "../rights";
import { actionsOfCalls, servicePrefix } from "./actions";
import { encryptionUses } from "./encryption";
import { applies, contextOf, decide, mayCover } from "./evaluator";
import { actionOf, expandAction } from "./iam-data";
import { commonArn } from "./patterns";
import { platformUses, wiredTo } from "./platform";
import { type Granted, type RoleRights, rightsOf } from "./role-rights";
import { serviceOf, switchedOff, type Thing, thingsOf } from "./things";
import { contextFor, merged, type Need, type Use, type Uses } from "./use";

/** What reports say of it. */
export const leastPrivilegeRule: RuleMeta = {
  id: "least-privilege",
  title: "Functions may do what their code calls, and nothing else",
  severity: "high",
  why: "A call that isn't allowed fails in the account. What is allowed and never called is there for whoever takes the function over.",
  fix: "Grant the action on the resource that the message names, or take away the one that nothing calls.",
  references: ["FSBP IAM.21", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"],
};

/**
 * Least privilege in both directions: what a function's code can call, and Lambda does for it, against what its role
 * allows. A call that isn't allowed fails in the account; what is allowed and never called is there for whoever takes
 * the function over.
 *
 * @param callsOf operations that a function's code can call, `dynamodb:GetItem`; undefined where nobody knows: such a
 *   function isn't judged
 */
export function judgeLeastPrivilege(
  graph: Graph,
  callsOf: (lambda: GraphNode) => readonly string[] | undefined,
): Finding[] {
  return graph.ofType("aws_lambda_function").flatMap((lambda) => {
    const calls = callsOf(lambda);
    const role = roleOf(graph, lambda);
    return calls === undefined || role?.type !== "aws_iam_role" ? [] : judgeFunction(graph, lambda, role, calls);
  });
}

function judgeFunction(graph: Graph, lambda: GraphNode, role: GraphNode, all: readonly string[]): Finding[] {
  const rights = rightsOf(graph, role);
  const things = thingsOf(graph, lambda);
  const off = switchedOff(graph, lambda);
  const calls = all.filter((call) => !off.includes(servicePrefix(call)));
  const uses = merged([
    platformUses(graph, lambda),
    callUses(calls, things),
    ...things.map((thing) => keyUses(graph, lambda, rights, calls, thing)),
  ]);
  return [
    ...(rights.isWhole ? notAllowed(lambda, role, rights, uses) : []),
    ...neverUsed(graph, lambda, rights, uses, [...things.flatMap(({ node }) => node ?? []), ...wiredTo(graph, lambda)]),
  ];
}

/** What calls need: an action on something that the code is told of, or on anything where it is told of nothing. */
function callUses(calls: readonly string[], things: readonly Thing[]): Uses {
  const told = (service: string) => {
    const resources = things.filter((thing) => thing.service === service).flatMap((thing) => thing.resources);
    return resources.length === 0 ? ["*"] : resources;
  };
  const use = (action: string): Use => ({
    action,
    resources: told(action.split(":")[0] ?? ""),
    by: "code",
    // A key that the code itself calls is reached through no service.
    ...(action.startsWith("kms:") ? { known: { "kms:viaservice": "absent" } } : {}),
  });
  const called = actionsOfCalls(calls);
  return {
    needs: [
      ...called.flatMap(({ call, needs }) =>
        needs.map((actions) => ({ anyOf: actions.map(use), does: `calls ${call}` })),
      ),
      ...things
        .filter(({ isCertain }) => isCertain)
        .flatMap((thing) =>
          reaching(
            thing,
            called.flatMap(({ needs }) => needs.flat()),
          ),
        ),
    ],
    may: called.flatMap(({ may }) => may.map(use)),
  };
}

/** What the code is told of is there to be called: by one of the actions at least. */
function reaching({ service, resources, name }: Thing, actions: readonly string[]): Need[] {
  const own = actions.filter((action) => action.startsWith(`${service}:`));
  if (own.length === 0) return [];
  return [
    {
      anyOf: own.map((action) => ({ action, resources, by: "code" })),
      does: `is told of ${name}, and calls ${service}`,
    },
  ];
}

/** What the calls that are allowed on a thing need of its key. */
function keyUses(graph: Graph, lambda: GraphNode, rights: RoleRights, calls: readonly string[], thing: Thing): Uses {
  const { node, resources, service, name } = thing;
  if (node === undefined) return { needs: [], may: [] };
  const actions = actionsOfCalls(calls)
    .flatMap(({ needs, may }) => [...needs.flat(), ...may])
    .filter((action) => action.startsWith(`${service}:`))
    .filter((action) => isPossible(lambda, rights, { action, resources, by: "code" }));
  return encryptionUses(graph, node, actions, {
    by: "code",
    does: `calls ${[...new Set(actions)].join(", ")} on ${name}`,
  });
}

function notAllowed(lambda: GraphNode, role: GraphNode, rights: RoleRights, { needs }: Uses): Finding[] {
  const lacking = needs.filter(({ anyOf }) => !anyOf.some((use) => isPossible(lambda, rights, use)));
  return [...new Map(lacking.map((need) => [need.does, need])).values()].map(({ does, anyOf }) => {
    const actions = [...new Set(anyOf.map(({ action }) => action))].join(" or ");
    const { stack, address } = nearest(rights, anyOf) ?? role;
    return {
      stack: stack.id,
      address,
      message: `doesn't let the role of ${lambda.physicalName ?? lambda.address} do what it needs: it ${does} (${actions})`,
    };
  });
}

/** The policy that speaks of the same thing: where the statement is to be changed. */
function nearest({ granted }: RoleRights, anyOf: readonly Use[]): GraphNode | undefined {
  const services = new Set(anyOf.map(({ action }) => action.split(":")[0]));
  const ofService = granted.filter(
    ({ node, statement }) =>
      node !== undefined && statement.actions.some((action) => services.has(action.split(":")[0])),
  );
  const ofThing = ofService.filter(({ statement }) =>
    anyOf.some(({ resources }) => statement.resources.some((own) => resources.some((other) => commonArn(own, other)))),
  );
  return ofThing[0]?.node;
}

/** Whether a use is allowed on something, or may be. */
function isPossible(lambda: GraphNode, rights: RoleRights, use: Use): boolean {
  const context = contextFor(lambda, use);
  const allows = rights.granted.map(({ statement }) => statement).filter(({ effect }) => effect === "Allow");
  const meets = (statement: Statement) =>
    meetings(statement.notResources.length > 0 ? ["*"] : statement.resources, use).some(
      (resource) => decide(rights, { action: use.action, resource, context }).decision !== "denied",
    );
  // Statements about the action first: they answer nearly always.
  const isAbout = (statement: Statement) => mayCover(statement, use.action);
  return allows.some((each) => isAbout(each) && meets(each)) || allows.some((each) => !isAbout(each) && meets(each));
}

/** Things that a statement's resources and a use have in common, one for each pair. */
function meetings(resources: readonly string[], use: Use): string[] {
  if (actionOf(use.action)?.resources.length === 0) return ["*"];
  return resources.flatMap((own) => use.resources.flatMap((other) => commonArn(own, other) ?? []));
}

function neverUsed(
  graph: Graph,
  lambda: GraphNode,
  { granted }: RoleRights,
  { needs, may }: Uses,
  things: readonly GraphNode[],
): Finding[] {
  const byAction = new Map<string, Use[]>();
  for (const use of [...needs.flatMap(({ anyOf }) => anyOf), ...may]) push(byAction, use.action.toLowerCase(), use);
  return granted.flatMap(({ statement, node }) => {
    if (statement.effect !== "Allow" || node === undefined) return [];
    const surplus = [
      ...surplusIn({ statement, node }, lambda, byAction),
      ...tooWide(graph, { statement, node }, lambda, things),
    ];
    const where = statement.sid ?? statement.path;
    const who = lambda.physicalName ?? lambda.address;
    return surplus.map((what) => ({
      stack: node.stack.id,
      address: node.address,
      message: `allows ${who} what its code never uses, by its statement ${where}: ${what}`,
    }));
  });
}

/** Actions of a statement that nothing uses, and resources that nothing uses any of them on. */
function surplusIn({ statement }: Granted, lambda: GraphNode, byAction: ReadonlyMap<string, readonly Use[]>): string[] {
  if (statement.notActions.length > 0) return [`all actions but ${statement.notActions.join(", ")}`];
  const used = (action: string, resource: string) =>
    (byAction.get(action.toLowerCase()) ?? []).some(
      (use) =>
        meetings([resource], use).length > 0 &&
        applies(statement, contextOf({ action: use.action, context: contextFor(lambda, use) })).holds !== false,
    );
  const resources = statement.notResources.length > 0 ? ["*"] : statement.resources;
  const actions = statement.actions.map((pattern) => ({
    pattern,
    names: expandAction(pattern).map(({ name }) => name),
  }));
  const all = actions.flatMap(({ names }) => names);
  const unused = resources.filter((resource) => !all.some((name) => used(name, resource)));
  return [
    ...actions.flatMap(({ pattern, names }) => {
      if (/^(\*|[^:]*[*?][^:]*:.*)$/.test(pattern)) return [`${pattern} is every action there is`];
      // What doesn't exist is used by nobody either.
      const surplus =
        names.length === 0 ? [pattern] : names.filter((name) => !resources.some((each) => used(name, each)));
      return surplus.length === 0 ? [] : [shown(pattern, surplus)];
    }),
    // Where nothing is used anywhere, its actions were told of above.
    ...(unused.length === resources.length ? [] : unused.map((resource) => `any of it on ${resource}`)),
  ];
}

function shown(pattern: string, surplus: readonly string[]): string {
  if (!isPattern(pattern)) return pattern;
  const [few, rest] = [surplus.slice(0, 3), surplus.length - 3];
  return `${pattern} is also ${few.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Patterns that match things of the graph that the function is neither told of nor wired to. */
function tooWide(graph: Graph, { statement }: Granted, lambda: GraphNode, things: readonly GraphNode[]): string[] {
  const services = new Set(statement.actions.map((action) => action.split(":")[0]?.toLowerCase()));
  return statement.resources
    .filter((resource) => isPattern(resource) && resource.startsWith("arn:"))
    .flatMap((resource) => {
      const told = things.filter(({ type }) => services.has(serviceOf(type)));
      if (told.length === 0) return [];
      const others = graph
        .matching(resource, lambda.accountId)
        .filter(
          (node) => services.has(serviceOf(node.type)) && !told.includes(node) && node.accountId === lambda.accountId,
        );
      const [first] = others;
      return first === undefined ? [] : [`${resource} is also ${first.physicalName ?? first.address}`];
    });
}

/** What code was bundled to: by the hash that is in the name of its folder. */
export interface BundledCode {
  readonly hash: string;
  readonly calls: readonly string[];
}

/**
 * What each function of the graph can call, by the bundles of this project: an archive is made of the folder that has
 * its bundle's hash for its name.
 */
export function callsInBundles(
  graph: Graph,
  bundles: Readonly<Record<string, BundledCode>>,
): (lambda: GraphNode) => readonly string[] | undefined {
  const byHash = new Map(Object.values(bundles).map(({ hash, calls }) => [hash.slice(0, 16), calls]));
  return (lambda) => {
    const archive = graph
      .referencesFrom(lambda, "filename")
      .flatMap((reference) => ("to" in reference && reference.to.type === "archive_file" ? [reference.to] : []))[0];
    const folder =
      String(archive?.attributes.source_dir ?? "")
        .split("/")
        .at(-1) ?? "";
    return byHash.get(folder);
  };
}

/** Services that a function's code calls, by their prefixes in IAM. */
export function servicesCalled(calls: readonly string[]): string[] {
  return [...new Set(calls.map(servicePrefix))].sort();
}
