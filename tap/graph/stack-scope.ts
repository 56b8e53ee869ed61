import type { Block, Configuration } from "./configuration";
import { type Step, type Subject, subjectOf, traversalsOf, withoutInstanceKeys } from "./expression";
import type { GraphNode, GraphStack } from "./model";
import { isObject } from "./terraform-json";

/** A stack while the graph is built: what expressions in it can mean. */
export class StackScope {
  private readonly byAddress = new Map<string, GraphNode>();
  /** All instances of what the configuration has once. */
  private readonly byConfigured = new Map<string, GraphNode[]>();
  private readonly ofLocal = new Map<string, Subject[]>();

  constructor(
    readonly configuration: Configuration,
    readonly stack: GraphStack,
  ) {}

  add(node: GraphNode, block: Block): void {
    this.byAddress.set(node.address, node);
    const instances = this.byConfigured.get(block.configured);
    if (instances === undefined) this.byConfigured.set(block.configured, [node]);
    else instances.push(node);
  }

  /** The one instance that is named, where it is there; else all of the resource. */
  nodesAt({ address, instance }: { address: string; instance?: string }): readonly GraphNode[] {
    const one = this.byAddress.get(instance ?? address) ?? this.byAddress.get(address);
    return one ? [one] : (this.byConfigured.get(withoutInstanceKeys(address)) ?? []);
  }

  /** What an expression refers to in the end: a local value stands for all that it refers to itself. */
  subjectsOf(subject: Subject): readonly Subject[] {
    if (subject.kind === "variable") return [];
    if (subject.kind !== "local") return [subject];
    const key = `${subject.name} ${JSON.stringify(subject.steps)}`;
    const known = this.ofLocal.get(key);
    if (known !== undefined) return known;
    const found: Subject[] = [];
    // Before it is filled: values that refer to each other in a circle, which Terraform refuses, end here.
    this.ofLocal.set(key, found);
    for (const text of textsIn(valueAt(this.configuration.locals[subject.name], subject.steps)))
      for (const traversal of traversalsOf(text)) {
        const inner = subjectOf(traversal);
        if (inner !== undefined) found.push(...this.subjectsOf(inner));
      }
    return found;
  }

  /** The value of a variable or a local value, as written. */
  given(subject: Subject): unknown {
    if (subject.kind === "variable") return valueAt(this.configuration.variables[subject.name], subject.steps);
    if (subject.kind === "local") return valueAt(this.configuration.locals[subject.name], subject.steps);
    return undefined;
  }
}

/**
 * What lies at the end of a way into a value; where the way meets an expression, that expression. A block that is
 * there once may be written without its list.
 */
export function valueAt(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value === "string") return value;
  if ("any" in step) return undefined;
  const key = "name" in step ? step.name : step.index;
  if (Array.isArray(value)) return typeof key === "number" ? valueAt(value[key], rest) : undefined;
  if (!isObject(value)) return undefined;
  return key === 0 && !("0" in value) ? valueAt(value, rest) : valueAt(value[key], rest);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
