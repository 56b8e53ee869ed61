import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import fc from "fast-check";
import type { Fate } from "../front";
import { lambdaContext } from "../lambda";
import { shardEvent } from "./sample-records";
import { type Shards, shardIdOf } from "./shards";

/*
 * A stream that Lambda reads: batches of any length from where a shard stands, or from before; several at once, also of
 * one shard (the one before was thought to be gone). Each invocation has a network of its own, that loses requests and
 * answers; after some request an invocation may be gone.
 */

export type Consume = (event: KinesisStreamEvent, context: Context) => Promise<KinesisStreamBatchResponse>;

/** One invocation. */
export interface Invocation {
  readonly shard: number;
  /** Begins so many records before where the shard stands. */
  readonly back: number;
  readonly length: number;
  /** Of its first requests, in their order; all others pass. */
  readonly fates: readonly Fate[];
  /** After so many requests nothing of it arrives, nor is heard. */
  readonly gone: number | undefined;
}

const cancelled: Fate = { status: 400, body: { __type: "com.amazonaws#TransactionCanceledException", message: "" } };
const throttled: Fate = { status: 400, body: { __type: "com.amazonaws#ThrottlingException", message: "" } };

const fate = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Fate>("pass") },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Fate>("lose-request", "lose-answer", "lose-answer", "cancelled" as Fate, throttled),
  },
);

export const invocation: fc.Arbitrary<Invocation> = fc.record({
  shard: fc.nat(2),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(200) }),
  length: fc.integer({ min: 1, max: 250 }),
  fates: fc.array(fate, { maxLength: 12 }),
  gone: fc.option(fc.nat(8), { nil: undefined, freq: 3 }),
});

/** Rounds of invocations at the same time. */
export const rounds = fc.array(fc.array(invocation, { minLength: 1, maxLength: 3 }), { maxLength: 8 });

/** What decides over the requests of one invocation; a client asks it before each. */
export class Network {
  private requests = 0;
  isGone = false;

  constructor(
    private readonly fates: readonly Fate[],
    private readonly gone: number | undefined,
    /** When its turn is, among others. */
    private readonly turn: () => Promise<void>,
  ) {}

  async decide(operation: string): Promise<Fate> {
    await this.turn();
    const request = this.requests;
    this.requests += 1;
    if (this.gone !== undefined && request >= this.gone) this.isGone = true;
    if (this.isGone) return "lose-request";
    const fate = this.fates[request] ?? "pass";
    if ((fate as string) === "cancelled") return operation === "TransactWriteItems" ? cancelled : "pass";
    return fate;
  }
}

/** What happened over all runs: a property of nothing would prove nothing. */
export const seen = { failures: 0, thrown: 0, gone: 0, poison: 0, overlaps: 0, repetitions: 0 };

/** Where Lambda stands in each shard. */
export class StreamRun {
  private readonly places: number[];

  constructor(
    private readonly shards: Shards,
    /** The function, over a network. */
    private readonly functionOver: (network: Network) => Consume,
  ) {
    this.places = shards.map(() => 0);
  }

  async play(rounds: readonly (readonly Invocation[])[], scheduler: fc.Scheduler): Promise<void> {
    for (const round of rounds) {
      if (round.length > 1) seen.overlaps += 1;
      await scheduler.waitFor(
        Promise.all(
          round.map((one, index) =>
            this.invoke(one, new Network(one.fates, one.gone, () => scheduler.schedule(Promise.resolve(), `${index}`))),
          ),
        ),
      );
    }
    await this.finish();
  }

  /** Every shard to its end, with nothing that goes wrong any more: each invocation gets on. */
  async finish(): Promise<void> {
    for (const [shard, records] of this.shards.entries())
      for (let place = this.place(shard); place < records.length; place = this.place(shard)) {
        await this.invoke({ shard, back: 0, length: 150, fates: [], gone: undefined }, calm());
        expect(this.place(shard)).toBeGreaterThan(place);
      }
  }

  private place(shard: number): number {
    return this.places[shard] as number;
  }

  /** All of it once more, from the beginning. */
  async repeat(): Promise<void> {
    for (const [shard, records] of this.shards.entries()) {
      const good = records.filter(({ record }) => record !== undefined);
      if (good.length === 0) continue;
      const consume = this.functionOver(calm());
      const { batchItemFailures } = await consume(shardEvent(shardIdOf(shard), good), lambdaContext());
      expect(batchItemFailures).toEqual([]);
    }
  }

  private async invoke({ shard, back, length }: Invocation, network: Network): Promise<void> {
    const records = this.shards[shard];
    if (records === undefined) return;
    const place = this.place(shard);
    const start = Math.max(0, place - back);
    const batch = records.slice(start, start + length);
    if (batch.length === 0) return;
    if (start < place) seen.repetitions += 1;
    const event = shardEvent(shardIdOf(shard), batch);
    const answer = await this.functionOver(network)(event, lambdaContext()).catch(() => undefined);
    if (network.isGone) {
      seen.gone += 1;
      return;
    }
    if (answer === undefined) {
      seen.thrown += 1;
      // Lambda halves a batch that fails, until a poisonous record is alone; it goes on behind it in the end.
      if (records[start]?.record === undefined) this.leaveBehind(shard, start);
      return;
    }
    const failure = answer.batchItemFailures[0]?.itemIdentifier;
    if (failure === undefined) return this.moveTo(shard, start + batch.length);
    seen.failures += 1;
    const failed = records.findIndex(({ sequenceNumber }) => sequenceNumber === failure);
    expect(failed).toBeGreaterThanOrEqual(start);
    expect(failed).toBeLessThan(start + batch.length);
    this.moveTo(shard, failed);
  }

  private leaveBehind(shard: number, poisonous: number): void {
    seen.poison += 1;
    this.moveTo(shard, poisonous + 1);
  }

  /** Lambda never goes back. */
  private moveTo(shard: number, place: number): void {
    this.places[shard] = Math.max(this.place(shard), place);
  }
}

const calm = () => new Network([], undefined, async () => {});
