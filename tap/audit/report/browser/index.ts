import type { PageData } from "../page-data";

/** A reference as a node's details have it. */
export interface Link {
  /** The other end: places of its stack and of its node. */
  readonly stack: number;
  readonly node: number;
  /** What leads there, as `policy.Statement[0].Resource (by arn)`. */
  readonly ways: string[];
}

/** Look-ups over the page's data. Runs in browsers, and may use nothing from outside itself (script.ts). */
export function makeIndex(data: Pick<PageData, "stacks" | "findings" | "paths" | "kinds">) {
  const out = new Map<string, Map<string, Link>>();
  const back = new Map<string, Map<string, Link>>();
  /** Ways of which the path alone says enough. */
  const byItself: readonly string[] = ["expression", "depends_on"];
  const keyOf = (stack: number, node: number) => `${stack}:${node}`;

  const add = (index: Map<string, Map<string, Link>>, own: string, stack: number, node: number, way: string) => {
    const links = index.get(own) ?? new Map<string, Link>();
    index.set(own, links);
    const link = links.get(keyOf(stack, node)) ?? { stack, node, ways: [] };
    links.set(keyOf(stack, node), link);
    link.ways.push(way);
  };

  const join = (fromStack: number, from: number, toStack: number, to: number, kind: number, path: number) => {
    const way = [
      data.paths[path] ?? "",
      ...(byItself.includes(data.kinds[kind] ?? "") ? [] : [`(by ${data.kinds[kind]})`]),
    ].join(" ");
    add(out, keyOf(fromStack, from), toStack, to, way);
    add(back, keyOf(toStack, to), fromStack, from, way);
  };

  data.stacks.forEach((stack, at) => {
    for (const [from, to, kind, path] of stack.references) join(at, from, at, to, kind, path);
    for (const [from, other, to, kind, path] of stack.abroad) join(at, from, other, to, kind, path);
  });

  const onNode = new Map<string, PageData["findings"][number][]>();
  const inStack = new Map<number, PageData["findings"][number][]>();
  const put = <K>(lists: Map<K, PageData["findings"][number][]>, key: K, finding: PageData["findings"][number]) => {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [finding]);
    else list.push(finding);
  };
  for (const finding of data.findings) {
    put(onNode, keyOf(finding.stack, finding.node), finding);
    put(inStack, finding.stack, finding);
  }

  return {
    /** What a node refers to, here and in other stacks. */
    refersTo: (stack: number, node: number): Link[] => [...(out.get(keyOf(stack, node))?.values() ?? [])],
    referredBy: (stack: number, node: number): Link[] => [...(back.get(keyOf(stack, node))?.values() ?? [])],
    /** Findings about a node; with -1 those about the stack as a whole. */
    findingsOn: (stack: number, node: number): PageData["findings"] => onNode.get(keyOf(stack, node)) ?? [],
    findingsIn: (stack: number): PageData["findings"] => inStack.get(stack) ?? [],
  };
}
