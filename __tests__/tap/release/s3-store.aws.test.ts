import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { collectReleases } from "../../../tap/release/collect";
import { copyRelease } from "../../../tap/release/copy";
import { canonical, contentOf } from "../../../tap/release/manifest";
import { openRelease } from "../../../tap/release/open";
import { manifestKey, objectKey } from "../../../tap/release/paths";
import { listReleases, resolveId } from "../../../tap/release/read";
import { openStore, type ReleaseStore } from "../../../tap/release/store";
import { requireWhole, verifyRelease } from "../../../tap/release/verify";
import { describeWithEmulator, type Emulator, startEmulator } from "../../support/emulator";
import { tap, temporaryFolder } from "../../support/project";
import { releaseFixture, synthesizedFixture } from "../../support/release-fixture";

describeWithEmulator("releases in S3", () => {
  let emulator: Emulator;
  /** In the bucket's own account: an access key of twelve digits is that account's user. */
  const clientOf = (accountId: string) =>
    new S3Client({
      endpoint: emulator.endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: { accessKeyId: accountId, secretAccessKey: "test" },
    });
  const storeOf = (location: string, accountId = "111111111111"): Promise<ReleaseStore> =>
    openStore({ cwd: "/", variables: { ...emulator.variables, AWS_ACCESS_KEY_ID: accountId } }, location);
  const makeBucket = async (bucket: string, { days = 0, accountId = "111111111111" } = {}) => {
    const client = clientOf(accountId);
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: days > 0 }));
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    if (days > 0)
      await client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: "Enabled",
            Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: days } },
          },
        }),
      );
  };
  const retentionOf = async (bucket: string, key: string) =>
    (await clientOf("111111111111").send(new GetObjectRetentionCommand({ Bucket: bucket, Key: key }))).Retention;

  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  test("PLAT-08 a release is made, found, verified and opened; made again, it is the same", async () => {
    await makeBucket("releases-plain");
    const store = await storeOf("s3://releases-plain/some/prefix");
    const { manifest, isNew, stored, objects } = await releaseFixture({ store });
    expect([isNew, stored]).toEqual([true, objects]);
    expect(await releaseFixture({ store })).toMatchObject({ manifest: { id: manifest.id }, isNew: false, stored: 0 });
    expect((await listReleases(store)).map(({ id }) => id)).toEqual([manifest.id]);
    expect(await resolveId(store, manifest.id.slice(0, 6))).toBe(manifest.id);
    expect((await requireWhole(store, manifest.id)).problems).toEqual([]);
    const { stacks } = await openRelease(store, manifest.id, join(temporaryFolder(), "opened"), {
      environments: ["dev"],
    });
    expect(stacks.map(({ stackId }) => stackId)).toEqual(["tap-network-dev-us-east-1", "tap-records-dev-us-east-1"]);
  });

  test("PLAT-08 what somebody has put over an object is found, told, and mended by the next create", async () => {
    await makeBucket("releases-overwritten");
    const store = await storeOf("s3://releases-overwritten");
    const { manifest } = await releaseFixture({ store });
    const { sha256 = "" } = manifest.stacks["tap-network-dev-us-east-1"]?.files[0] ?? {};
    await clientOf("111111111111").send(
      new PutObjectCommand({ Bucket: "releases-overwritten", Key: objectKey(sha256), Body: "{}" }),
    );
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([expect.stringContaining(sha256)]);
    expect((await releaseFixture({ store })).mended).toEqual([objectKey(sha256)]);
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([]);
  });

  test("PLAT-08 object lock holds a release: gc says so, and all of it is still there", async () => {
    await makeBucket("releases-locked", { days: 30 });
    const store = await storeOf("s3://releases-locked");
    const { manifest } = await releaseFixture({ store });
    await releaseFixture({ store, folder: synthesizedFixture({ code: "other" }) });
    const collected = await collectReleases(store, { keep: 1 });
    expect(collected.removed).toEqual([]);
    expect(collected.held).toEqual([
      { key: expect.stringContaining("releases/"), why: expect.stringMatching(/until 20/) },
    ]);
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([]);
    // The bucket's own lock, and not this command's politeness.
    const response = await fetch(`${emulator.endpoint}/releases-locked/releases/${manifest.id}/manifest.json`);
    const version = response.headers.get("x-amz-version-id");
    const denied = await fetch(`${response.url}?versionId=${version}`, { method: "DELETE" });
    expect(denied.status).toBe(403);
  });

  test("PLAT-08 an object of an earlier release is locked for a new one as long as what is new", async () => {
    await makeBucket("releases-extended", { days: 1 });
    const store = await storeOf("s3://releases-extended");
    const { manifest } = await releaseFixture({ store });
    const [{ sha256 = "" } = {}] = manifest.stacks["tap-network-dev-us-east-1"]?.files ?? [];
    const before = await retentionOf("releases-extended", objectKey(sha256));
    await clientOf("111111111111").send(
      new PutObjectLockConfigurationCommand({
        Bucket: "releases-extended",
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 90 } },
        },
      }),
    );
    await releaseFixture({ store: await storeOf("s3://releases-extended"), source: { commit: null, isClean: false } });
    const after = await retentionOf("releases-extended", objectKey(sha256));
    const days = (Number(after?.RetainUntilDate) - Number(before?.RetainUntilDate)) / 86_400_000;
    expect(Math.round(days)).toBe(89);
    expect(after?.Mode).toBe("GOVERNANCE");
  });

  test("PLAT-08 what no lock holds goes with all its versions, and what is named stays", async () => {
    await makeBucket("releases-old");
    const store = await storeOf("s3://releases-old");
    const { manifest } = await releaseFixture({ store });
    const { manifest: other } = await releaseFixture({ store, folder: synthesizedFixture({ code: "other" }) });
    // Twice: what is overwritten in a bucket with versions is still there.
    await clientOf("111111111111").send(
      new PutObjectCommand({ Bucket: "releases-old", Key: manifestKey(other.id), Body: canonical(contentOf(other)) }),
    );
    expect((await collectReleases(store, { keep: 0, keepIds: [manifest.id] })).removed).toEqual([other.id]);
    const { Versions, DeleteMarkers } = await clientOf("111111111111").send(
      new ListObjectVersionsCommand({ Bucket: "releases-old", Prefix: "releases/" }),
    );
    expect([Versions?.map(({ Key }) => Key), DeleteMarkers ?? []]).toEqual([[manifestKey(manifest.id)], []]);
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([]);
  });

  test("PLAT-08 a copy goes from one account to another, each under credentials of its own", async () => {
    await makeBucket("releases-of-dev");
    await makeBucket("releases-of-staging", { accountId: "222222222222" });
    const from = await storeOf("s3://releases-of-dev");
    const { manifest } = await releaseFixture({ store: from });
    const home = temporaryFolder();
    mkdirSync(join(home, ".aws"));
    const profile = (name: string, key: string) =>
      `[profile ${name}]\naws_access_key_id = ${key}\naws_secret_access_key = test\n`;
    writeFileSync(
      join(home, ".aws", "config"),
      profile("reads-dev", "111111111111") + profile("staging", "222222222222"),
    );
    const { AWS_ENDPOINT_URL = "" } = emulator.variables;
    const { stdout, stderr, exitCode } = tap(
      [
        ...["release", "copy", manifest.id.slice(0, 12), "--json"],
        ...["--from", "s3://releases-of-dev", "--from-profile", "reads-dev"],
        ...["--to", "s3://releases-of-staging", "--to-profile", "staging"],
      ],
      { variables: { AWS_ENDPOINT_URL, HOME: home } },
    );
    expect([stderr, exitCode]).toEqual([expect.any(String), 0]);
    expect(JSON.parse(stdout)).toMatchObject({ id: manifest.id, to: "s3://releases-of-staging" });
    const to = await storeOf("s3://releases-of-staging", "222222222222");
    expect((await verifyRelease(to, manifest.id)).problems).toEqual([]);
    expect(await copyRelease(from, to, manifest.id)).toMatchObject({ stored: 0, mended: [] });
  });

  test("a bucket that isn't there is told of by what makes it", async () => {
    await expect(listReleases(await storeOf("s3://releases-nowhere"))).rejects.toThrow(
      /there is no bucket releases-nowhere; the environment's delivery stack makes it/,
    );
  });
});
