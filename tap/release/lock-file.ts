import { ConfigError, type ConfigProblem } from "../../config/errors";
import { readText } from "../graph/read-cdktf";
import type { TerraformJson } from "../graph/terraform-json";
import { providersOf } from "./tools";

/** One provider of a `.terraform.lock.hcl`, as Terraform itself writes it. */
const providerBlock = /^provider "([^"]+)" \{\n(?:.*\n)*?\}\n?/gm;

/**
 * The text of a lock file that has what all stacks ask for.
 * @throws ConfigError with everything that it lacks
 */
export function checkLockFile(path: string, stacks: readonly TerraformJson[]): string {
  const text = readText(path).replaceAll("\r\n", "\n");
  const locked = new Map(blocksOf(text).map(({ source, block }) => [source, block]));
  const wanted = new Map(stacks.flatMap(providersOf));
  const problems = [...wanted].flatMap(([source, version]): ConfigProblem[] => {
    const block = locked.get(source);
    const say = (message: string) => [{ path: "--lock-file", value: path, message }];
    if (block === undefined) return say(`has no provider ${source}, which stacks ask for; ${howToMake}`);
    const found = /^\s*version\s*=\s*"([^"]*)"/m.exec(block)?.[1];
    if (/^[\d.]+$/.test(version) && found !== version)
      return say(`has version ${found} of ${source}, where stacks ask for ${version}; ${howToMake}`);
    if (!/"(h1|zh):/.test(block)) return say(`has no checksum of ${source}; ${howToMake}`);
    return [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return text;
}

const howToMake =
  "terraform providers lock -platform=linux_amd64 -platform=darwin_arm64, in a stack's folder that has both providers, makes it";

/** What one stack needs of it: Terraform takes no lock file read-only that has more. */
export function lockFileFor(text: string, json: object): string {
  const wanted = new Set(providersOf(json as TerraformJson).map(([source]) => source));
  const blocks = blocksOf(text).filter(({ source }) => wanted.has(source));
  return blocks
    .map(({ block }) => block.trimEnd())
    .join("\n\n")
    .concat("\n");
}

function blocksOf(text: string): { source: string; block: string }[] {
  return [...text.matchAll(providerBlock)].map(([block, source = ""]) => ({ source, block }));
}
