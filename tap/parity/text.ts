import { push } from "../graph/sorted";
import type { AgainstReport, Change, ChangedResource, ChangedStack } from "./against";
import type { DeclaredDifference, DeclaringKey, PairReport, ParityFinding, ParityReport } from "./report";

/** Parity for people: each pair with its keys, then what is wrong, then the verdict. */
export function parityText(report: ParityReport): string {
  const { pairs, findings, alike } = report;
  return [
    ...pairs.flatMap((pair) => [...pairLines(pair), ""]),
    ...findingLines(findings),
    ...(alike === 0
      ? []
      : [
          `${count(alike, "place differs", "places differ")} from what the configuration gives now, alike in the environments that were compared: the folder is of another time, tap synth writes it anew.`,
          "",
        ]),
    verdict(report),
  ].join("\n");
}

/** `parity holds: 143 differences, all declared by 31 keys`. */
export function verdict({ holds, pairs, findings }: ParityReport): string {
  const differences = pairs.reduce((sum, pair) => sum + pair.differences.length, 0);
  const keys = new Set(pairs.flatMap((pair) => pair.keys.map(({ key }) => key))).size;
  const declared = `${count(differences, "difference", "differences")}, all declared by ${count(keys, "key", "keys")}`;
  return holds
    ? `parity holds: ${declared}`
    : `parity doesn't hold: ${count(findings.length, "finding", "findings")}, besides ${declared}`;
}

/** What changed between two points in time, by stack. */
export function againstText({ stacks }: AgainstReport, folder: string): string {
  const summary =
    stacks.length === 0
      ? `nothing differs from ${folder}`
      : `${count(stacks.length, "stack differs", "stacks differ")} from ${folder}`;
  return [...stacks.flatMap((stack) => [...stackLines(stack), ""]), summary].join("\n");
}

function pairLines({ environments: [first, second], keys, differences }: PairReport): string[] {
  const examples = new Map<string, DeclaredDifference>();
  for (const difference of differences)
    for (const key of difference.keys) if (!examples.has(key)) examples.set(key, difference);
  return [
    `${first} and ${second}: ${count(differences.length, "difference", "differences")}, declared by ${count(keys.length, "key", "keys")}`,
    ...keys.flatMap((key) => {
      const example = examples.get(key.key);
      const line = `  ${key.key}: ${setting(key, first, second)} (${count(key.differences, "difference", "differences")})`;
      return [line, ...(example ? [`    ${exampleText(example)}`] : [])];
    }),
  ];
}

/** `dev 4, prod 14`; of two lists, what isn't in both. */
function setting({ before, after }: DeclaringKey, first: string, second: string): string {
  const isCommon = (item: unknown) =>
    Array.isArray(before) && Array.isArray(after) && before.includes(item) && after.includes(item);
  const text = (value: unknown) => {
    if (value === undefined) return "not set";
    if (!Array.isArray(value)) return shorten(typeof value === "string" ? value : JSON.stringify(value));
    const own = value.filter((item) => !isCommon(item)).map((item) => JSON.stringify(item));
    return shorten(`[${[...(own.length < value.length ? ["…"] : []), ...own].join(", ")}]`);
  };
  return `${first} ${text(before)}, ${second} ${text(after)}`;
}

function exampleText({ stack, address, path, before, after }: DeclaredDifference): string {
  if (address === undefined) return `the stack ${stack}`;
  if (path === undefined) return `${stack} ${address} is there in one alone`;
  const [a = "not set", b = "not set"] = [before, after].map((value) => JSON.stringify(value));
  return `${stack} ${address} ${path}: ${excerpts(a, b).join(", ")}`;
}

/** Two texts from where they begin to differ, where they are long. */
function excerpts(a: string, b: string): [string, string] {
  const differing = [...a].findIndex((letter, index) => letter !== b[index]);
  const start = Math.max(a.length, b.length) > 60 && differing > 20 ? differing - 20 : 0;
  const from = (text: string) => shorten(start === 0 ? text : `…${text.slice(start)}`);
  return [from(a), from(b)];
}

function findingLines(findings: readonly ParityFinding[]): string[] {
  const byStack = new Map<string, ParityFinding[]>();
  for (const finding of findings) push(byStack, finding.stack, finding);
  return [...byStack].flatMap(([stack, own]) => [stack, ...own.map(findingLine), ""]);
}

function findingLine({ address, path, message, environments }: ParityFinding): string {
  const where = [address, path].filter((part) => part !== undefined).join(" ");
  return `  ${where === "" ? "the stack" : where} ${message} (${environments.join(" and ")})`;
}

const signs: Readonly<Record<Change, string>> = { added: "+", removed: "-", changed: "~" };

function stackLines({ stack, change, resources }: ChangedStack): string[] {
  return [`${signs[change]} ${stack}`, ...resources.flatMap(resourceLines)];
}

function resourceLines({ address, change, attributes }: ChangedResource): string[] {
  const text = (value: unknown) => (value === undefined ? "not set" : shorten(JSON.stringify(value), 120));
  return [
    `  ${signs[change]} ${address}`,
    ...attributes.map(({ path, before, after }) => `      ${path}: ${text(before)} → ${text(after)}`),
  ];
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function shorten(text: string, length = 60): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
