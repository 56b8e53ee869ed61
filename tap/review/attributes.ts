import type { Change } from "./change";
import { type Difference, differencesOf } from "./differences";
import type { AttributeDiff } from "./model";
import { isComputed } from "./rules/settings";
import { cleanAddress, cleanText, shownValue, without, withoutIn } from "./shown";
import { asJson, isEmpty, isSame, unknownValue } from "./values";

/** Attributes of one change that are listed. */
const most = { create: 12, others: 40 };
/** Of something new, what says least. */
const dull = /^(?:region|timeouts(?:\..*)?|tags_all(?:\..*)?)$/;

/** The attributes that differ, as anybody may see them. */
export function attributesOf(change: Change): { attributes: AttributeDiff[]; attributesLeft: number } {
  const isNew = change.action === "create";
  const told = withoutTwins(change.differences).filter((difference) => saysSomething(change, difference));
  const limit = isNew ? most.create : most.others;
  const attributes: AttributeDiff[] = [];
  let left = 0;
  for (const difference of told) {
    if (attributes.length >= limit) {
      left += 1;
      continue;
    }
    const shown = shownAttributes(change, difference, isNew);
    const room = limit - attributes.length;
    attributes.push(...shown.slice(0, room));
    left += Math.max(0, shown.length - room);
  }
  return { attributes, attributesLeft: left };
}

/** Of something new what is set; of something made anew not what AWS will say of it. */
function saysSomething({ action, replacedBy }: Change, { name, path, after }: Difference): boolean {
  const isUnknown = after === unknownValue;
  if (action === "create") return !(dull.test(name) || isEmpty(after) || isUnknown);
  return !isUnknown || replacedBy.includes(path) || (action !== "replace" && !isComputed(name));
}

/** The provider repeats all tags in `tags_all`. */
function withoutTwins(differences: readonly Difference[]): readonly Difference[] {
  const names = new Set(differences.map(({ name }) => name));
  return differences.filter(
    ({ name }) => !(name.startsWith("tags_all") && names.has(name.replace("tags_all", "tags"))),
  );
}

function shownAttributes(change: Change, difference: Difference, isNew: boolean): AttributeDiff[] {
  const { before, after, path, isSensitive } = difference;
  const [old, now] = [asJson(before), asJson(after)];
  if (isSensitive || isNew || old === undefined || now === undefined) return [shownOne(change, difference)];
  if (isSame(old, now))
    return [{ path: cleanText(path, 300), before: "(JSON)", after: "(the same JSON, written differently)" }];
  return differencesOf({ before: old, after: now }, `${path}: `).map((inner) => shownOne(change, inner));
}

function shownOne(change: Change, { path, name, before, after, isSensitive }: Difference): AttributeDiff {
  const shown = (value: unknown) => {
    const text = shownValue(withoutIn(value, change.secrets), name, isSensitive);
    return text === undefined ? undefined : without(text, change.secrets);
  };
  const [from, to] = [shown(before), shown(after)];
  const forces = change.replacedBy.some(
    (each) => path === each || path.startsWith(`${each}.`) || path.startsWith(`${each}[`),
  );
  return {
    path: without(cleanAddress(path), change.secrets),
    ...(from === undefined ? {} : { before: from }),
    ...(to === undefined ? {} : { after: to }),
    ...(forces ? { forcesReplacement: true as const } : {}),
  };
}
