import type { Graph, GraphNode } from "../graph/model";
import type { TerraformJson } from "../graph/terraform-json";
import type { Finding } from "./requirement";

/**
 * How bad it is where a rule doesn't hold. `critical`: somebody else reads, changes or runs something now. `high`: one
 * more mistake, and they do, or data is lost. `medium`: it is noticed late, or recovered with effort. `low`: it costs
 * money or time.
 */
export type Severity = "critical" | "high" | "medium" | "low";

/** By weight, the worst first. */
export const severities: readonly Severity[] = ["critical", "high", "medium", "low"];

/** What a project knows that no configuration says. */
export interface AuditSettings {
  /** Routes that anybody may call, as `GET /health`. @default none */
  readonly publicRoutes: readonly string[];
  /** Concurrent executions that Lambda gives an account in a region (Lambda quotas). @default 1000 */
  readonly accountConcurrency: number;
}

export const defaultSettings: AuditSettings = { publicRoutes: [], accountConcurrency: 1_000 };

/** Something that any configuration in Terraform's JSON can be asked. */
export interface Rule {
  /** Of lower-case words, the service first: `s3-bucket-versioning`. Reports and acknowledgements name it: it never changes. */
  readonly id: string;
  /** What holds where there is no finding, in a few words: `Buckets keep old versions`. */
  readonly title: string;
  readonly severity: Severity;
  /** What goes wrong in an account where it doesn't hold. */
  readonly why: string;
  /** What to do about a finding, with the argument to set. */
  readonly fix: string;
  /** The same elsewhere: `FSBP S3.14`, `CIS AWS v3.0.0 2.1.1`, `CKV_AWS_21`; a page of AWS's guides. */
  readonly references: readonly string[];
  /** Stacks that break it, and that don't; tests run both. */
  readonly examples: { readonly failing: Example; readonly passing: Example };
  judge(graph: Graph, settings: AuditSettings): Finding[];
}

/** The configuration of one stack, or of several by their names. */
export type Example = TerraformJson | { readonly stacks: Readonly<Record<string, TerraformJson>> };

/** A rule that every managed resource of some types answers for itself: what is wrong with it, a sentence each. */
export function judgeResources(
  types: string | readonly string[],
  problemsOf: (node: GraphNode, graph: Graph, settings: AuditSettings) => readonly string[],
): Rule["judge"] {
  return (graph, settings) =>
    [types]
      .flat()
      .flatMap((type) => graph.ofType(type))
      .flatMap((node) => findings(node, problemsOf(node, graph, settings)));
}

/** Findings about one resource. */
export function findings({ stack, address }: GraphNode, messages: readonly string[]): Finding[] {
  return messages.map((message) => ({ stack: stack.id, address, message }));
}

/** A value that Terraform works out, or that a variable without a default gives: nobody knows it yet. */
export const unknown = Symbol("unknown");

/**
 * What an attribute's value is, expressions replaced as far as the configuration determines them. A value that is not
 * known yet breaks no rule: the plan shows it.
 */
export function knownValue(graph: Graph, node: GraphNode, value: unknown): unknown {
  if (typeof value !== "string") return value;
  const rendered = graph.render(value, node.stack);
  return rendered.includes("${") ? unknown : rendered;
}

/** Whether an attribute is on: a block's own, or a resource's. Unknown counts as on. */
export function isOn(graph: Graph, node: GraphNode, value: unknown): boolean {
  const known = knownValue(graph, node, value);
  return known === unknown || known === true || known === "true";
}

/** Whether an attribute is set to anything, known or not. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
