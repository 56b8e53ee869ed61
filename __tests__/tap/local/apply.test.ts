import fc from "fast-check";
import { applyPlan } from "../../../tap/local/apply";
import type { Archives } from "../../../tap/local/archives";
import type { Clients } from "../../../tap/local/clients";
import { planResources } from "../../../tap/local/plan";
import type { MadeResource } from "../../../tap/local/state";
import { account, graphOf, resources } from "../graph/graph-of";

/* What `tap local up` does, call by call, with an emulator that knows queues and log groups, and refuses what it is told to. */

interface Queue {
  readonly isFifo: boolean;
  delaySeconds: string;
  policy?: string;
}

class Refused extends Error {
  override readonly name = "ServiceUnavailable";
}

class NotFound extends Error {
  override readonly name = "QueueDoesNotExistNotFound";
}

type Call = Record<string, unknown> & { readonly Attributes?: Record<string, string> };

class FakeEmulator {
  readonly queues = new Map<string, Queue>();
  /** Log groups' retention, days; undefined where nobody has set one. */
  readonly groups = new Map<string, number | undefined>();
  calls: string[] = [];
  /** Whether the next call is refused. */
  refuses: (call: string) => boolean = () => false;

  readonly clients = { in: () => () => ({ send: (command: object) => this.#send(command) }) } as unknown as Clients;

  async #send(command: object): Promise<object> {
    const { input } = command as { input: Call };
    const call = command.constructor.name.replace("Command", "");
    this.calls.push(call);
    if (this.refuses(call)) throw new Refused(`No ${call} now`);
    // Others go on meanwhile.
    await null;
    return this.#answers[call]?.(input) ?? {};
  }

  readonly #answers: Record<string, (input: Call) => object> = {
    CreateQueue: ({ QueueName, Attributes }) => {
      create(this.queues, String(QueueName), {
        isFifo: Attributes?.FifoQueue === "true",
        delaySeconds: Attributes?.DelaySeconds ?? "0",
      });
      return { QueueUrl: `http://queues/${QueueName}` };
    },
    SetQueueAttributes: ({ QueueUrl, Attributes = {} }) => {
      const queue = existing(this.queues, String(QueueUrl).replace("http://queues/", ""));
      if (Attributes.DelaySeconds !== undefined) queue.delaySeconds = Attributes.DelaySeconds;
      if (Attributes.Policy === "") delete queue.policy;
      else if (Attributes.Policy !== undefined) queue.policy = Attributes.Policy;
      return {};
    },
    DeleteQueue: ({ QueueUrl }) => ({ gone: this.queues.delete(String(QueueUrl).replace("http://queues/", "")) }),
    CreateLogGroup: ({ logGroupName }) => {
      create(this.groups, String(logGroupName), undefined);
      return {};
    },
    PutRetentionPolicy: ({ logGroupName, retentionInDays }) => {
      if (!this.groups.has(String(logGroupName))) throw new NotFound(`There is no ${logGroupName}`);
      this.groups.set(String(logGroupName), Number(retentionInDays));
      return {};
    },
    DeleteLogGroup: ({ logGroupName }) => ({ gone: this.groups.delete(String(logGroupName)) }),
  };
}

function create<T>(all: Map<string, T>, name: string, value: T): void {
  if (all.has(name)) throw new Error(`${name} already exists`);
  all.set(name, value);
}

function existing<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (found === undefined) throw new NotFound(`There is no ${name}`);
  return found;
}

/** Queues, each with a policy that belongs to it, and log groups. */
interface Wanted {
  readonly queues: Readonly<Record<string, { readonly isFifo: boolean; readonly delaySeconds: number }>>;
  readonly groups: Readonly<Record<string, { readonly days: number; readonly key: string }>>;
}

function graphFor({ queues, groups }: Wanted) {
  const blocks = Object.entries(queues).flatMap(([name, { isFifo, delaySeconds }]) => [
    [`aws_sqs_queue.${name}`, { name, fifo_queue: isFifo, delay_seconds: delaySeconds }],
    [`aws_sqs_queue_policy.${name}`, { queue_url: `\${aws_sqs_queue.${name}.url}`, policy: `of ${name}` }],
  ]);
  const logs = Object.entries(groups).map(([name, { days, key }]) => [
    `aws_cloudwatch_log_group.${name}`,
    { name, retention_in_days: days, kms_key_id: key },
  ]);
  return graphOf({ a: { resource: resources(Object.fromEntries([...blocks, ...logs])) } });
}

/** What an emulator has in the end. */
const endOf = ({ queues, groups }: Wanted) => ({
  queues: Object.fromEntries(
    Object.entries(queues).map(([name, { isFifo, delaySeconds }]) => [
      name,
      { isFifo, delaySeconds: String(delaySeconds), policy: `of ${name}` },
    ]),
  ),
  groups: Object.fromEntries(Object.entries(groups).map(([name, { days }]) => [name, days])),
});

class Environment {
  readonly emulator = new FakeEmulator();
  #resources: Record<string, MadeResource> = {};

