import { parseArn } from "./arn";
import type { Indices } from "./collect-references";
import { type Subject, subjectOf, type Traversal, traversalsOf, wholeTraversal } from "./expression";
import { identities } from "./identities";
import type { GraphNode, GraphStack, ResolveOptions } from "./model";
import { type StackScope, valueAt } from "./stack-scope";
import { writtenArn } from "./written-arns";

/** Follows values to what they lead to, across stacks. */
export class Resolver {
  /** What was found, by stack and types, and by value. */
  private readonly known = new Map<string, Map<string, GraphNode | undefined>>();

  constructor(
    private readonly scopes: ReadonlyMap<string, StackScope>,
    private readonly indices: Indices,
    /** What a data source reads, where the graph has it. */
    private readonly readBy: (reader: GraphNode) => GraphNode | undefined,
  ) {}

  resolve(value: unknown, stack: GraphStack, { types = [] }: ResolveOptions = {}): GraphNode | undefined {
    if (typeof value !== "string") return undefined;
    // Rules ask for the same again and again.
    const key = types.length === 0 ? stack.id : `${stack.id} ${types.join()}`;
    let known = this.known.get(key);
    if (known === undefined) {
      known = new Map();
      this.known.set(key, known);
    }
    if (known.has(value)) return known.get(value);
    const node = this.value(value, stack, types, new Set());
    known.set(value, node);
    return node;
  }

  private value(value: unknown, stack: GraphStack, types: readonly string[], seen: Set<string>): GraphNode | undefined {
    const scope = this.scopes.get(stack.id);
    if (typeof value !== "string" || scope === undefined) return undefined;
    const whole = wholeTraversal(value);
    const found = whole && this.traversal(whole, scope, types, seen);
    if (found !== undefined) return found;
    const text = this.indices.evaluator.render(value, scope);
    return this.byText(text, stack, types) ?? this.alone(value, scope, types, seen);
  }

  private byText(text: string, stack: GraphStack, types: readonly string[]): GraphNode | undefined {
    const arn = writtenArn(text);
    if (arn !== undefined) return arn.isPattern ? undefined : this.indices.arns.byArn(arn.text)[0];
    const place = { stackId: stack.id, accountId: stack.accountId, region: stack.region };
    for (const type of types) {
      const [found] = this.indices.names.named(type, text, place);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** `${aws_s3_bucket.Files.arn}/*`: with something around it, but about no other thing. */
  private alone(value: string, scope: StackScope, types: readonly string[], seen: Set<string>): GraphNode | undefined {
    const [only, ...others] = traversalsOf(value);
    return only === undefined || others.length > 0 ? undefined : this.traversal(only, scope, types, seen);
  }

  private traversal(
    traversal: Traversal,
    scope: StackScope,
    types: readonly string[],
    seen: Set<string>,
  ): GraphNode | undefined {
    const key = `${scope.stack.id} ${traversal.text}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const subject = subjectOf(traversal);
    if (subject === undefined || subject.kind === "module") return undefined;
    if (subject.kind !== "resource") return this.value(scope.given(subject), scope.stack, types, seen);
    const [node] = scope.nodesAt(subject);
    if (node === undefined) return undefined;
    return node.mode === "data" ? this.data(node, subject, seen) : this.argument(node, subject, seen);
  }

  /** What a data source reads; of a parameter, what its value leads to. */
  private data(node: GraphNode, { steps }: Subject, seen: Set<string>): GraphNode {
    const read = this.readBy(node);
    if (read === undefined) return node;
    const isValue = ["value", "insecure_value"].some(
      (name) => steps[0] !== undefined && "name" in steps[0] && steps[0].name === name,
    );
    if (read.type !== "aws_ssm_parameter" || !isValue) return read;
    return this.value(read.attributes.insecure_value ?? read.attributes.value, read.stack, [], seen) ?? read;
  }

  /** An argument of another resource that itself only passes something on, as `topic_arn` of a subscription. */
  private argument(node: GraphNode, { steps }: Subject, seen: Set<string>): GraphNode {
    const [step] = steps;
    if (step === undefined || !("name" in step) || step.name === identities[node.type]?.name) return node;
    const given = valueAt(node.attributes, steps);
    const passesOn = typeof given === "string" && (wholeTraversal(given) ?? parseArn(given)) !== undefined;
    return (passesOn ? this.value(given, node.stack, [], seen) : undefined) ?? node;
  }
}
