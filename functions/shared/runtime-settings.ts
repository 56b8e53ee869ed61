import { SSMProvider } from "@aws-lambda-powertools/parameters/ssm";
import { SSMClient } from "@aws-sdk/client-ssm";
import { awsClientSettings } from "./aws-client";
import { logger, tracer } from "./powertools";
import { requiredVariables } from "./variables";

/** How old a setting may be, seconds: a change takes effect within it (PLAT-18). */
const maximumAgeSeconds = 60;

/** A setting that operators change at run time, in Parameter Store. */
export interface RuntimeSetting<Value> {
  /** What it must be, in words: "must be …". */
  readonly rule: string;
  /** What a text means, or undefined where it breaks the rule. */
  readonly parse: (text: string) => Value | undefined;
  /** What holds where there is no parameter, or none that can be read: what is safe. */
  readonly default: Value;
}

const flags = new Map([
  ["true", true],
  ["false", false],
]);

/** Nothing is worked on: what is in the queue stays there. */
export const paused: RuntimeSetting<boolean> = {
  rule: 'must be "true" or "false"',
  parse: (text) => flags.get(text),
  default: false,
};

type Definitions = Readonly<Record<string, RuntimeSetting<unknown>>>;

export type RuntimeSettings<D extends Definitions> = { readonly [Name in keyof D]: D[Name]["default"] };

/**
 * Settings as they are now, read again when they are older than a minute. The work doesn't depend on Parameter Store:
 * what can't be read, or breaks its rule, stays as it was last, and the log says so each time that it is read.
 * @param definitions by the names of their parameters under CONFIG_PATH
 */
export function runtimeSettings<D extends Definitions>(definitions: D): () => Promise<RuntimeSettings<D>> {
  const path = configPath();
  const provider = new SSMProvider({ awsSdkV3Client: tracer.captureAWSv3Client(new SSMClient(awsClientSettings)) });
  const names = Object.keys(definitions);
  const defaults = Object.fromEntries(names.map((name) => [name, definitions[name]?.default])) as RuntimeSettings<D>;

  const readAfter = async (last: RuntimeSettings<D>): Promise<RuntimeSettings<D>> => {
    const read = await readTexts(provider, path, names);
    if (read === undefined) return last;
    return Object.fromEntries(
      names.map((name) => [
        name,
        judge(path + name, read[name], definitions[name] as RuntimeSetting<unknown>, last[name]),
      ]),
    ) as RuntimeSettings<D>;
  };

  let current: Promise<RuntimeSettings<D>> = Promise.resolve<RuntimeSettings<D>>(defaults);
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (Date.now() - readAt >= maximumAgeSeconds * 1_000) {
      readAt = Date.now();
      current = current.then(readAfter);
    }
    return current;
  };
}

function configPath(): string {
  const { CONFIG_PATH } = requiredVariables("CONFIG_PATH");
  if (!/^\/.+\/$/.test(CONFIG_PATH))
    throw new Error(`CONFIG_PATH must start and end with a slash (given ${JSON.stringify(CONFIG_PATH)})`);
  return CONFIG_PATH;
}

/** By name: all that there are, in one call. Undefined where Parameter Store doesn't answer. */
async function readTexts(
  provider: SSMProvider,
  path: string,
  names: readonly string[],
): Promise<Record<string, string | undefined> | undefined> {
  // Powertools keeps them too, for its 5 s, and not that one isn't there.
  try {
    const parameters = Object.fromEntries(names.map((name) => [path + name, {}]));
    const read = await provider.getParametersByName<string>(parameters, { throwOnError: false });
    return Object.fromEntries(names.map((name) => [name, read[path + name] as string | undefined]));
  } catch (error) {
    logger.error("Settings can't be read: the last known hold", error as Error);
    return undefined;
  }
}

function judge(
  parameter: string,
  text: string | undefined,
  { rule, parse, default: fallback }: RuntimeSetting<unknown>,
  last: unknown,
): unknown {
  if (text === undefined) {
    // The same in every execution environment, also in those that have known another value.
    logger.warn("There is no such parameter: the default holds", { parameter });
    return fallback;
  }
  const value = parse(text);
  if (value !== undefined) return value;
  logger.error("A setting breaks its rule: the last good value holds", { parameter, rule });
  return last;
}
