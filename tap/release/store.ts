import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../../config/errors";
import { CommandError, type Context } from "../context";
import { FolderStore } from "./folder-store";

/** What a store says of something in it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly storedAt: Date;
}

/**
 * Where releases are kept: objects by the SHA-256 of their content, and a manifest for each release. A store trusts no
 * one: whoever reads checks the hash.
 */
export interface ReleaseStore {
  /** As a person would write it: a folder's path, or s3://bucket/prefix. */
  readonly location: string;
  /** Where a key is, for messages. */
  locate(key: string): string;
  /** A key's content; undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
  /**
   * Puts content under a key, whole or not at all. What is there already is kept where it is the same, and protected
   * for as long as if it were new; where it isn't, it is replaced.
   */
  put(key: string, content: Uint8Array): Promise<"stored" | "kept" | "mended">;
  /** All keys that begin so, in order. */
  list(prefix: string): Promise<StoredObject[]>;
  /** Removes a key with all that is kept of it; why not, where it can't be. */
  remove(key: string): Promise<string | undefined>;
  /** Removes what killed runs have left. */
  tidy(): Promise<void>;
}

export interface StoreOptions {
  /** Profile of ~/.aws/config under which S3 is called. @default what AWS's environment variables say */
  readonly profile?: string;
  /** Region to ask first. @default AWS_REGION; S3 tells where the bucket is */
  readonly region?: string;
  /** Refuses a folder that isn't there: only what writes makes one. @default false */
  readonly mustExist?: boolean;
}

/**
 * The store at a location: `s3://bucket` or `s3://bucket/prefix`, else a folder.
 * @throws ConfigError where it is none
 */
export async function openStore(
  context: Pick<Context, "cwd" | "variables">,
  location: string,
  options: StoreOptions = {},
): Promise<ReleaseStore> {
  const scheme = /^([a-z0-9+]+):\/\//i.exec(location)?.[1];
  if (scheme === undefined) {
    const folder = resolve(context.cwd, location);
    if (options.mustExist && !existsSync(folder))
      throw new CommandError(`${folder} is no store of releases: it isn't there. tap release create makes one`);
    return new FolderStore(folder);
  }
  const [, bucket = "", prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location) ?? [];
  const isPrefix = prefix === "" || /^[\w!.*'()-]+(\/[\w!.*'()-]+)*\/?$/.test(prefix);
  if (bucket === "" || !isPrefix)
    throw new ConfigError([
      {
        path: "--store",
        value: location,
        message: "is no store of releases: wanted is a folder, s3://bucket or s3://bucket/prefix",
      },
    ]);
  // With AWS's clients, which no other store needs.
  const { S3Store } = await import("./s3-store");
  return new S3Store(bucket, prefix.replace(/\/$/, ""), context.variables, options);
}
