import { chosenByAws, literalPrefix, parseArn } from "./arn";
import { arnMatches, arnToMatch, groupKey, isOwn, keyOfPattern, ownerOf } from "./arn-index";
import type { GraphNode, PatternReference } from "./model";
import { push, withPrefix } from "./sorted";

/** Patterns of one service and account, by what stands before their first wildcard. */
interface Group {
  readonly byPrefix: Map<string, PatternReference[]>;
  /** Lengths of those beginnings: an ARN is looked up once for each. */
  readonly lengths: Set<number>;
  readonly sorted: readonly string[];
}

/** Patterns by what they match: the question from the other side, without trying every pattern on every resource. */
export class PatternIndex {
  private readonly groups = new Map<string, Group>();
  /** Those that leave service or account open. */
  private readonly open: Group;
  /** Those without an account, as S3's: they may name a bucket of another account and mean what is in it. */
  private readonly withoutAccount: Group;

  constructor(patterns: Iterable<PatternReference>) {
    const byKey = new Map<string, PatternReference[]>();
    const open: PatternReference[] = [];
    const withoutAccount: PatternReference[] = [];
    for (const pattern of patterns) {
      const key = keyOfPattern(pattern.text, pattern.from.accountId);
      if (key === undefined) open.push(pattern);
      else push(byKey, key, pattern);
      if (parseArn(pattern.text)?.accountId === "") withoutAccount.push(pattern);
    }
    for (const [key, list] of byKey) this.groups.set(key, groupOf(list));
    this.open = groupOf(open);
    this.withoutAccount = groupOf(withoutAccount);
  }

  /** All patterns that match a resource, or a part of it. */
  to(node: GraphNode): PatternReference[] {
    const parsed = node.mode === "managed" && node.arn !== undefined ? parseArn(node.arn) : undefined;
    if (parsed === undefined || node.arn === undefined) return [];
    const arn = arnToMatch(node.arn);
    const own = this.groups.get(groupKey(parsed.service, ownerOf(parsed, node.accountId)));
    const found = [own ?? [], this.open]
      .flat()
      .flatMap((group) => [...shorter(group, arn), ...longer(group, arn)])
      .filter(({ from }) => isOwn(node, from.accountId));
    const named = longer(this.withoutAccount, arn);
    return [...new Set([...found, ...named])].filter(({ text }) => arnMatches(text, node, arn));
  }
}

function groupOf(patterns: readonly PatternReference[]): Group {
  const byPrefix = new Map<string, PatternReference[]>();
  for (const pattern of patterns) push(byPrefix, literalPrefix(pattern.text), pattern);
  const prefixes = [...byPrefix.keys()];
  return { byPrefix, lengths: new Set(prefixes.map(({ length }) => length)), sorted: prefixes.sort() };
}

/** Patterns whose beginning is one of the ARN's. */
function shorter({ byPrefix, lengths }: Group, arn: string): PatternReference[] {
  const known = knownPart(arn);
  return [...lengths]
    .filter((length) => length <= known.length)
    .flatMap((length) => byPrefix.get(known.slice(0, length)) ?? []);
}

/** Patterns whose beginning goes on where the ARN ends. */
function longer({ byPrefix, sorted }: Group, arn: string): PatternReference[] {
  const known = knownPart(arn);
  return withPrefix(sorted, (prefix) => prefix, known)
    .filter(({ length }) => length > known.length)
    .flatMap((prefix) => byPrefix.get(prefix) ?? []);
}

function knownPart(arn: string): string {
  return arn.replaceAll(chosenByAws, "");
}
