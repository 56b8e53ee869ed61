import { remembering } from "./remembering";

/** `arn:{partition}:{service}:{region}:{account}:{resource}` */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly resource: string;
}

/** Partition, service, region, account; the rest may hold anything but blanks. */
const arnPattern = /^arn:([\w*?-]+):([\w*?-]+):([\w*?-]*):([\w*?-]*):(\S+)$/;

export function parseArn(text: string): Arn | undefined {
  return text.startsWith("arn:") ? parsed(text) : undefined;
}

const parsed = remembering((text): Arn | undefined => {
  const [, partition, service, region, accountId, resource] = arnPattern.exec(text) ?? [];
  if (partition === undefined || service === undefined || region === undefined) return undefined;
  if (accountId === undefined || resource === undefined) return undefined;
  return { partition, service, region, accountId, resource };
});

/** Partition that a region belongs to. */
export function partitionOf(region: string | undefined): string {
  if (region?.startsWith("cn-")) return "aws-cn";
  if (region?.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

/** What stands before the first wildcard. */
export function literalPrefix(pattern: string): string {
  const end = pattern.search(/[*?]/);
  return end === -1 ? pattern : pattern.slice(0, end);
}

/** In a text to be matched: one character that AWS will choose, a letter or a digit. */
export const chosenByAws = "\uFFFF";

/** Whether a pattern, in which `*` is any text and `?` any character, matches the whole text. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (pattern === text || pattern === "*") return true;
  let place = 0;
  let index = 0;
  // Where the last star was met, and how much of the text it stands for by now: a star before it needs no other try.
  let star = -1;
  let taken = 0;
  while (index < text.length) {
    if (pattern[place] === "*") {
      star = place;
      taken = index;
      place += 1;
    } else if (place < pattern.length && matchesCharacter(pattern[place] as string, text[index] as string)) {
      place += 1;
      index += 1;
    } else if (star !== -1) {
      taken += 1;
      index = taken;
      place = star + 1;
    } else return false;
  }
  while (pattern[place] === "*") place += 1;
  return place === pattern.length;
}

/** Whether a pattern matches some text that begins with this one. */
export function matchesBeginning(pattern: string, beginning: string): boolean {
  if (pattern[0] !== "*" && !matchesCharacter(pattern[0] ?? "", beginning[0] ?? "")) return beginning === "";
  return statesAfter(pattern, beginning).size > 0;
}

/** Whether an ARN with wildcards matches an ARN. IAM compares the six parts each for itself: no `*` reaches over a colon. */
export function matchesArn(pattern: string, arn: string): boolean {
  return matchesParts(pattern, arn, matchesPattern);
}

/** Whether an ARN with wildcards matches one that begins like that. */
export function matchesBeginningOfArn(pattern: string, beginning: string): boolean {
  return matchesParts(pattern, beginning, matchesBeginning);
}

function matchesParts(pattern: string, arn: string, matches: (pattern: string, text: string) => boolean): boolean {
  const parsed = parseArn(pattern);
  const parts = parseArn(arn);
  // `*` alone is all there is besides ARNs; one of fewer parts IAM refuses.
  if (parsed === undefined || parts === undefined) return !pattern.startsWith("arn:") && matches(pattern, arn);
  return (
    matchesPattern(parsed.partition, parts.partition) &&
    matchesPattern(parsed.service, parts.service) &&
    matchesPattern(parsed.region, parts.region) &&
    matchesPattern(parsed.accountId, parts.accountId) &&
    matches(parsed.resource, parts.resource)
  );
}

/** Places in the pattern that can be reached when the text is used up: no backtracking, whatever the pattern. */
function statesAfter(pattern: string, text: string): Set<number> {
  let states = withSkippedStars(pattern, [0]);
  for (const character of text) {
    if (states.size === 0) return states;
    const next: number[] = [];
    for (const state of states) {
      const expected = pattern[state];
      if (expected === "*") next.push(state);
      else if (expected !== undefined && matchesCharacter(expected, character)) next.push(state + 1);
    }
    states = withSkippedStars(pattern, next);
  }
  return states;
}

/** A star also stands for nothing. */
function withSkippedStars(pattern: string, states: readonly number[]): Set<number> {
  const reached = new Set<number>();
  for (let state of states) {
    reached.add(state);
    while (pattern[state] === "*") {
      state += 1;
      reached.add(state);
    }
  }
  return reached;
}

function matchesCharacter(expected: string, character: string): boolean {
  if (expected === "?" || expected === character) return true;
  return character === chosenByAws && /[A-Za-z0-9]/.test(expected);
}
