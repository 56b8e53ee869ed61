import type { BackendSettings } from "../../config/backend";
import type { Environment } from "../../config/environment";
import { buildGraph } from "../graph/build";
import { nodesOfStack } from "../graph/groups";
import type { Graph, GraphNode } from "../graph/model";
import type { StackJson } from "./stack-json";

/** Synthesized stacks, and the configuration that they came from. */
export interface Synthesized {
  readonly stacks: readonly StackJson[];
  readonly environments: readonly Environment[];
  readonly backend: BackendSettings;
}

/** What a requirement is judged on. */
export interface Subject extends Synthesized {
  /** The same stacks as a graph: what refers to what, and policies parsed. */
  readonly graph: Graph;
}

/** Made once the stacks are as they are to be judged; the graph, when the first rule asks for it. */
export function toSubject(synthesized: Synthesized): Subject {
  let graph: Graph | undefined;
  return {
    ...synthesized,
    get graph() {
      graph ??= buildGraph(synthesized.stacks);
      return graph;
    },
  };
}

export interface Finding {
  /** Id of the stack; left out where one is missing. */
  readonly stack?: string;
  /** Address of the resource, where it is about one. */
  readonly address?: string;
  readonly message: string;
}

/** A requirement of docs/requirements.md that can be judged on the synthesized JSON. */
export interface Requirement {
  readonly id: string;
  /** What the rule looks at, in a sentence. */
  readonly checks: string;
  /** What goes wrong in an account where it doesn't hold. */
  readonly why: string;
  judge(subject: Subject): Finding[];
}

/** Managed resources of one stack, of one type or of all. */
export function nodesIn(graph: Graph, stack: { readonly id: string }, type?: string): readonly GraphNode[] {
  return nodesOfStack(graph, stack.id, type);
}

/** Of these, what is in the stack's own region: replicas in another one are PLAT-14's. */
export function ownNodesIn(
  graph: Graph,
  stack: { readonly id: string; readonly region: string },
  type: string,
): GraphNode[] {
  return nodesIn(graph, stack, type).filter(({ attributes }) => (attributes.region ?? stack.region) === stack.region);
}

/** What a node waits for by `depends_on`. */
export function dependenciesOf(graph: Graph, node: GraphNode): GraphNode[] {
  return graph.referencesFrom(node).flatMap((each) => ("to" in each && each.kind === "depends_on" ? [each.to] : []));
}

/** A requirement that every resource of some types answers for itself, wherever it is. */
export function judgeNodes(
  subject: Subject,
  types: readonly string[],
  judge: (node: GraphNode, environment: Environment) => readonly string[],
): Finding[] {
  const environments = new Map(subject.environments.map((each) => [each.environmentSuffix, each]));
  return types
    .flatMap((type) => subject.graph.ofType(type))
    .flatMap((node) => {
      const environment = environments.get(node.stack.environmentSuffix ?? "");
      const messages = environment === undefined ? ["belongs to no environment"] : judge(node, environment);
      return messages.map((message) => ({ stack: node.stack.id, address: node.address, message }));
    });
}

/** A requirement that every stack, or every stack of one component, answers for itself. */
export function judgeEach(
  subject: Subject,
  component: StackJson["component"] | "all",
  judge: (stack: StackJson, environment: Environment) => Finding[],
): Finding[] {
  const stacks = subject.stacks.filter((stack) => component === "all" || stack.component === component);
  if (stacks.length === 0)
    return [{ message: component === "all" ? "there is no stack" : `there is no ${component} stack` }];
  return stacks.flatMap((stack) => {
    const environment = subject.environments.find(
      ({ environmentSuffix }) => environmentSuffix === stack.environmentSuffix,
    );
    return environment
      ? judge(stack, environment)
      : [{ stack: stack.id, message: `belongs to no environment of the configuration` }];
  });
}

/**
 * What each account's bootstrap answers for: one that is missing is a finding too, also when all are. A
 * short-lived environment lives in an account whose bootstrap is another environment's.
 */
export function judgeBootstraps(
  subject: Subject,
  judge: (stack: StackJson, environment: Environment) => Finding[],
): Finding[] {
  const bootstraps = subject.stacks.filter(({ component }) => component === "bootstrap");
  const owners = subject.environments.filter(ownsItsAccount);
  const lacking = owners.filter(
    ({ environmentSuffix }) => !bootstraps.some((stack) => stack.environmentSuffix === environmentSuffix),
  );
  return [
    ...lacking.map(({ environmentSuffix }) => ({ message: `there is no bootstrap stack of ${environmentSuffix}` })),
    ...(bootstraps.length === 0 ? [] : judgeEach(subject, "bootstrap", judge)),
  ];
}

export function ownsItsAccount({ environmentSuffix, account }: Environment): boolean {
  return environmentSuffix === account.environmentSuffix;
}

/** A finding where the condition doesn't hold, and none where it does. */
export function expectThat(
  holds: boolean,
  stack: { readonly id: string },
  message: string,
  address?: string,
): Finding[] {
  return holds ? [] : [{ stack: stack.id, ...(address === undefined ? {} : { address }), message }];
}

/** The message where the condition doesn't hold: for judgeNodes and judgeEach, which say of what it is. */
export function wanted(holds: boolean, message: string): string[] {
  return holds ? [] : [message];
}

/** Whether two values are the same JSON, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
