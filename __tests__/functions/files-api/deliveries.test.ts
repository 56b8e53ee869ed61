import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { RetryStrategyV2 } from "@smithy/types";
import fc from "fast-check";
import type * as FileChanges from "../../../functions/files/catalog/file-changes";
import type * as FileTableModule from "../../../functions/files/file-table";
import type { FileVersion } from "../../../functions/files/file-table";
import type { DynamoDbTable } from "../../../functions/shared/dynamodb-table";
import { isUnavailable } from "../../../functions/shared/unavailable";
import type { LocalDynamo } from "../../support/dynalite";
import { type Fate, type Front, startFront } from "../front";
import { knowErrorsOfNode } from "../node-errors";
import { patient } from "../patient";
import { type Item, itemsOf, startFilesDynamo } from "./files-table";
import { catalogVariables, fileInput } from "./local-files";

/*
 * One file of three versions, whose events are delivered to several workers in any order, also to two at once and again
 * when they were done, while its owner may delete it. Each actor has a network of its own, that loses requests and
 * answers, and each may be gone between any two requests. One request at a time gets through, in an order that
 * fast-check chooses; leases may run out at any moment, also of a worker that is only slow.
 */

/** What a worker does with a version that it claimed. */
type Plan = "complete" | "fail" | "release";

/** A worker, or the owner, behind a network of its own. */
interface Actor {
  readonly front: Front;
  readonly table: DynamoDbTable;
  /** Lets the request that waits in its network get through. */
  release: ((fate: Fate) => void) | undefined;
  isBusy: boolean;
  /** Nothing of what it still sends arrives. */
  isGone: boolean;
}

type Choice =
  | { readonly kind: "request"; readonly actor: number; readonly fate: Fate }
  | { readonly kind: "deliver"; readonly version: number; readonly plan: Plan }
  | { readonly kind: "crash"; readonly actor: number }
  | { readonly kind: "lease runs out" }
  | { readonly kind: "delete" };

const workerCount = 3;
const versionCount = 3;
const maximumAttempts = 2;
const leaseMilliseconds = 60_000;

const choice: fc.Arbitrary<Choice> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      actor: fc.nat(workerCount),
      fate: fc.constantFrom<Fate>(...Array(10).fill("pass"), "lose-request", "lose-answer"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      version: fc.nat(versionCount - 1),
      plan: fc.constantFrom<Plan>("complete", "complete", "fail", "fail", "release"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), actor: fc.nat(workerCount) }) },
  { weight: 2, arbitrary: fc.constant({ kind: "lease runs out" as const }) },
);
const calm = fc.array(choice, { minLength: 20, maxLength: 80 });
/** Some files are deleted, at any moment. */
const choices: fc.Arbitrary<Choice[]> = fc.oneof(
  { weight: 2, arbitrary: calm },
  { weight: 1, arbitrary: fc.tuple(calm, calm).map(([one, other]) => [...one, { kind: "delete" as const }, ...other]) },
);

let dynamo: LocalDynamo;
let functions: typeof FileTableModule;
let changes: typeof FileChanges;
let actors: Actor[];
/** Without a network in between. */
let direct: DynamoDbTable;
let noticeChange = () => {};
let elapsedMilliseconds = 0;

beforeAll(async () => {
  dynamo = await startFilesDynamo("files");
  Object.assign(process.env, catalogVariables, dynamo.variables);
  knowErrorsOfNode();
  functions = await import("../../../functions/files/file-table");
  changes = await import("../../../functions/files/catalog/file-changes");
  direct = tableAt(dynamo.endpoint);
  actors = await Promise.all(Array.from({ length: workerCount + 1 }, startActor));
  const now = Date.now.bind(Date);
  jest.spyOn(Date, "now").mockImplementation(() => now() + elapsedMilliseconds);
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all(actors.map(({ front }) => front.stop()));
  await dynamo.stop();
});

async function startActor(): Promise<Actor> {
  const front = await startFront(dynamo.endpoint, () => {
    if (actor.isGone) return "lose-request";
    return new Promise<Fate>((resolve) => {
      actor.release = resolve;
      noticeChange();
    });
  });
  const table = tableAt(front.endpoint);
  const actor: Actor = { front, table, release: undefined, isBusy: false, isGone: false };
  return actor;
}

function tableAt(endpoint: string): DynamoDbTable {
  // A request may wait long for its turn.
  const settings = { ...patient, endpoint, retryStrategy: twice };
  return { client: new DynamoDBClient(settings), name: "files" };
}

const attempt = (retries: number) => ({ getRetryCount: () => retries, getRetryDelay: () => 0 });

/** As the SDK's own strategy, with one repetition and without its waits. */
const twice: RetryStrategyV2 = {
  acquireInitialRetryToken: async () => attempt(0),
  refreshRetryTokenForRetry: async (token, { errorType, error }) => {
    if (token.getRetryCount() > 0 || errorType !== "TRANSIENT") throw error;
    return attempt(1);
  },
  recordSuccess: () => undefined,
};

