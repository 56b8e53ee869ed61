import type { Graph } from "../graph/model";
import { hashOf } from "../hash";
import type { Archives } from "./archives";
import { Arguments } from "./arguments";
import type { Clients } from "./clients";
import type { LocalPlan, PlannedResource } from "./plan";
import { regionOf, render } from "./render";
import { createdTypes, resourceType } from "./resources";
import { notCreatedTypes, standIns } from "./resources/not-created";
import type { Computed, Place, ResourceType } from "./resources/resource-type";
import type { MadeResource } from "./state";
import type { Value } from "./values";

/** What is done with a resource. */
export type Change = "created" | "updated" | "replaced" | "removed";

export interface ApplyOptions {
  readonly graph: Graph;
  readonly plan: LocalPlan;
  /** Folder that the stacks were synthesized into. */
  readonly outdir: string;
  readonly accountId: string;
  readonly endpoint: string;
  readonly clients: Clients;
  readonly archives: Archives;
  /** What was made earlier, by id. */
  readonly before: Readonly<Record<string, MadeResource>>;
  /** Called after each change. */
  onChange(id: string, change: Change): void;
}

export interface Applied {
  readonly resources: Record<string, MadeResource>;
  readonly changes: Readonly<Record<Change, number>>;
  /** What went wrong: the other resources are as they should be, but for those that need one of these. */
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}

/** Changes under way at a time: more only wait for the emulator, which works them off one by one. */
const concurrency = 12;

/**
 * Makes, changes and removes resources until those of the plan are there: each as soon as what it needs is, removals
 * first, in the other order. What has the same arguments as when it was made isn't touched.
 */
export async function applyPlan(options: ApplyOptions): Promise<Applied> {
  return new Application(options).run();
}

class Application {
  readonly #resources: Record<string, MadeResource>;
  readonly #changes: Record<Change, number> = { created: 0, updated: 0, replaced: 0, removed: 0 };
  readonly #failures: { id: string; message: string }[] = [];
  /** Those that take attributes of another, by its id. */
  readonly #users = new Map<string, string[]>();

  constructor(private readonly options: ApplyOptions) {
    this.#resources = { ...options.before };
    for (const { node, uses } of options.plan.resources)
      for (const used of uses) this.#users.set(used, [...(this.#users.get(used) ?? []), node.id]);
  }

  async run(): Promise<Applied> {
    const { plan } = this.options;
    const wanted = new Set(plan.resources.map(({ node }) => node.id));
    await this.#remove(Object.keys(this.options.before).filter((id) => !wanted.has(id)));
    if (this.#failures.length === 0) {
      const planned = new Map(plan.resources.map((resource) => [resource.node.id, resource]));
      await this.#inOrder(
        [...planned.keys()],
        (id) => planned.get(id)?.dependencies ?? [],
        async (id) => this.#make(planned.get(id) as PlannedResource),
      );
    }
    return { resources: this.#resources, changes: this.#changes, failures: this.#failures };
  }

