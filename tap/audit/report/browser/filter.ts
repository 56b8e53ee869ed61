import type { PageData, PageFinding } from "../page-data";

/** What a reader asked to see. */
export interface Filter {
  /** Words that must all be there, whatever their case. */
  readonly search: string;
  /** Severities to show; empty for all. */
  readonly severities: readonly string[];
  /** Id of a rule; empty for all. */
  readonly rule: string;
  /** Id of a stack; empty for all. */
  readonly stack: string;
}

/** Tests of what is shown. Runs in browsers, and may use nothing from outside itself (script.ts). */
export function makeFilter(data: Pick<PageData, "rules" | "stacks" | "types">) {
  const texts = new Map<object, string>();
  const textOf = (key: object, parts: () => readonly string[]): string => {
    const known = texts.get(key) ?? parts().join("\n").toLowerCase();
    texts.set(key, known);
    return known;
  };

  const hasWords = (text: string, search: string): boolean =>
    search
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word));

  return {
    hasWords,

    /** Findings that a filter lets through. */
    findings<T extends PageFinding>(findings: readonly T[], { search, severities, rule, stack }: Filter): T[] {
      return findings.filter((finding) => {
        const of = data.rules[finding.rule];
        if (of === undefined) return false;
        if (severities.length > 0 && !severities.includes(of.severity)) return false;
        if (rule !== "" && of.id !== rule) return false;
        if (stack !== "" && data.stacks[finding.stack]?.id !== stack) return false;
        return hasWords(
          textOf(finding, () => [of.id, of.title, finding.place, finding.message]),
          search,
        );
      });
    },

    /** Rules that a filter lets through. */
    rules(rules: PageData["rules"], { search, severities }: Filter): PageData["rules"] {
      return rules.filter(
        (rule) =>
          (severities.length === 0 || severities.includes(rule.severity)) &&
          hasWords(
            textOf(rule, () => [rule.id, rule.title, rule.why, rule.fix, ...rule.references]),
            search,
          ),
      );
    },

    /** Nodes of a stack that have the words, by their places. */
    nodes(stack: PageData["stacks"][number], search: string): number[] {
      return stack.nodes.flatMap((node, at) => {
        const text = textOf(node, () => [data.types[node[0]]?.name ?? "", node[1]]);
        return hasWords(text, search) ? [at] : [];
      });
    },
  };
}