  async up(wanted: Wanted) {
    const graph = graphFor(wanted);
    this.emulator.calls = [];
    const applied = await applyPlan({
      graph,
      plan: planResources(graph),
      outdir: "/nowhere",
      accountId: account,
      endpoint: "http://nowhere",
      clients: this.emulator.clients,
      archives: undefined as unknown as Archives,
      before: this.#resources,
      onChange: () => undefined,
    });
    // As it is read again by another process.
    this.#resources = JSON.parse(JSON.stringify(applied.resources));
    return applied;
  }

  has() {
    return { queues: Object.fromEntries(this.emulator.queues), groups: Object.fromEntries(this.emulator.groups) };
  }
}

const none = { created: 0, updated: 0, replaced: 0, removed: 0 };
const oneGroup: Wanted = { queues: {}, groups: { g: { days: 7, key: "k" } } };
const oneQueue = (isFifo: boolean): Wanted => ({ queues: { q: { isFifo, delaySeconds: 1 } }, groups: {} });

describe("up", () => {
  test("makes what isn't there, changes what is another, and removes what is wanted no more", async () => {
    const environment = new Environment();
    expect((await environment.up(oneGroup)).changes).toEqual({ ...none, created: 1 });
    const other = { ...oneGroup, groups: { g: { days: 14, key: "k" } } };
    expect((await environment.up(other)).changes).toEqual({ ...none, updated: 1 });
    expect(environment.emulator.calls).toEqual(["PutRetentionPolicy"]);
    expect((await environment.up(oneQueue(false))).changes).toEqual({ ...none, created: 2, removed: 1 });
    expect(environment.has()).toEqual(endOf(oneQueue(false)));
    expect((await environment.up(oneQueue(false))).changes).toEqual(none);
    expect(environment.emulator.calls).toEqual([]);
    await environment.up({ queues: {}, groups: {} });
    // First what belongs to another.
    expect(environment.emulator.calls).toEqual(["SetQueueAttributes", "DeleteQueue"]);
  });

  test("what was refused is told, with what it was; the rest is made, and the next up makes what is missing", async () => {
    const environment = new Environment();
    const wanted = { ...oneQueue(false), ...{ groups: oneGroup.groups } };
    environment.emulator.refuses = (call) => call === "CreateQueue";
    const { failures, changes } = await environment.up(wanted);
    expect(failures).toEqual([{ id: "a/aws_sqs_queue.q", message: "No CreateQueue now" }]);
    expect(changes).toEqual({ ...none, created: 1 });
    environment.emulator.refuses = () => false;
    expect((await environment.up(wanted)).changes).toEqual({ ...none, created: 2 });
    expect(environment.has()).toEqual(endOf(wanted));
  });

  test("what was begun, and refused midway, is removed and made again", async () => {
    const environment = new Environment();
    environment.emulator.refuses = (call) => call === "PutRetentionPolicy";
    expect((await environment.up(oneGroup)).failures).toHaveLength(1);
    expect(environment.emulator.groups.get("g")).toBeUndefined();
    environment.emulator.refuses = () => false;
    expect(await environment.up(oneGroup)).toMatchObject({ failures: [], changes: { ...none, replaced: 1 } });
    expect(environment.emulator.calls).toEqual(["DeleteLogGroup", "CreateLogGroup", "PutRetentionPolicy"]);
    expect((await environment.up(oneGroup)).changes).toEqual(none);
  });

  test("what belongs to something that was made anew is made again, also by the next up", async () => {
    const environment = new Environment();
    await environment.up(oneQueue(false));
    environment.emulator.refuses = (call) => call === "SetQueueAttributes";
    expect((await environment.up(oneQueue(true))).failures).toHaveLength(1);
    environment.emulator.refuses = () => false;
    await environment.up(oneQueue(true));
    expect(environment.has()).toEqual(endOf(oneQueue(true)));
  });

  const wanted = fc.record({
    queues: fc.dictionary(
      fc.constantFrom("a", "b", "c"),
      fc.record({ isFifo: fc.boolean(), delaySeconds: fc.constantFrom(1, 2) }),
      { noNullPrototype: true },
    ),
    groups: fc.dictionary(
      fc.constantFrom("x", "y", "z"),
      fc.record({ days: fc.constantFrom(7, 14), key: fc.constantFrom("k", "l") }),
      { noNullPrototype: true },
    ),
  });

  test("whatever is refused on the way, one up that nothing is refused of makes all, and another nothing", async () => {
    const runs = fc.array(fc.record({ wanted, refused: fc.infiniteStream(fc.boolean()) }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(runs, wanted, async (before, last) => {
        const environment = new Environment();
        for (const run of before) {
          environment.emulator.refuses = () => run.refused.next().value === true;
          await environment.up(run.wanted);
        }
        environment.emulator.refuses = () => false;
        expect((await environment.up(last)).failures).toEqual([]);
        expect(environment.has()).toEqual(endOf(last));
        expect((await environment.up(last)).changes).toEqual(none);
        expect(environment.emulator.calls).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