/** What happened over all runs: a property of nothing would prove nothing. */
const seen = { processed: 0, corrupt: 0, superseded: 0, deleted: 0, crashed: 0, finished: 0, repeated: 0, gone: 0 };

test("FIL-05 whatever is lost, repeated, late or gone, a version has one end, its file shows the newest, and no status goes back", async () => {
  let runs = 0;
  await fc.assert(
    // The newest version may have been tried as often as it may be, by workers that are gone.
    fc.asyncProperty(fc.constantFrom(0, maximumAttempts), choices, async (attemptsBefore, sequence) => {
      runs += 1;
      await new Run(`run-${runs}`, attemptsBefore).play(sequence);
    }),
    { numRuns: 20, endOnFailure: true },
  );
  for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
}, 240_000);

const rank = ["awaiting-upload", "uploaded", "processing", "processed", "failed"];
const rankOf = (item: Item | undefined) => Math.min(rank.indexOf(item?.status?.S ?? ""), 3);
const isFinished = (item: Item | undefined) => rankOf(item) === 3;

class Run {
  private id = "";
  private versions: FileVersion[] = [];
  private before: Record<string, Item> = {};
  /** By version: whom it was said that the version ended as they had it. */
  private readonly told = new Map<string, string>();
  private leases = 0;
  private deletion: "none" | "asked" | "answered" = "none";

  constructor(
    private readonly name: string,
    private readonly attemptsBefore: number,
  ) {}

  async play(sequence: readonly Choice[]): Promise<void> {
    await this.announce();
    for (const next of sequence) {
      await untilAllWait();
      await this.apply(next);
      if (next.kind !== "request") continue;
      await untilAllWait();
      await this.observe();
    }
    await this.finish();
    this.judge(await itemsOf(dynamo, "files", this.id));
  }

  private async announce(): Promise<void> {
    const { file } = await changes.createFile(direct, this.name, "announcement", fileInput() as never, never());
    this.id = file.id;
    // The older ones have the shorter sequencers, as numbers and as texts alike the larger ones.
    this.versions = ["0A", "0A00001", "1"].map((sequencer, index) => ({
      ...{ id: file.id, key: file.key, sizeBytes: file.sizeBytes },
      ...{ versionId: `v${index + 1}`, sequencer },
    }));
    for (let attempt = 1; attempt <= this.attemptsBefore; attempt += 1) {
      const lease = { owner: `lease-before-${attempt}`, expiresAt: 0 };
      const claimed = functions.claimVersion(direct, this.versions[2] as FileVersion, lease, maximumAttempts, never());
      expect(await claimed).toBe("claimed");
    }
    this.before = await itemsOf(dynamo, "files", file.id);
  }

  private async apply(next: Choice): Promise<void> {
    const waiting = actors.filter(({ release }) => release !== undefined);
    if (next.kind === "request") return letThrough(waiting[next.actor % waiting.length], next.fate);
    if (next.kind === "crash") return crash(waiting[next.actor % waiting.length]);
    if (next.kind === "delete") return this.startDeletion();
    if (next.kind === "lease runs out") {
      elapsedMilliseconds += leaseMilliseconds + 1;
      return;
    }
    const idle = actors.slice(1).find(({ isBusy }) => !isBusy);
    if (idle) start(idle, () => this.deliver(idle.table, this.versions[next.version] as FileVersion, next.plan));
  }

  private startDeletion(): void {
    const [owner] = actors as [Actor];
    if (owner.isBusy) return;
    this.deletion = this.deletion === "none" ? "asked" : this.deletion;
    start(owner, () => this.remove(owner.table));
  }

  private async remove(table: DynamoDbTable): Promise<void> {
    const bucket = { client: { send: async () => ({}) } as never, name: "tap-files" };
    await changes.deleteFile(table, bucket, this.name, this.id, never());
    this.deletion = "answered";
  }

  /** What a processor does. @returns whether the message is done */
  private async deliver(table: DynamoDbTable, version: FileVersion, plan: Plan): Promise<boolean> {
    this.leases += 1;
    const lease = { owner: `lease-${this.leases}`, expiresAt: Date.now() + leaseMilliseconds };
    const claim = await functions.claimVersion(table, version, lease, maximumAttempts, never());
    if (claim === "finished") seen.finished += 1;
    if (claim === "exhausted") return await functions.failVersion(table, version, undefined, "crashed", never());
    if (claim !== "claimed") return claim !== "busy";
    if (plan === "release") {
      await functions.releaseVersion(table, version, lease, never());
      return false;
    }
    const isOwn =
      plan === "complete"
        ? await functions.completeVersion(table, version, lease, { by: lease.owner }, never())
        : await functions.failVersion(table, version, lease, "corrupt", never());
    if (isOwn) this.tell(version, lease.owner);
    return isOwn;
  }

  /** One of them alone, and it stays so. */
  private tell({ versionId }: FileVersion, owner: string): void {
    expect(this.told.get(versionId) ?? owner).toBe(owner);
    this.told.set(versionId, owner);
  }

