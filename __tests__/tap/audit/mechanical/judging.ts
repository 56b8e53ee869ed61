import { type BundledCode, callsInBundles, judgeLeastPrivilege } from "../../../../tap/audit/privilege/least-privilege";
import { type Finding, type Subject, type Synthesized, toSubject } from "../../../../tap/audit/requirement";
import { requirements } from "../../../../tap/audit/requirements";
import { rules } from "../../../../tap/audit/rules";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type MechanicalMutation, mutationsOfResource } from "./mutations";

/*
 * Whether a change is found, and by what. A finding counts where it names, by stack and address,
 *  - the resource that was changed, or its twin: what has its address in the environment's other region;
 *  - or, where it is gone, its stack and, in the message, its type or its name in AWS;
 *  - or one that is joined with it by a direct reference of the graph, before the change or after it.
 * Whatever else is found doesn't count.
 */

/** Everything that stacks are judged by. */
export interface Judge {
  readonly id: string;
  judge(subject: Subject): readonly Finding[];
}

export function auditJudges(code: Readonly<Record<string, BundledCode>>, publicRoutes: readonly string[]): Judge[] {
  const settings = { publicRoutes, accountConcurrency: 1_000 };
  return [
    ...requirements.map(({ id, judge }) => ({ id, judge })),
    ...rules.map(({ id, judge }) => ({ id, judge: ({ graph }: Subject) => judge(graph, settings) })),
    { id: "least-privilege", judge: ({ graph }) => judgeLeastPrivilege(graph, callsInBundles(graph, code)) },
  ];
}

export interface Verdict {
  readonly caught: "on the resource" | "on a joined resource" | "by parity only" | "no";
  /** Who found it. */
  readonly by?: string;
  /** What was found elsewhere. */
  readonly elsewhere: readonly string[];
}

/** One environment's stacks, to be judged again and again with one change each. */
export interface Ground {
  readonly subject: Subject;
  /** Whether a change is found, made in its stack alone or, with `everywhere`, in its twins as well. */
  verdictOn(mutation: MechanicalMutation, scope: { readonly everywhere: boolean }): Verdict;
}

/**
 * @param judges everything that stacks are judged by
 * @param parity what the comparison of environments finds in a changed stack; asked last
 */
export function groundOf(
  synthesized: Synthesized,
  judges: readonly Judge[],
  parity: (changed: StackJson) => readonly Finding[] = () => [],
): Ground {
  const subject = toSubject(synthesized);
  const keyOf = (id: string, { stack, address, message }: Finding) => [id, stack, address, message].join("\n");
  const known = new Set<string>();
  const timed = judges.map((each) => {
    const start = performance.now();
    for (const finding of each.judge(subject)) known.add(keyOf(each.id, finding));
    return { each, milliseconds: performance.now() - start };
  });
  const quickestFirst = timed.sort((a, b) => a.milliseconds - b.milliseconds).map(({ each }) => each);
  // Whoever found a change of a type goes first the next time.
  const orders = new Map<string, Judge[]>();
  const ask = (changed: Subject, { type }: MechanicalMutation, nameOf: (finding: Finding) => Named): Verdict => {
    const order = orders.get(type) ?? [...quickestFirst];
    orders.set(type, order);
    const elsewhere: string[] = [];
    for (const [index, { id, judge }] of order.entries()) {
      const found = judge(changed).filter((finding) => !known.has(keyOf(id, finding)));
      const named = found.map(nameOf);
      if (named.some((each) => each !== "another")) {
        order.unshift(...order.splice(index, 1));
        return {
          caught: named.includes("the resource") ? "on the resource" : "on a joined resource",
          by: id,
          elsewhere,
        };
      }
      elsewhere.push(...found.map(({ stack, address, message }) => `${id} ${stack} ${address}: ${message}`));
    }
    return { caught: "no", elsewhere };
  };
  return {
    subject,
    verdictOn(mutation, { everywhere }) {
      const stacks = synthesized.stacks.map((stack) => changedStack(stack, mutation, subject, everywhere));
      const changed = toSubject({ ...synthesized, stacks });
      const nameOf = whatIsNamed(mutation, subject, changed);
      const verdict = ask(changed, mutation, nameOf);
      const own = stacks.find(({ id }) => id === mutation.stack);
      if (everywhere || verdict.caught !== "no" || own === undefined) return verdict;
      const isFound = parity(own).some((finding) => nameOf(finding) === "the resource");
      return isFound ? { ...verdict, caught: "by parity only", by: "parity" } : verdict;
    },
  };
}

function changedStack(
  stack: StackJson,
  mutation: MechanicalMutation,
  subject: Subject,
  everywhere: boolean,
): StackJson {
  if (stack.id === mutation.stack) return mutation.applied(stack);
  if (!everywhere || !isTwin(stack, mutation.stack, subject)) return stack;
  const [, name = ""] = mutation.address.split(".");
  const twin = mutationsOfResource(stack, subject.graph, mutation.type, name).find(
    ({ path, kind, what }) => path === mutation.path && kind === mutation.kind && what === mutation.what,
  );
  return twin?.applied(stack) ?? stack;
}

/** Whether it is the same component's in the environment's other region. */
function isTwin(stack: StackJson, id: string, { stacks }: Synthesized): boolean {
  const own = stacks.find((each) => each.id === id);
  return stack.component === own?.component && stack.environmentSuffix === own.environmentSuffix && stack.id !== id;
}

type Named = "the resource" | "joined" | "another";

/** What a finding names. */
function whatIsNamed(mutation: MechanicalMutation, before: Subject, after: Subject): (finding: Finding) => Named {
  const stacks = new Set([
    mutation.stack,
    ...before.stacks.filter((stack) => isTwin(stack, mutation.stack, before)).map(({ id }) => id),
  ]);
  const addresses = [mutation.address, ...(mutation.kind === "readdressed" ? [`${mutation.address}_x`] : [])];
  const own = new Set([...stacks].flatMap((stack) => addresses.map((address) => `${stack}/${address}`)));
  const joined = new Set(
    [before, after].flatMap(({ graph }) =>
      [...own].flatMap((id) => {
        const node = graph.node(id);
        if (node === undefined) return [];
        const to = graph.referencesFrom(node).flatMap((each) => ("to" in each ? [each.to.id] : []));
        return [...to, ...graph.referencesTo(node).map(({ from }) => from.id)];
      }),
    ),
  );
  const physicalName = before.graph.node(`${mutation.stack}/${mutation.address}`)?.physicalName;
  return ({ stack, address, message }) => {
    const id = `${stack}/${address}`;
    if (own.has(id)) return "the resource";
    const isGone = mutation.kind === "removed" && address === undefined && stacks.has(stack ?? "");
    if (isGone && [mutation.type, physicalName].some((name) => name !== undefined && message.includes(name)))
      return "the resource";
    return joined.has(id) ? "joined" : "another";
  };
}
