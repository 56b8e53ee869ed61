import type { Arguments } from "../arguments";
import type { Value } from "../values";

/** What a resource has beside its arguments, by the names of Terraform's provider: `arn`, `id`. */
export type Computed = Readonly<Record<string, Value>>;

/** What was made of a resource. */
export interface Made {
  /** Its arguments at that time. */
  readonly values: Readonly<Record<string, Value>>;
  readonly computed: Computed;
}

/** Settings that every client is made with. */
export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

/** Where a resource is made. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
  /** Of the emulator: http://127.0.0.1:4566 */
  readonly endpoint: string;
  /** The client of this class, for the account and region. */
  readonly client: <Client>(of: new (settings: ClientSettings) => Client) => Client;
  /** The zip that an `output_path` of an archive means. */
  readonly archive: (path: string) => Promise<Uint8Array>;
}

/** How resources of one type are made. */
export interface ResourceType {
  /** Arguments that do nothing in an emulator, with the reason. */
  readonly ignored?: Readonly<Record<string, string>>;
  /**
   * @param begun told by a creation of several calls once the thing is there: where a later call fails, the next run
   * removes it, and makes it again
   */
  create(given: Arguments, place: Place, begun: (computed: Computed) => void): Promise<Computed>;
  /** Arguments whose change makes it another one: it is deleted, and made again. */
  readonly replacedBy?: readonly string[];
  /** Changes it in place. Without it, each change deletes the resource and makes it again, and all that refers to it. */
  update?(given: Arguments, place: Place, before: Made): Promise<Computed>;
  /** Without it, the resource goes with the one that it belongs to. */
  remove?(place: Place, before: Made): Promise<void>;
}

export type ResourceTypes = Readonly<Record<string, ResourceType>>;

/** A type whose creation says the same as its change. */
export function put(
  set: (given: Arguments, place: Place) => Promise<Computed>,
  rest: Omit<ResourceType, "create" | "update"> = {},
): ResourceType {
  return { ...rest, create: set, update: set };
}

/** A text of what was made; the provider promises it. */
export function textOf({ values, computed }: Made, name: string): string {
  const value = computed[name] ?? values[name];
  if (typeof value !== "string") throw new Error(`No ${name} is known of what was made`);
  return value;
}

/** What an answer must hold. */
export function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`The emulator's answer has no ${name}`);
  return value;
}

export const tagsIgnored = { tags: "no policy here asks for tags" };
