import { killAndGoOn, killPoints } from "./kills";
import { scenarios } from "./scenarios";
import { PromotionWorld } from "./world";

/** One thing that was tried, and what came of it. */
export interface Tried {
  readonly name: string;
  readonly passed: boolean;
  readonly outcome: string;
  readonly seconds: number;
}

export interface ProveOptions {
  readonly kills: boolean;
  readonly scenarios: boolean;
  /** Part of the names of what is tried. */
  readonly only?: RegExp;
  /** Worlds side by side. */
  readonly lanes: number;
  onTried(tried: Tried): void;
}

interface Trial {
  readonly name: string;
  run(world: PromotionWorld): Promise<string>;
}

/** Tries all, each on a world whose dev is at a good release with another good one before it. */
export async function prove({ kills, scenarios: wanted, only, lanes, onTried }: ProveOptions): Promise<Tried[]> {
  const isWanted = ({ name }: Trial) => only?.test(name) ?? true;
  const points: Trial[] = killPoints.map((point, index) => ({
    name: `kill -9: ${point.name}`,
    run: (world) => killAndGoOn(world, point, index % 2 === 0),
  }));
  const queue = kills ? points.filter(isWanted) : [];
  const series = wanted ? scenarios.filter(isWanted) : [];
  const tried: Tried[] = [];
  const attempt = async (world: PromotionWorld, { name, run }: Trial) => {
    const start = Date.now();
    const result = await run(world).then(
      (outcome) => ({ passed: true, outcome }),
      (error: Error) => ({ passed: false, outcome: error.message }),
    );
    world.reset();
    const one = { name, ...result, seconds: (Date.now() - start) / 1_000 };
    tried.push(one);
    onTried(one);
    return one.passed;
  };
  const lane = async (index: number) => {
    const own = index === 0 ? [...series] : [];
    const next = () => own.shift() ?? queue.shift();
    let world: PromotionWorld | undefined;
    try {
      for (let trial = next(); trial !== undefined; trial = next()) {
        // The whole way brings both releases itself.
        world ??= await (trial.name === scenarios[0]?.name ? PromotionWorld.start() : begun());
        if (await attempt(world, trial)) continue;
        // What failed has left who knows what: the next one isn't to suffer for it.
        await world.stop();
        world = undefined;
      }
    } finally {
      await world?.stop();
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return tried;
}

async function begun(): Promise<PromotionWorld> {
  const world = await PromotionWorld.start();
  await world.begin();
  return world;
}
