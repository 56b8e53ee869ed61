import type { Environment } from "../../../config/environment";
import { checkOrder } from "../../../tap/delivery/real/gates";
import type { RealOptions } from "../../../tap/delivery/real/options";

const environment = { environmentSuffix: "staging" } as Environment;
const optionsWith = (goodBefore: string | undefined) =>
  ({
    environment,
    before: {
      environment: { environmentSuffix: "dev" },
      ledger: {
        read: async () => ({ record: goodBefore === undefined ? {} : { good: { release: goodBefore, at: "today" } } }),
      },
    },
  }) as unknown as RealOptions;

test("PLAT-08 a release comes in after the environment before was found good with it", async () => {
  expect((await checkOrder(optionsWith("r1"), "r1", undefined)).problems).toEqual([]);
  expect((await checkOrder(optionsWith("r2"), "r1", undefined)).problems).toEqual([
    expect.stringMatching(/r1 is not the last good release of dev \(that is r2/),
  ]);
  expect((await checkOrder(optionsWith(undefined), "r1", "r0")).problems).toEqual([
    expect.stringMatching(/no release was ever good there/),
  ]);
});

test("PLAT-08 what the environment itself is last good with may come again, wherever the one before has gone since", async () => {
  expect((await checkOrder(optionsWith("r2"), "r1", "r1")).problems).toEqual([]);
});
