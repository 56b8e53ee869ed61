import fc from "fast-check";
import type { Fate } from "../front";
import {
  create,
  type Image,
  type LocalApi,
  type LocalRegion,
  newKey,
  remove,
  startApi,
  streamRecord,
  update,
} from "./local-api";
import type { Published } from "./local-sns";

/*
 * Two regions, each with its table, its topic and its functions. fast-check says what clients do in which of them,
 * what the network loses, and when and how often what was published arrives. A simple model says what must be there.
 */

/** What a client asks of a region, of one of its items (or none of its items). */
interface Step {
  readonly kind: "create" | "update" | "delete";
  readonly region: 0 | 1;
  readonly item: number;
  /** Added to the version that is there. */
  readonly offset: number;
  /** A client that heard nothing asks again. */
  readonly repeat: boolean;
  readonly fate: Fate;
}

/** Something that was published arrives, or a change of the table does in the stream, once more. */
interface Delivery {
  readonly kind: "deliver" | "stream";
  readonly region: 0 | 1;
  readonly message: number;
}

/** All versions of an item, the first is version 1; undefined: it is deleted. */
interface Modelled {
  readonly id: string;
  readonly origin: 0 | 1;
  readonly versions: (string | undefined)[];
}

const both = [0, 1] as const;
const other = (region: 0 | 1) => (region === 0 ? 1 : 0);
const region = fc.constantFrom(...both);
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("create", "update", "update", "delete"),
  region,
  item: fc.nat(9),
  offset: fc.constantFrom(0, 0, 0, -1, 1),
  repeat: fc.constantFrom(false, false, true),
  // One in six: the SDK stops repeating requests where more than that get lost for long (its retry quota).
  fate: fc.constantFrom<Fate>(...Array<Fate>(10).fill("pass"), "lose-request", "lose-answer"),
});
const delivery: fc.Arbitrary<Delivery> = fc.record({
  kind: fc.constantFrom("deliver", "deliver", "stream"),
  region,
  message: fc.nat(99),
});

let api: LocalApi;
let regions: readonly [LocalRegion, LocalRegion];
beforeAll(async () => {
  api = await startApi();
  regions = [api.east, api.west];
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await api.stop();
});

/** What happened over all runs: a property of nothing would prove nothing. */
const seen = { made: 0, deleted: 0, repeated: 0, stale: 0, foreign: 0, missing: 0 };

/** One run: a model of the items, and all that the streams and topics have had. */
class World {
  readonly items: Modelled[] = [];
  /** By region. */
  readonly changes: [Image[], Image[]] = [[], []];
  readonly published: [Published[], Published[]] = [[], []];
  private writes = 0;

  async run(one: Step | Delivery): Promise<void> {
    if (!("message" in one)) await this.ask(one);
    else if (one.kind === "deliver") await this.deliver(one.region, one.message);
    else await this.replicate(one.region, this.changes[one.region].slice(one.message));
  }

  private async ask(one: Step): Promise<void> {
    const local = regions[one.region];
    local.fates = [one.fate];
    if (one.kind === "create") await this.create(one);
    else await this.change(one);
    local.fates = [];
  }

  private async create({ region, repeat }: Step): Promise<void> {
    const name = this.newName();
    const call = create({ name }, newKey());
    const answer = await regions[region].call(call);
    expect(answer).toMatchObject({ status: 201, body: { version: 1, name } });
    const { id } = answer.body;
    this.items.push({ id, origin: region, versions: [name] });
    await this.noticed(region, id, 0);
    seen.made += 1;
    if (!repeat) return;
    expect((await regions[region].call(call)).body).toEqual(answer.body);
    seen.repeated += 1;
  }

  private async change({ kind, region, item, offset, repeat }: Step): Promise<void> {
    const modelled = this.items[item % Math.max(1, this.items.length)];
    if (modelled === undefined) return;
    const { id, versions } = modelled;
    const expected = Math.max(1, versions.length + offset);
    const name = kind === "update" ? this.newName() : undefined;
    const call = name === undefined ? remove(id, expected) : update(id, expected, { name });
    const before = versions.length;
    const status = this.expectedStatus(modelled, region, expected, name);
    expect(await regions[region].call(call)).toMatchObject({ status });
    // A deletion of what is deleted already, from the same version, changes nothing.
    if (status < 300 && versions.at(-1) !== undefined) versions.push(name);
    await this.noticed(region, id, before);
    if (status < 300 && repeat) {
      expect(await regions[region].call(call)).toMatchObject({ status });
      seen.repeated += 1;
    }
  }

