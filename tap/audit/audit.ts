import type { BackendSettings } from "../../config/backend";
import type { Environment } from "../../config/environment";
import { CommandError } from "../context";
import { buildGraph } from "../graph/build";
import type { StackSource } from "../graph/configuration";
import type { Graph } from "../graph/model";
import { noteOnModules } from "../graph/read-modules";
import { parseStackId } from "../graph/stack-id";
import { type Acknowledgement, acknowledgementRules, applyAcknowledgements } from "./acknowledgements";
import type { Finding, Requirement } from "./requirement";
import { requirements } from "./requirements";
import { type AuditResult, auditFindings, metaOf, type RuleMeta } from "./result";
import type { AuditSettings } from "./rule";
import { rules } from "./rules";
import type { StackJson } from "./stack-json";

/** What only this project's own stacks can be asked: what its configuration wants of them. */
export interface OwnProject {
  readonly stacks: readonly StackJson[];
  readonly environments: readonly Environment[];
  readonly backend: BackendSettings;
}

export interface AuditRequest {
  readonly sources: readonly StackSource[];
  /** @default undefined: stacks of anybody's, which requirements say nothing about */
  readonly own?: OwnProject;
  readonly settings: AuditSettings;
  readonly acknowledgements: readonly Acknowledgement[];
  /** Judged beside the rules, on the same graph. @default none */
  readonly more?: readonly Judge[];
  /** Ids of rules that there are, and that are not judged. @default none */
  readonly otherRules?: readonly string[];
  /** The day for which acknowledgements hold, as `2026-01-31`. */
  readonly today: string;
  /** What isn't judged, and why. @default nothing */
  readonly notes?: readonly string[];
}

/** A rule, and what it says of a graph. */
export interface Judge {
  readonly rule: RuleMeta;
  judge(graph: Graph): Finding[];
}

/** Everything that is wrong with these stacks. */
export function audit(request: AuditRequest): AuditResult {
  const start = performance.now();
  const graph = graphOf(request.sources);
  const judges = [...judgesOf(request), ...(request.more ?? [])];
  const findings = judges.flatMap(({ rule, judge }) =>
    auditFindings(
      rule,
      attempt(() => judge(graph)),
    ),
  );
  const { left, acknowledged, problems } = applyAcknowledgements(findings, request.acknowledgements, request.today, {
    isStack: stacksThatAreKnown(request),
    rules: new Set(judges.map(({ rule }) => rule.id)),
    knownRules: [...judges.map(({ rule }) => rule.id), ...(request.otherRules ?? [])],
  });
  const resources = new Map<string, number>();
  for (const { mode, stack } of graph.nodes)
    if (mode === "managed") resources.set(stack.id, (resources.get(stack.id) ?? 0) + 1);
  return {
    stacks: request.sources.map(({ id, file }) => ({
      id,
      resources: resources.get(id) ?? 0,
      ...(file === undefined ? {} : { file }),
    })),
    rules: [...judges.map(({ rule }) => rule), ...acknowledgementRules],
    findings: [...left, ...problems],
    acknowledged,
    milliseconds: performance.now() - start,
    notes: [...(request.notes ?? []), ...noteOnModules(request.sources)],
  };
}

/**
 * Whether a stack was judged, or would have been, if it were there: of this project, whole environments are. No
 * environment that wasn't judged says anything of its acknowledgements.
 */
function stacksThatAreKnown({ sources, own }: AuditRequest): (id: string) => boolean {
  const ids = new Set(sources.map(({ id }) => id));
  const suffixes = new Set(own?.environments.map(({ environmentSuffix }) => environmentSuffix));
  return (id) => {
    const parts = parseStackId(id);
    return ids.has(id) || (own !== undefined && (parts === undefined || suffixes.has(parts.environmentSuffix)));
  };
}

/** @throws CommandError where a configuration is nested deeper than can be followed */
function graphOf(sources: readonly StackSource[]): Graph {
  try {
    return buildGraph(sources);
  } catch (error) {
    if (!(error instanceof RangeError && /call stack/.test(error.message))) throw error;
    throw new CommandError("A configuration is nested too deep to be judged: no resource of AWS is.");
  }
}

function judgesOf({ own, settings }: AuditRequest): Judge[] {
  const ofAnybody = rules.map((rule) => ({ rule: metaOf(rule), judge: (graph: Graph) => rule.judge(graph, settings) }));
  if (own === undefined) return ofAnybody;
  const ofThisProject = requirements.map((requirement) => ({
    rule: requirementRule(requirement),
    judge: (graph: Graph) => requirement.judge({ ...own, graph }),
  }));
  return [...ofAnybody, ...ofThisProject];
}

function requirementRule({ id, checks, why }: Requirement): RuleMeta {
  return {
    id,
    title: checks,
    severity: "high",
    why,
    fix: `Bring the stack back to what ${id} of docs/requirements.md asks for: the message says what is expected.`,
    references: [],
  };
}

/** What docs/requirements.md asks of this project's own stacks, as reports have it. */
export const requirementRules: readonly RuleMeta[] = requirements.map(requirementRule);

/** What a rule can't judge is a finding too: nothing passes because a rule broke. */
function attempt(judge: () => Finding[]): Finding[] {
  try {
    return judge();
  } catch (error) {
    return [
      { message: `could not be judged (${(error as Error).message}): the rule doesn't know such a configuration` },
    ];
  }
}
