import { processLargeCsv } from "./large-csv";
import { memoryMegabytes } from "./processor-process";

jest.setTimeout(900_000);

test("FIL-03 a CSV of 1 GB is read within the function's memory, to the last row", async () => {
  const { totalBytes, milliseconds, peakMegabytes } = await processLargeCsv(1_000_000_000);
  const figures = `${totalBytes} bytes in ${(milliseconds / 1_000).toFixed(1)} s, at most ${peakMegabytes.toFixed(0)} MB resident`;
  process.stderr.write(`${figures}\n`);
  expect(totalBytes).toBeGreaterThan(999_000_000);
  expect(peakMegabytes).toBeLessThan(memoryMegabytes.data);
});
