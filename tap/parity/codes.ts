/**
 * A different half of as few groups as possible for each of some items: whoever is in the groups that something shows
 * in, and in no others, has caused it. All are in the same number of groups, so that what two cause only together shows in
 * fewer, and what either of them causes in more: neither is mistaken for what a third one causes.
 */
export function codesOf(count: number): readonly (readonly number[])[] {
  const groups = groupsFor(count);
  return combinations(groups, Math.floor(groups / 2)).slice(0, count);
}

/** How many groups that takes: 20 items take 6, 70 take 8. */
export function groupsFor(count: number): number {
  let groups = 1;
  while (combinations(groups, Math.floor(groups / 2)).length < count) groups += 1;
  return groups;
}

function combinations(of: number, take: number): number[][] {
  if (take === 0) return [[]];
  if (take > of) return [];
  return [...combinations(of - 1, take - 1).map((rest) => [...rest, of - 1]), ...combinations(of - 1, take)];
}