  /** Compares the table with what it was before one request. */
  private async observe(): Promise<void> {
    const items = await itemsOf(dynamo, "files", this.id);
    for (const { versionId } of this.versions) {
      const name = `version#${versionId}`;
      this.observeVersion(this.before[name], items[name]);
    }
    this.observeHead(this.before.file as Item, items.file as Item, items);
    this.before = items;
  }

  private observeVersion(before: Item | undefined, now: Item | undefined): void {
    if (before === undefined || now === undefined) {
      expect(before).toBeUndefined();
      return;
    }
    expect(rankOf(now)).toBeGreaterThanOrEqual(rankOf(before));
    expect(Number(now.attempts?.N)).toBeLessThanOrEqual(maximumAttempts);
    expect(before.expiresAt ?? now.expiresAt).toEqual(now.expiresAt);
    // How it ended, and who ended it.
    if (isFinished(before)) expect({ ...now, expiresAt: undefined }).toEqual({ ...before, expiresAt: undefined });
    const isTaken = now.leaseOwner !== undefined && before.leaseOwner?.S !== now.leaseOwner.S;
    if (!isTaken || before.leaseOwner === undefined) return;
    expect(Number(before.leaseExpiresAt?.N)).toBeLessThan(Date.now());
  }

  private observeHead(before: Item, now: Item, items: Record<string, Item>): void {
    if (before.formerOwner) {
      expect(now).toEqual(before);
      return;
    }
    if (now.formerOwner) return;
    const [from, to] = [before.sequencer?.S ?? "", now.sequencer?.S ?? ""];
    expect(to >= from).toBe(true);
    if (from === to) expect(rankOf(now)).toBeGreaterThanOrEqual(rankOf(before));
    if (from === to && isFinished(before)) expect(now).toEqual(before);
    // The version's own item is always the first to know.
    if (now.versionId) expect(rankOf(items[`version#${now.versionId.S}`])).toBeGreaterThanOrEqual(rankOf(now));
  }

  /** All is well again: what isn't done is delivered until it is, and who wanted to delete gets an answer. */
  private async finish(): Promise<void> {
    for (;;) {
      await untilAllWait();
      const waiting = actors.find(({ release }) => release !== undefined);
      if (waiting === undefined) break;
      letThrough(waiting, "pass");
      await untilAllWait();
      await this.observe();
    }
    for (const actor of actors) actor.isGone = false;
    if (this.deletion === "asked") await this.remove(direct);
    for (const version of this.versions)
      for (let deliveries = 1; !(await this.deliver(direct, version, "complete")); deliveries += 1) {
        expect(deliveries).toBeLessThan(maximumAttempts + 2);
        elapsedMilliseconds += leaseMilliseconds + 1;
      }
  }

  private judge({ file, ...items }: Record<string, Item>): void {
    for (const { versionId } of this.versions) {
      const item = items[`version#${versionId}`] as Item;
      expect(isFinished(item)).toBe(true);
      const owner = this.told.get(versionId);
      if (owner !== undefined) expect(item.leaseOwner?.S).toBe(owner);
      if (item.result) expect(item.result.S).toBe(JSON.stringify({ by: item.leaseOwner?.S }));
      seen[(item.reason?.S ?? "processed") as keyof typeof seen] += 1;
      if (Number(item.attempts?.N) > 1) seen.repeated += 1;
    }
    if (this.deletion !== "none") {
      expect(file).not.toHaveProperty("owner");
      for (const item of Object.values(items)) expect(item).toHaveProperty("expiresAt");
      return;
    }
    const newest = items["version#v3"];
    expect([file?.versionId?.S, file?.status, file?.reason]).toEqual(["v3", newest?.status, newest?.reason]);
    for (const item of Object.values(items)) expect(item).not.toHaveProperty("expiresAt");
  }
}

/** Until every actor is idle, or its request waits in its network. */
async function untilAllWait(): Promise<void> {
  while (actors.some(({ isBusy, release }) => isBusy && release === undefined))
    await new Promise<void>((resolve) => {
      noticeChange = resolve;
    });
}

function start(actor: Actor, work: () => Promise<unknown>): void {
  actor.isBusy = true;
  const end = (error?: unknown) => {
    unexpected ??= error;
    actor.isBusy = false;
    actor.isGone = false;
    noticeChange();
  };
  work().then(
    () => end(),
    (error) => end(isUnavailable(error) ? undefined : error),
  );
}

/** What no actor may throw; the next look at them finds it. */
let unexpected: unknown;
function letThrough(actor: Actor | undefined, fate: Fate): void {
  if (unexpected !== undefined) throw unexpected;
  const release = actor?.release;
  if (actor === undefined || release === undefined) return;
  actor.release = undefined;
  release(fate);
}

/** It is gone, with all that it was about to do. */
function crash(actor: Actor | undefined): void {
  if (!actor?.isBusy) return;
  actor.isGone = true;
  seen.gone += 1;
  letThrough(actor, "lose-request");
}

/** Nobody's time is up. */
function never(): AbortSignal {
  return new AbortController().signal;
}
