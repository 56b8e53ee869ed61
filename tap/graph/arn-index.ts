import { type Arn, chosenByAws, isPattern, literalPrefix, matchesArn, matchesBeginningOfArn, parseArn } from "./arn";
import { identities } from "./identities";
import type { GraphNode } from "./model";
import { push, withPrefix } from "./sorted";

/** A managed resource, and its ARN to be matched. */
interface Entry {
  readonly node: GraphNode;
  readonly arn: string;
}

interface Group {
  readonly entries: Entry[];
  sorted: boolean;
}

/** What AWS puts behind a secret's name. */
const randomEnd = /-[A-Za-z0-9?]{6}$/;

/** Managed resources by their ARNs. */
export class ArnIndex {
  private readonly exact = new Map<string, GraphNode[]>();
  /** By service and account, in the order of ARNs: a pattern of one account never looks at another's. */
  private readonly groups = new Map<string, Group>();

  add(node: GraphNode): void {
    const parsed = node.mode === "managed" && node.arn !== undefined ? parseArn(node.arn) : undefined;
    if (parsed === undefined || node.arn === undefined) return;
    push(this.exact, endsAtRandom(node) ? node.arn.replace(randomEnd, "") : node.arn, node);
    const key = groupKey(parsed.service, ownerOf(parsed, node.accountId));
    const group = this.groups.get(key) ?? { entries: [], sorted: false };
    group.entries.push({ node, arn: arnToMatch(node.arn) });
    group.sorted = false;
    this.groups.set(key, group);
  }

  /** What an ARN without wildcards means: a resource, else that of which it is a part. */
  byArn(text: string): readonly GraphNode[] {
    const whole = this.exact.get(text)?.filter((node) => !endsAtRandom(node)) ?? [];
    if (whole.length > 0) return whole;
    // Secrets Manager's calls also take the ARN without its end.
    const secrets = this.exact.get(text.replace(randomEnd, ""))?.filter(endsAtRandom) ?? [];
    return secrets.length > 0 ? secrets : this.ownersOf(text);
  }

  /**
   * What an ARN with wildcards matches: resources, and those of which it matches parts. Of ARNs without an account,
   * as S3's, only those of the given account, where one is given: in another's a policy alone opens nothing.
   */
  matching(pattern: string, accountId?: string): readonly GraphNode[] {
    const prefix = literalPrefix(pattern);
    // The end of a secret's ARN is AWS's choice: what the pattern says of it is for the comparison.
    const known = prefix.includes(":secretsmanager:") ? prefix.replace(/-[A-Za-z0-9]{0,6}$/, "") : prefix;
    const found = this.groupsOf(pattern, accountId).flatMap(({ entries }) =>
      withPrefix(entries, ({ arn }) => arn, known)
        .filter(({ node, arn }) => isOwn(node, accountId) && arnMatches(pattern, node, arn))
        .map(({ node }) => node),
    );
    return [...new Set([...this.ownersOf(prefix), ...found])];
  }

  /** The longest ARN of which the text is a part: of `table/a/index/b` the table. */
  private ownersOf(text: string): readonly GraphNode[] {
    for (let end = text.length - 1; end > "arn:".length; end -= 1) {
      const separator = text[end] as string;
      if (separator !== "/" && separator !== ":") continue;
      const found = this.exact.get(text.slice(0, end))?.filter(({ type }) => identities[type]?.parts === separator);
      if (found !== undefined && found.length > 0) return found;
    }
    return [];
  }

  private groupsOf(pattern: string, accountId: string | undefined): Group[] {
    const key = keyOfPattern(pattern, accountId);
    const groups = key === undefined ? [...this.groups.values()] : [this.groups.get(key) ?? []].flat();
    for (const group of groups) {
      if (!group.sorted) group.entries.sort((a, b) => (a.arn < b.arn ? -1 : 1));
      group.sorted = true;
    }
    return groups;
  }
}

/** Of an ARN with wildcards: the group that it looks at, or undefined where it leaves service or account open. */
export function keyOfPattern(pattern: string, accountId: string | undefined): string | undefined {
  const parsed = parseArn(pattern);
  if (parsed === undefined || isPattern(parsed.service) || isPattern(parsed.accountId)) return undefined;
  const owner = ownerOf(parsed, accountId);
  return owner === undefined ? undefined : groupKey(parsed.service, owner);
}

/** Whether a pattern of an account may mean a node: one without an account in its ARN must be of the same. */
export function isOwn({ arn = "", accountId: owner }: GraphNode, accountId: string | undefined): boolean {
  return accountId === undefined || owner === accountId || parseArn(arn)?.accountId !== "";
}

/** Account of an ARN; a bucket's names none, and is its stack's. */
export function ownerOf(arn: Arn, accountId: string | undefined): string | undefined {
  return arn.accountId === "" ? accountId : arn.accountId;
}

/** Resources of one service in one account. */
export function groupKey(service: string, accountId: string | undefined): string {
  return `${service} ${accountId ?? "?"}`;
}

/** Whether a pattern matches a resource, or a part of it. */
export function arnMatches(pattern: string, node: GraphNode, arn: string): boolean {
  if (matchesArn(pattern, arn)) return true;
  const separator = identities[node.type]?.parts;
  return separator !== undefined && matchesBeginningOfArn(pattern, arn + separator);
}

/** An ARN to be matched: the `?` at a secret's end is a character, not a wildcard. */
export function arnToMatch(arn: string): string {
  return arn.replaceAll("?", chosenByAws);
}

function endsAtRandom({ type, arn = "" }: GraphNode): boolean {
  return identities[type]?.endsAtRandom === true && randomEnd.test(arn);
}
