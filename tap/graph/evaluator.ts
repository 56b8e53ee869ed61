import { parseArn, partitionOf } from "./arn";
import { interpolationsOf, type Step, type Subject, subjectOf, type Traversal, wholeTraversal } from "./expression";
import { identities } from "./identities";
import type { GraphNode } from "./model";
import { type StackScope, valueAt } from "./stack-scope";
import { type Attributes, blocksOf } from "./terraform-json";

/** Finds the parameter that a data source reads, and the stack that writes it. */
export type FindParameter = (reader: GraphNode) => { node: GraphNode; scope: StackScope } | undefined;

/** Works out values that the configuration alone determines: names, ARNs, account ids, regions. */
export class Evaluator {
  private readonly known = new Map<StackScope, Map<string, string | undefined>>();

  constructor(private readonly findParameter: FindParameter) {}

  /** What couldn't be worked out before all names were known is tried again. */
  forget(): void {
    this.known.clear();
  }

  /** A text with every expression replaced that has a known value. */
  render(text: string, scope: StackScope): string {
    let rendered = "";
    let end = 0;
    for (const { start, end: next, whole } of interpolationsOf(text)) {
      const value = whole && this.valueOf(whole, scope);
      rendered += text.slice(end, start) + (value ?? text.slice(start, next));
      end = next;
    }
    return end === 0 ? text : rendered + text.slice(end);
  }

  /** A value that is one text without anything unknown in it. */
  text(value: unknown, scope: StackScope): string | undefined {
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value !== "string") return undefined;
    const rendered = this.render(value, scope);
    return interpolationsOf(rendered).length === 0 ? rendered : undefined;
  }

  /** What a value is as written, after expressions that only name a variable or a local value. */
  written(value: unknown, scope: StackScope): unknown {
    const whole = typeof value === "string" ? wholeTraversal(value) : undefined;
    const subject = whole && subjectOf(whole);
    if (subject === undefined) return value;
    const given = scope.given(subject);
    // A circle, which Terraform refuses, is at most a value that names itself.
    return given === undefined || given === value ? value : this.written(given, scope);
  }

  private valueOf(traversal: Traversal, scope: StackScope): string | undefined {
    let values = this.known.get(scope);
    if (values === undefined) {
      values = new Map();
      this.known.set(scope, values);
    }
    if (values.has(traversal.text)) return values.get(traversal.text);
    // While it is worked out it is unknown: circles end.
    values.set(traversal.text, undefined);
    const subject = subjectOf(traversal);
    const value = subject && this.valueOfSubject(subject, scope);
    values.set(traversal.text, value);
    return value;
  }

  private valueOfSubject(subject: Subject, scope: StackScope): string | undefined {
    if (subject.kind !== "resource") return this.text(scope.given(subject), scope);
    const [node, ...others] = scope.nodesAt(subject);
    if (node === undefined || others.length > 0) return undefined;
    return this.attribute(node, subject.steps, scope);
  }

  private attribute(node: GraphNode, steps: readonly Step[], scope: StackScope): string | undefined {
    const written = this.text(valueAt(node.attributes, steps), scope);
    const [step] = steps;
    if (written !== undefined || step === undefined || !("name" in step)) return written;
    if (node.mode === "data") {
      const value = this.dataAttribute(node, step.name);
      if (value !== undefined) return value;
    }
    return this.computed(node, step.name, scope);
  }

  /** What data sources answer that ask for no more than the provider knows. */
  private dataAttribute(node: GraphNode, attribute: string): string | undefined {
    const { type, accountId, region } = node;
    if (type === "aws_caller_identity" && attribute === "account_id") return accountId;
    if (type === "aws_region" && ["name", "id", "region"].includes(attribute)) return region;
    if (type === "aws_partition" && ["partition", "id"].includes(attribute)) return partitionOf(region);
    if (type !== "aws_ssm_parameter" || !["value", "insecure_value"].includes(attribute)) return undefined;
    const found = this.findParameter(node);
    return found && this.text(found.node.attributes.insecure_value ?? found.node.attributes.value, found.scope);
  }

  private computed(node: GraphNode, attribute: string, scope: StackScope): string | undefined {
    const identity = identities[node.type];
    if (identity === undefined || identity.endsAtRandom) return undefined;
    if (attribute === "arn") return this.arn(node, scope);
    if (attribute === identity.name) return this.name(node, scope);
    if (attribute === "url") return node.type === "aws_sqs_queue" ? this.queueUrl(node, scope) : undefined;
    if (attribute !== "id") return undefined;
    if (identity.id === "arn") return this.arn(node, scope);
    return identity.id === "url" ? this.queueUrl(node, scope) : this.name(node, scope);
  }

  private queueUrl(node: GraphNode, scope: StackScope): string | undefined {
    const { region, accountId } = node;
    const name = this.name(node, scope);
    if (region === undefined || accountId === undefined || name === undefined) return undefined;
    return `https://sqs.${region}.${region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"}/${accountId}/${name}`;
  }

  /** A resource's name in AWS. */
  name(node: GraphNode, scope: StackScope): string | undefined {
    const identity = identities[node.type];
    return identity && this.text(node.attributes[identity.name], scope);
  }

  /** A resource's ARN: a plan of something that is there already tells it; else it is made of the parts. */
  arn(node: GraphNode, scope: StackScope): string | undefined {
    if (node.arn !== undefined) return node.arn;
    const { arn: template, otherwise = {}, endsAtRandom } = identities[node.type] ?? {};
    if (template === undefined) return undefined;
    const parts = [...template.matchAll(/\{(\/?)(\w+)(\/?)\}/g)].map(
      ([placeholder, before, name = "", after]) =>
        [placeholder, arnPart(this.part(node, name, scope) ?? otherwise[name], before !== "", after !== "")] as const,
    );
    if (parts.some(([, value]) => value === undefined)) return undefined;
    const filled = parts.reduce((text, [placeholder, value]) => text.replace(placeholder, () => value ?? ""), template);
    return `arn:${partitionOf(node.region)}:${filled}${endsAtRandom ? "-??????" : ""}`;
  }

  private part(node: GraphNode, name: string, scope: StackScope): string | undefined {
    if (name === "region") return node.region;
    if (name === "account") return node.accountId;
    if (name === "name") return this.name(node, scope);
    const value = this.text(node.attributes[name], scope);
    // A bus or a function may be given by its ARN, of which the name is the last part.
    return value !== undefined && parseArn(value) !== undefined ? value.split(/[:/]/).at(-1) : value;
  }
}

function arnPart(value: string | undefined, slashBefore: boolean, slashBehind: boolean): string | undefined {
  if (value === undefined) return undefined;
  if (slashBefore) return `/${value.replace(/^\//, "")}`;
  if (slashBehind) return value === "default" ? "" : `${value}/`;
  return value;
}

/** Account of a provider: the first that it allows, else that of the role that it takes on. */
export function accountOf(provider: Attributes, text: (value: unknown) => string | undefined): string | undefined {
  const [allowed] = [provider.allowed_account_ids ?? []].flat();
  const account = text(allowed);
  if (account !== undefined) return account;
  const [role] = [...blocksOf(provider, "assume_role"), ...blocksOf(provider, "assume_role_with_web_identity")];
  const arn = text(role?.role_arn);
  return arn === undefined ? undefined : parseArn(arn)?.accountId;
}
