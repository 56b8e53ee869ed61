import type { Synthesized } from "../../../../tap/audit/requirement";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import type { Mutation, ProofOptions } from "../../../support/prove";
import { copied, resource, subjectOf } from "../../../support/synthesized";
import { add, assign, mutationOf, referenceTo, resourceMutationOf, rewrite } from "./mutations";

/** A mutation of the stream. */
export const stream = mutationOf("stream");

/** A mutation of the attributes of exactly one resource of the stream. */
export const streamResource = resourceMutationOf(stream);

/** Sets attributes of exactly one resource of the stream; undefined takes one away. */
export const streamSetting = (type: string, name: string | undefined, attributes: Attributes): Mutation =>
  streamResource(type, name, (own) => assign(own, attributes));

/** Changes the statements of a function's rights on data. */
export const streamRights = (lambda: string, change: Parameters<typeof rewrite>[2]): Mutation =>
  streamResource("aws_iam_role_policy", `${lambda}_Role_data-access`, (attributes) =>
    rewrite(attributes, "policy", change),
  );

/** A role that isn't a function's, and may do this with whatever there is. */
export const roleAllowed = (action: string): Mutation =>
  stream((stack) => {
    add(stack, "aws_iam_role", { name: "other", assume_role_policy: "{}" });
    add(stack, "aws_iam_role_policy", {
      name: "other",
      role: referenceTo(stack, "aws_iam_role", "Added", "name"),
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
      }),
    });
  });

/** Of the mapping that reads the stream: all of it, or one of its attributes. */
export function ofConsumer(stack: StackJson): Attributes;
export function ofConsumer(stack: StackJson, attribute: string): unknown;
export function ofConsumer(stack: StackJson, attribute?: string): unknown {
  const attributes = resource(stack, "aws_lambda_event_source_mapping", "Records");
  return attribute === undefined ? attributes : attributes[attribute];
}

const subjects = new Map<string, Synthesized>();

/**
 * To prove a requirement that is judged on some components' stacks alone, or on one in one region (`api us-west-2`): it
 * holds on all that was synthesized, and mutations are judged on these, which saves most of the time.
 */
export const judgedOn = (...components: readonly string[]): ProofOptions => ({
  alone: true,
  synthesized: (environment, { alone = false }) => {
    if (!alone) return subjectOf(environment);
    const name = `${environment} ${components.join()}`;
    const subject = subjects.get(name) ?? subjectOf(environment, { alone });
    subjects.set(name, {
      ...subject,
      stacks: subject.stacks.filter(
        ({ component, region }) => components.includes(component) || components.includes(`${component} ${region}`),
      ),
    });
    return copied(subjects.get(name) as Synthesized);
  },
});