  private expectedStatus({ origin, id, versions }: Modelled, region: 0 | 1, expected: number, name?: string): number {
    const isDeleted = versions.at(-1) === undefined;
    if (region !== origin) {
      const copy = this.copies.get(id);
      const isForeign = copy !== undefined && versions[copy - 1] !== undefined;
      seen[isForeign ? "foreign" : "missing"] += 1;
      return isForeign ? 409 : 404;
    }
    if (isDeleted && name === undefined && expected === versions.length - 1) return 204;
    if (isDeleted) {
      seen.missing += 1;
      return 404;
    }
    if (expected !== versions.length) {
      seen.stale += 1;
      return 412;
    }
    seen[name === undefined ? "deleted" : "made"] += 1;
    return name === undefined ? 204 : 200;
  }

  /** What the other region knows: by id, the version. */
  private readonly copies = new Map<string, number>();

  /** The table of a region has changed, or not: the stream of that table has it then, and the topic of that region. */
  private async noticed(region: 0 | 1, id: string, before: number): Promise<void> {
    const modelled = this.items.find((item) => item.id === id) as Modelled;
    const image = (await regions[modelled.origin].stored(id)) as Image;
    expect(image.version).toEqual({ N: String(modelled.versions.length) });
    if (modelled.versions.length === before) return;
    expect(modelled.versions.length).toBe(before + 1);
    this.changes[region].push(image);
    await this.replicate(region, [image]);
  }

  private async replicate(region: 0 | 1, images: readonly Image[]): Promise<void> {
    const { sns } = regions[region];
    await regions[region].replicate({ Records: images.map((image) => streamRecord(image)) });
    const published = sns.published.splice(0);
    // Nothing but what this region's clients have changed.
    for (const { attributes } of published) expect(attributes.origin).toBe(regions[region].name);
    expect(published).toHaveLength(images.filter(({ origin }) => origin?.S === regions[region].name).length);
    this.published[region].push(...published);
  }

  /** @param region that it arrives in */
  async deliver(region: 0 | 1, index: number): Promise<void> {
    const from = this.published[other(region)];
    const message = from[index % Math.max(1, from.length)];
    if (message === undefined) return;
    expect(await regions[region].takeIn(message)).toEqual({ batchItemFailures: [] });
    const { id, version } = JSON.parse(message.body).item;
    if (version > (this.copies.get(id) ?? 0)) {
      this.copies.set(id, version);
      // The stream of this table has it, too.
      const image = (await regions[region].stored(id)) as Image;
      this.changes[region].push(image);
      await this.replicate(region, [image]);
    }
  }

  /** What is left arrives, and then some of it once more, in whatever order. */
  async deliverAll(order: readonly number[]): Promise<void> {
    for (const region of both) {
      for (const index of this.published[other(region)].keys()) await this.deliver(region, index);
      for (const index of order) await this.deliver(region, index);
    }
  }

  async expectSame(): Promise<void> {
    const tables = [await regions[0].all(), await regions[1].all()] as const;
    for (const item of this.items) {
      const { createHash, ...own } = tables[item.origin][item.id] as Image;
      expect(comparable(own)).toEqual(modelledImage(item));
      expect(tables[other(item.origin)][item.id]).toEqual(own);
    }
  }

  private newName(): string {
    this.writes += 1;
    return `write ${this.writes}`;
  }
}

/** What both tables must say of an item, when all has arrived. */
function modelledImage({ id, origin, versions }: Modelled): Image {
  const name = versions.at(-1);
  return {
    id: { S: id },
    version: { N: String(versions.length) },
    origin: { S: regions[origin].name },
    ...(name === undefined ? { deleted: { BOOL: true } } : { name: { S: name } }),
  };
}

/** Without times and ids of requests; those are the same in both tables. */
function comparable({ id, version, origin, name, deleted }: Image): Image {
  return JSON.parse(JSON.stringify({ id, version, origin, name, deleted }));
}

test("API-16 whatever clients do, and whatever is lost, late or doubled, both regions end with the same items, and nothing echoes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ arbitrary: step, weight: 2 }, delivery), { minLength: 12, maxLength: 25 }),
      fc.array(fc.nat(99), { maxLength: 30 }),
      async (steps, order) => {
        const world = new World();
        for (const one of steps) await world.run(one);
        await world.deliverAll(order);
        await world.expectSame();
      },
    ),
    { numRuns: 40 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});
