import { processLargeCsv } from "./large-csv";

jest.setTimeout(240_000);

/** Of 1 GB, large.aws.test.ts says the same. */
const megabytes = 100;

test("FIL-03 a CSV's rows are counted and forgotten: most of it is never in memory", async () => {
  const { totalBytes, peakMegabytes } = await processLargeCsv(megabytes * 1_000_000);
  expect(totalBytes).toBeGreaterThan(99_000_000);
  // Two Nodes, and what is on its way between them.
  expect(peakMegabytes).toBeLessThan(300);
});
