import type { Component } from "../../../../config/components";
import type { PolicyStatement, StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import type { Mutation } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";

type StackMutation = (mutate: (stack: StackJson) => void) => Mutation;

/** Mutations of an environment's stack of a component; of its first one where no region is named. */
export const mutationOf =
  (component: Component, region?: string): StackMutation =>
  (mutate) =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, component, region));

/** Mutations of the attributes of exactly one resource of such a stack. */
export const resourceMutationOf =
  (stackMutation: StackMutation) =>
  (type: string, name: string | undefined, mutate: (attributes: Attributes, stack: StackJson) => void): Mutation =>
    stackMutation((stack) => mutate(resource(stack, type, name), stack));

/** A mutation of the network in the second region. */
export const network = mutationOf("network", "us-west-2");

export const bootstrap = mutationOf("bootstrap");

/** A mutation of the records. */
export const records = mutationOf("records");

/** A mutation of the attributes of exactly one resource of the records. */
export const recordsResource = resourceMutationOf(records);

/** A mutation of the jobs. */
export const jobs = mutationOf("jobs");

/** A mutation of the attributes of exactly one resource of the jobs. */
export const jobsResource = resourceMutationOf(jobs);

/** A mutation of the security stack of the primary region, where every environment's records are. */
export const security =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) => {
    const { region } = subject.environments.find((each) => each.environmentSuffix === environment) ?? {};
    mutate(stackOf(subject, environment, "security", region));
  };

/** Sets attributes; undefined takes one away. */
export function assign(own: Attributes, attributes: Attributes): void {
  for (const [attribute, value] of Object.entries(attributes))
    if (value === undefined) delete own[attribute];
    else own[attribute] = value;
}

/** Takes exactly one resource out of a stack. */
export function remove(stack: StackJson, type: string, part: string): void {
  delete stack.json.resource?.[type]?.[nameOf(stack, type, part)];
}

/** Every account's bootstrap at once: what is expected can't be told from what is there. */
export const withoutBootstraps: Mutation = ({ stacks }) => {
  stacks.splice(0, stacks.length, ...stacks.filter(({ component }) => component !== "bootstrap"));
};

export function add({ json }: StackJson, type: string, attributes: Attributes): void {
  json.resource = { ...json.resource, [type]: { ...json.resource?.[type], Added: attributes } };
}

/** Puts something out, as Terraform's output and as a parameter. */
export function putOut(stack: StackJson, key: string): void {
  const { json, component, environmentSuffix } = stack;
  json.output = { ...json.output, [key]: { value: "x" } };
  const parameter = { name: `/tap/${environmentSuffix}/${component}/${key}`, type: "String", insecure_value: "x" };
  json.resource = {
    ...json.resource,
    aws_ssm_parameter: { ...json.resource?.aws_ssm_parameter, [`output_${key}`]: parameter },
  };
}

/** The name of exactly one resource, by a part of it; a replica in another region gives way. */
export function nameOf(stack: StackJson, type: string, part: string): string {
  const named = Object.entries(stack.json.resource?.[type] ?? {}).filter(([name]) => name.includes(part));
  const found = named.length > 1 ? named.filter(([, { region }]) => region === undefined) : named;
  const names = found.map(([name]) => name);
  if (names.length !== 1) throw new Error(`${stack.id} has ${names.length} ${type} with "${part}" in their names`);
  return names[0] as string;
}

/** A reference to exactly one resource. */
export function referenceTo(stack: StackJson, type: string, part: string, attribute: string): string {
  return `\${${type}.${nameOf(stack, type, part)}.${attribute}}`;
}

/** A statement as it is, and as a mutation leaves it: IAM takes forms that the rules' own type leaves out. */
export type Statement = Partial<PolicyStatement>;
type Mutated = Readonly<Record<string, unknown>>;
type Change = (statements: Statement[]) => readonly (Statement | Mutated)[];

/** Changes the statements of a policy that is an attribute of exactly one resource. */
export function rewrite(attributes: Attributes, attribute: string, change: Change): void {
  const document = JSON.parse(String(attributes[attribute])) as { Statement: Statement[] };
  attributes[attribute] = JSON.stringify({ ...document, Statement: change(document.Statement) });
}

/** Changes the statements of one of bootstrap's policies. */
export const policy = (type: string, name: string, attribute: string, change: Change): Mutation =>
  bootstrap((stack) => rewrite(resource(stack, type, name), attribute, change));

export const adding =
  (statement: Mutated): Change =>
  (statements) => [...statements, { Sid: "Added", Effect: "Allow", ...statement }];

export const allowing = (action: string, resources: string[]): Change =>
  adding({ Action: [action], Resource: resources });

export const without =
  (sid: string): Change =>
  (statements) => {
    const left = statements.filter(({ Sid }) => Sid !== sid);
    if (left.length === statements.length) throw new Error(`There is no statement ${sid}`);
    return left;
  };

/** Changes attributes of the statement of that id; undefined removes one. */
export const changing =
  (sid: string, changes: (statement: Statement) => Mutated): Change =>
  (statements) => {
    if (!statements.some(({ Sid }) => Sid === sid)) throw new Error(`There is no statement ${sid}`);
    return statements.map((statement) => (statement.Sid === sid ? { ...statement, ...changes(statement) } : statement));
  };
