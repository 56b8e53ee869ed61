import type { PolicyDocument, UnreadablePolicy } from "./policy";
import type { Attributes, TerraformJson } from "./terraform-json";

/** A stack of the graph. What its provider doesn't say is undefined: stacks of other projects are in the graph too. */
export interface GraphStack {
  readonly id: string;
  /** Account of the default provider: its `allowed_account_ids`, else that of the role it takes on. */
  readonly accountId?: string;
  /** Region of the default provider. */
  readonly region?: string;
  /** Known for stacks of this project. */
  readonly component?: string;
  readonly environmentSuffix?: string;
  /** What the stack gives out, by name, as written. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What its configuration says of Terraform itself, and its variables; a plan doesn't tell it. */
  readonly declared?: Pick<TerraformJson, "terraform" | "variable">;
}

/** A resource or a data source. */
export interface GraphNode {
  /** `{stack}/{address}`. */
  readonly id: string;
  readonly stack: GraphStack;
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  /** `aws_vpc.Vpc`, `data.aws_region.current`, `module.m.aws_sqs_queue.Queue[0]`: as Terraform's messages have it. */
  readonly address: string;
  /** As written, with expressions; those of a plan have the same form, with values where the plan knows them. */
  readonly attributes: Attributes;
  /** Account and region of its provider, or its own `region`. */
  readonly accountId?: string;
  readonly region?: string;
  /** Its name in AWS, where the configuration determines it. */
  readonly physicalName?: string;
  /** Its ARN, where name, region and account determine it. A secret's ends in `-??????`, which AWS chooses. */
  readonly arn?: string;
}

/**
 * How one thing tells of another. `expression` and `depends_on`: Terraform's own, within a stack. `arn`: the
 * written-out ARN, of the thing or of a part of it (an object of a bucket). `name`: an attribute known to hold such
 * names. `parameter`: a data source that reads a Parameter Store parameter. `arn-pattern`: an ARN with `*` or `?`.
 */
export type ReferenceKind = "expression" | "depends_on" | "arn" | "name" | "parameter" | "arn-pattern";

interface ReferenceBase {
  readonly from: GraphNode;
  /** `policy.Statement[0].Resource[1]`: attribute, and the way into it, also through JSON in strings. */
  readonly path: string;
  /** What is written there: the traversal, the address, the ARN or the name. */
  readonly text: string;
}

/** A reference to exactly one thing. */
export interface DirectReference extends ReferenceBase {
  readonly kind: Exclude<ReferenceKind, "arn-pattern">;
  readonly to: GraphNode;
}

/** A pattern that ARNs match. */
export interface PatternReference extends ReferenceBase {
  readonly kind: "arn-pattern";
  /** All that it matches, looked up when asked for: a broad pattern times all resources would be quadratic. */
  readonly targets: readonly GraphNode[];
}

export type Reference = DirectReference | PatternReference;

/** An expression or `depends_on` that leads to nothing in its stack: a slip, or the output of a module that isn't read. */
export interface UnresolvedReference extends ReferenceBase {
  readonly kind: "expression" | "depends_on";
}

/** What to look a bare name up as; without types no text is taken for a name. */
export interface ResolveOptions {
  /** Types that the value may name, e.g. `aws_sns_topic`. */
  readonly types?: readonly string[];
}

/** All stacks, what is in them, and what refers to what. Every look-up is by index. */
export interface Graph {
  readonly stacks: readonly GraphStack[];
  readonly nodes: readonly GraphNode[];
  /** Every policy document that is attached to something, or could be. */
  readonly policies: readonly PolicyDocument[];
  /** Policies that no rule can judge, with the reason. */
  readonly unreadablePolicies: readonly UnreadablePolicy[];
  readonly unresolved: readonly UnresolvedReference[];
  /** Nodes of one type. @default mode "managed" */
  ofType(type: string, mode?: GraphNode["mode"]): readonly GraphNode[];
  /** By `{stack}/{address}`. */
  node(id: string): GraphNode | undefined;
  /** Managed resources that an ARN means, or a part of which it means. */
  byArn(arn: string): readonly GraphNode[];
  /**
   * Managed resources that an ARN with `*` and `?` matches, or parts of which it matches. With an account, what has
   * no account in its ARN must be of that one, as it must for references from there.
   */
  matching(pattern: string, accountId?: string): readonly GraphNode[];
  /** All of a node; with a path, those of that attribute and what is in it. */
  referencesFrom(node: GraphNode, path?: string): readonly Reference[];
  /** What refers to a node; patterns are left out, see `patternsTo`. */
  referencesTo(node: GraphNode): readonly DirectReference[];
  /** Patterns that a node's ARN matches. */
  patternsTo(node: GraphNode): readonly PatternReference[];
  /** Documents of a node: its own, and those attached to it. A role has its trust policy, its own and its managed ones. */
  policiesOf(node: GraphNode): readonly PolicyDocument[];
  /**
   * What a value leads to: through expressions, locals and variables, data sources and Parameter Store to the
   * resource itself, by ARN, and by name where types are given. The last thing that it leads to, where the way ends
   * earlier: a parameter whose value is a text.
   */
  resolve(value: unknown, stack: GraphStack, options?: ResolveOptions): GraphNode | undefined;
  /** A text with every expression replaced whose value the configuration determines; the others stay. */
  render(text: string, stack: GraphStack): string;
}