  /** Removes those that are wanted no more: what was made last first. */
  async #remove(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids);
    const dependents = new Map<string, string[]>();
    for (const id of ids)
      for (const needed of this.options.before[id]?.dependencies ?? [])
        if (gone.has(needed)) dependents.set(needed, [...(dependents.get(needed) ?? []), id]);
    await this.#inOrder(
      ids,
      (id) => dependents.get(id) ?? [],
      async (id) => {
        await this.#removeOne(id);
        delete this.#resources[id];
        this.#changed(id, "removed");
      },
    );
  }

  async #removeOne(id: string): Promise<void> {
    const made = this.#resources[id];
    if (made === undefined || !(made.type in createdTypes)) return;
    const type = await resourceType(made.type);
    await type.remove?.(this.#place(made), made).catch((error: Error) => {
      // It went with what it belonged to.
      if (!/NotFound|NonExistent|NoSuch/.test(error.name)) throw error;
    });
  }

  async #make({ node, dependencies }: PlannedResource): Promise<void> {
    const { graph, outdir, archives } = this.options;
    const made = (id: string) => this.#resources[id];
    const { values, hash } = render(node, { graph, outdir, archives, made });
    const before = this.#resources[node.id];
    const common = {
      type: node.type,
      stack: node.stack.id,
      accountId: this.options.accountId,
      region: regionOf(node),
      values,
      dependencies,
    };
    if (node.type in notCreatedTypes) {
      this.#resources[node.id] = { ...common, hash: "", computed: standIns(node) };
      return;
    }
    const isNew = before === undefined;
    const isStale = before?.isStale === true;
    if (!isNew && before.hash === hash && !isStale) return;
    const type = await resourceType(node.type);
    const change = isNew ? "created" : canUpdate(type, values, before) && !isStale ? "updated" : "replaced";
    if (change === "replaced") {
      await this.#removeOne(node.id);
      delete this.#resources[node.id];
      this.#outdate(this.#users.get(node.id) ?? []);
    }
    const given = new Arguments(values, node.id);
    // The region is where it is made.
    given.ignore(["region", ...Object.keys(type.ignored ?? {})]);
    const place = this.#place(common);
    const begun = (computed: Computed) => {
      this.#resources[node.id] = { ...common, hash: "", isStale: true, computed };
    };
    const computed =
      change === "updated" && before !== undefined && type.update !== undefined
        ? await type.update(given, place, before)
        : await type.create(given, place, begun);
    const unread = given.unread();
    // It is there, but not as it should be: the next run changes it.
    this.#resources[node.id] = { ...common, hash: unread.length === 0 ? hash : "", computed };
    this.#changed(node.id, change);
    if (unread.length > 0)
      throw new Error(`nothing is known here of ${unread.join(", ")}; tap/local/resources says what is applied`);
  }

  /** Remembered in the state, too: where they aren't made again in this run, the next one does it. */
  #outdate(ids: readonly string[]): void {
    for (const id of ids) {
      const made = this.#resources[id];
      if (made !== undefined && made.type in createdTypes) this.#resources[id] = { ...made, isStale: true };
    }
  }

  #place({ region }: { readonly region: string }): Place {
    const { accountId, endpoint, clients, archives } = this.options;
    return {
      accountId,
      region,
      endpoint,
      client: clients.in(region),
      archive: async (path) => archives.read(path),
    };
  }

  #changed(id: string, change: Change): void {
    this.#changes[change] += 1;
    this.options.onChange(id, change);
  }

  /** Runs each once all that it needs has run; what needs something that failed doesn't run. */
  async #inOrder(
    ids: readonly string[],
    needs: (id: string) => readonly string[],
    run: (id: string) => Promise<void>,
  ): Promise<void> {
    const waiting = new Map<string, number>();
    const dependents = new Map<string, string[]>();
    const all = new Set(ids);
    for (const id of ids) {
      const needed = needs(id).filter((each) => all.has(each));
      waiting.set(id, needed.length);
      for (const each of needed) dependents.set(each, [...(dependents.get(each) ?? []), id]);
    }
    const ready = ids.filter((id) => waiting.get(id) === 0);
    const work = async (id: string): Promise<void> => {
      try {
        await run(id);
      } catch (error) {
        this.#failures.push({ id, message: explain(error) });
        return;
      }
      for (const dependent of dependents.get(id) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1;
        waiting.set(dependent, left);
        if (left === 0) ready.push(dependent);
      }
    };
    const running = new Set<Promise<void>>();
    while (ready.length > 0 || running.size > 0) {
      for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
        const one: Promise<void> = work(id).finally(() => running.delete(one));
        running.add(one);
        if (running.size >= concurrency) break;
      }
      await Promise.race(running);
    }
  }
}

function canUpdate(type: ResourceType, values: Readonly<Record<string, Value>>, before: MadeResource): boolean {
  const isSame = (name: string) => hashOf(values[name]) === hashOf(before.values[name]);
  return type.update !== undefined && (type.replacedBy ?? []).every(isSame);
}

function explain(error: unknown): string {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  return $metadata === undefined ? message : `${name}: ${message} (HTTP ${$metadata.httpStatusCode})`;
}
