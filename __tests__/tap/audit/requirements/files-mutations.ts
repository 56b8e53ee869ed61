import type { Synthesized } from "../../../../tap/audit/requirement";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import type { Mutation, ProofOptions } from "../../../support/prove";
import { copied, subjectOf } from "../../../support/synthesized";
import { routePart } from "./api-mutations";
import { add, assign, mutationOf, nameOf, resourceMutationOf, rewrite, type Statement } from "./mutations";

/**
 * For rules on these components alone: mutations are judged on their stacks, which saves most of the time.
 * @param synthesized where the stacks come from, a copy each time
 */
export function aloneWith(
  components: readonly StackJson["component"][],
  synthesized: NonNullable<ProofOptions["synthesized"]> = subjectOf,
): ProofOptions {
  const subjects = new Map<string, Synthesized>();
  const own = (environment: string): Synthesized => {
    const subject = synthesized(environment, { alone: true });
    return { ...subject, stacks: subject.stacks.filter(({ component }) => components.includes(component)) };
  };
  return {
    alone: true,
    synthesized: (environment, { alone = false }) => {
      if (!alone) return synthesized(environment, {});
      const subject = subjects.get(environment) ?? own(environment);
      subjects.set(environment, subject);
      return copied(subject);
    },
  };
}

/** A mutation of the files. */
export const files = mutationOf("files");

/** A mutation of the attributes of exactly one resource of the files. */
export const filesResource = resourceMutationOf(files);

/** Sets attributes of exactly one resource; undefined takes one away. */
export const filesSetting = (type: string, name: string | undefined, changes: Attributes): Mutation =>
  filesResource(type, name, (attributes) => assign(attributes, changes));

/** Sets something within a resource, by the way to it: `rule.0.status`; undefined takes it away. */
export const filesWithin = (type: string, name: string | undefined, path: string, value: unknown): Mutation =>
  filesResource(type, name, (attributes) => {
    const parts = path.split(".");
    const last = parts.pop() as string;
    const parent = parts.reduce<Record<string, unknown>>((part, each) => {
      if (typeof part[each] !== "object") throw new Error(`${type} ${name} has no ${path}`);
      return part[each] as Record<string, unknown>;
    }, attributes);
    assign(parent, { [last]: value });
  });

/** Replaces a part of a text that must be there. */
export const filesText = (
  type: string,
  name: string | undefined,
  attribute: string,
  from: string | RegExp,
  to: string,
): Mutation =>
  filesResource(type, name, (attributes) => {
    const text = String(attributes[attribute]);
    attributes[attribute] = text.replace(from, to);
    if (attributes[attribute] === text) throw new Error(`${type} ${name} has no ${from} in ${attribute}`);
  });

/** Takes exactly one resource out. */
export const filesWithout = (type: string, name = ""): Mutation =>
  files((stack) => {
    delete stack.json.resource?.[type]?.[nameOf(stack, type, name)];
  });

/** Adds a resource, beside those that are there. */
export const filesWith = (type: string, attributes: Attributes | ((stack: StackJson) => Attributes)): Mutation =>
  files((stack) => add(stack, type, typeof attributes === "function" ? attributes(stack) : attributes));

/** Changes the statements of a policy that is an attribute of exactly one resource. */
export const filesPolicy = (
  type: string,
  name: string | undefined,
  change: (statements: Statement[]) => readonly (Statement | Readonly<Record<string, unknown>>)[],
): Mutation => filesResource(type, name, (attributes) => rewrite(attributes, "policy", change));

/** Changes exactly one thing of the gateway that is of a method and path, as `GET /files/{id}`. */
export const filesRoute = (
  type: string,
  route: string,
  changes: Attributes | ((attributes: Attributes, stack: StackJson) => void),
  status?: number,
): Mutation =>
  files((stack) => {
    const { attributes } = routePart(stack, type, route, status);
    if (typeof changes === "function") changes(attributes, stack);
    else assign(attributes, changes);
  });

/** Takes such a thing out. */
export const filesWithoutRoute = (type: string, route: string): Mutation =>
  files((stack) => {
    delete stack.json.resource?.[type]?.[routePart(stack, type, route).name];
  });

/** Changes what a function is told; undefined takes it away. */
export const filesVariables = (lambda: string, changes: Attributes): Mutation =>
  filesResource("aws_lambda_function", `${lambda}_Function`, ({ environment }) =>
    assign((environment as { variables: Attributes }).variables, changes),
  );
