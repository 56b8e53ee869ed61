import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Variables } from "../../config/variables";
import { CommandError } from "../context";
import { hashOf } from "./manifest";
import { isKey } from "./paths";
import { type Retention, retentionOf } from "./retention";
import { explainS3, isRefused, statusOf } from "./s3-errors";
import type { ReleaseStore, StoredObject, StoreOptions } from "./store";

/** What no lock holds is put again at this age: what is collected is older. */
const freshForMilliseconds = 12 * 3_600_000;

const conflictsAtMost = 6;

/** Releases in a bucket. Its default retention locks what is put there; its default encryption encrypts it. */
export class S3Store implements ReleaseStore {
  readonly location: string;
  readonly #client: S3Client;
  readonly #prefix: string;
  #retention: Promise<Retention | undefined> | undefined;

  constructor(
    private readonly bucket: string,
    prefix: string,
    variables: Variables,
    options: StoreOptions = {},
  ) {
    this.location = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.#client = clientOf(variables, options);
  }

  locate(key: string): string {
    return `${this.location}/${key}`;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (statusOf(error) === 404 && !isRefused(error, "NoSuchBucket")) return undefined;
      throw this.#explained("read", key, error);
    }
  }

  async put(key: string, content: Uint8Array): Promise<"stored" | "kept" | "mended"> {
    if (await this.#putNew(key, content, true)) return "stored";
    const there = await this.#head(key);
    // What S3 has worked out of what it took, where it says so; else the bytes themselves.
    const isSame =
      there?.ChecksumSHA256 === undefined
        ? Buffer.from((await this.read(key)) ?? []).equals(content)
        : there.ChecksumSHA256 === base64(content);
    if (!isSame) {
      // A new version: the one that was there stays below it, under its lock.
      await this.#putNew(key, content, false);
      return "mended";
    }
    await this.#protect(key, content, there);
    return "kept";
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await this.#client.send(
          new ListObjectsV2Command({ Bucket: this.bucket, Prefix: this.#prefix + prefix, ContinuationToken: token }),
        );
        for (const { Key = "", Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
          found.push({ key: Key.slice(this.#prefix.length), bytes: Size, storedAt: LastModified });
        token = page.NextContinuationToken;
      } while (token !== undefined);
    } catch (error) {
      throw this.#explained("listed", prefix, error);
    }
    return found;
  }

  /** With all its versions: a mark of deletion would hide it, and keep it. */
  async remove(key: string): Promise<string | undefined> {
    const held = (await this.#head(key))?.ObjectLockRetainUntilDate;
    if (held !== undefined && held.getTime() > Date.now()) return `object lock holds it until ${held.toISOString()}`;
    try {
      const { Key } = this.#at(key);
      const page = await this.#client.send(new ListObjectVersionsCommand({ Bucket: this.bucket, Prefix: Key }));
      const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
        .filter((each) => each.Key === Key)
        // The oldest first: while a lock holds that, the newest stays, and is what is read.
        .sort((a, b) => (b.LastModified?.getTime() ?? 0) - (a.LastModified?.getTime() ?? 0))
        .reverse();
      for (const { VersionId } of versions)
        await this.#client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key, VersionId }));
      return undefined;
    } catch (error) {
      if (statusOf(error) === 403) return `S3 refuses: ${(error as Error).message}`;
      throw this.#explained("removed", key, error);
    }
  }

  /** S3 shows nothing that isn't whole. */
  async tidy(): Promise<void> {}

  /** @returns false where the key is there already, and only a new one was wanted */
  async #putNew(key: string, content: Uint8Array, onlyNew: boolean, attempt = 1): Promise<boolean> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          ...this.#at(key),
          Body: content,
          ChecksumSHA256: base64(content),
          ...(onlyNew ? { IfNoneMatch: "*" } : {}),
        }),
      );
      return true;
    } catch (error) {
      if (onlyNew && statusOf(error) === 412) return false;
      // Another run is writing the same this moment: it is there soon, or isn't.
      if (statusOf(error) !== 409 || attempt >= conflictsAtMost) throw this.#explained("written", key, error);
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
      return this.#putNew(key, content, onlyNew, attempt + 1);
    }
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await this.#client.send(new HeadObjectCommand({ ...this.#at(key), ChecksumMode: "ENABLED" }));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw this.#explained("read", key, error);
    }
  }

  /** An object that an earlier release brought is locked for this one as long as if it were new. */
  async #protect(key: string, content: Uint8Array, there: HeadObjectCommandOutput | undefined): Promise<void> {
    const retention = await this.#defaultRetention();
    if (retention === undefined) {
      const age = Date.now() - (there?.LastModified?.getTime() ?? 0);
      if (age > freshForMilliseconds) await this.#putNew(key, content, false);
      return;
    }
    const until = retention.untilFrom(new Date());
    const held = there?.ObjectLockRetainUntilDate?.getTime() ?? 0;
    if (held >= until.getTime() - freshForMilliseconds) return;
    const Mode = there?.ObjectLockMode ?? retention.mode;
    try {
      await this.#client.send(
        new PutObjectRetentionCommand({ ...this.#at(key), Retention: { Mode, RetainUntilDate: until } }),
      );
    } catch (error) {
      if (statusOf(error) !== 403) throw this.#explained("locked for longer", key, error);
      // Who may put and no more, as the deploy role: a new version comes under the bucket's own lock, for as long.
      await this.#putNew(key, content, false);
    }
  }

  #defaultRetention(): Promise<Retention | undefined> {
    this.#retention ??= this.#client
      .send(new GetObjectLockConfigurationCommand({ Bucket: this.bucket }))
      .then(({ ObjectLockConfiguration }) => retentionOf(ObjectLockConfiguration))
      .catch((error: unknown) => {
        if (isRefused(error, "ObjectLockConfigurationNotFoundError")) return undefined;
        throw this.#explained("asked for its object lock", "", error);
      });
    return this.#retention;
  }

  #at(key: string): { Bucket: string; Key: string } {
    if (!isKey(key)) throw new Error(`${JSON.stringify(key)} is no key of a store`);
    return { Bucket: this.bucket, Key: this.#prefix + key };
  }

  #explained(what: string, key: string, error: unknown): CommandError {
    return new CommandError(`${this.locate(key)} can't be ${what}: ${explainS3(error, this.bucket)}`);
  }
}

function base64(content: Uint8Array): string {
  return Buffer.from(hashOf(content), "hex").toString("base64");
}

function clientOf(variables: Variables, { profile, region }: StoreOptions): S3Client {
  const endpoint = variables.AWS_ENDPOINT_URL_S3 || variables.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = variables;
  const named = profile ?? variables.AWS_PROFILE;
  return new S3Client({
    region: region ?? variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION ?? "us-east-1",
    followRegionRedirects: true,
    maxAttempts: 5,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(named ? { profile: named } : {}),
    ...(!named && accessKeyId && secretAccessKey
      ? {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
  });
}
