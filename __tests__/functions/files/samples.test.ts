import { delivered, endOf, notificationOf, upload, type VersionEnd } from "./events";
import { type LocalAws, processorVariables, startAws } from "./local-aws";
import { type Handled, memoryMegabytes, type ProcessorName, startProcessor } from "./processor-process";
import { makeSamples, type Sample, type Samples } from "./samples";

/*
 * Every sample file goes through the bundle of its processor, in a process that lives as long as Lambda's would: what
 * one file does to it, the next would suffer. Each file that is to fail is followed by one that is to be processed.
 * Memory is measured from outside.
 */

jest.setTimeout(240_000);

/** Less than any of the functions has. */
const remainingMilliseconds = 30_000;

interface Way extends VersionEnd, Handled {
  readonly sample: Sample;
}

let samples: Samples;
let aws: LocalAws;
beforeAll(async () => {
  samples = makeSamples();
  aws = await startAws();
  aws.parameters.set("/tap/dev/files/config/paused", "false");
});
afterAll(async () => {
  samples.remove();
  await aws.stop();
});

/** Bad, good, bad, good: until all were there. */
function alternating(all: readonly Sample[]): Sample[] {
  const good = all.filter(({ status }) => status === "processed");
  const bad = all.filter(({ status }) => status === "failed");
  const length = Math.max(good.length, bad.length);
  return Array.from({ length }, (_, index) => [...bad.slice(index, index + 1), good[index % good.length]])
    .flat()
    .filter((sample) => sample !== undefined);
}

async function sendAll(processor: ProcessorName): Promise<Way[]> {
  const child = await startProcessor(processor, processorVariables(aws));
  const ways: Way[] = [];
  try {
    for (const sample of alternating(samples.all.filter((other) => other.processor === processor))) {
      const uploaded = upload(aws, sample.extension, samples.read(sample));
      const handled = await child.handle([delivered(notificationOf(uploaded))], remainingMilliseconds);
      ways.push({ sample, ...handled, ...(await endOf(aws, uploaded)) });
      aws.uploads.clear();
    }
    return ways;
  } finally {
    child.stop();
  }
}

describe.each<ProcessorName>(["image", "document", "data"])("%s", (processor) => {
  let ways: Way[];
  beforeAll(async () => {
    ways = await sendAll(processor);
  });

  test("FIL-12 every sample file ends as it is to end, also after one that failed, and no message goes back", () => {
    const end = (file: string, status: string | undefined, reason: string | undefined) => ({ file, status, reason });
    expect(ways.map(({ sample, status, reason }) => end(sample.file, status, reason))).toEqual(
      ways.map(({ sample }) => end(sample.file, sample.status, sample.reason)),
    );
    expect(ways.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test("FIL-03 what is said of a file is what it is", () => {
    for (const { sample, result } of ways)
      expect({ file: sample.file, ...result }).toMatchObject({ file: sample.file, ...sample.result });
  });

  test("FIL-12 no file takes more than the function's memory, or all of its time", () => {
    const most = Math.max(...ways.map(({ peakMegabytes }) => peakMegabytes));
    expect(most).toBeLessThan(memoryMegabytes[processor]);
    // A process that works on a file is more than nothing: it was measured.
    expect(Math.min(...ways.map(({ peakMegabytes }) => peakMegabytes))).toBeGreaterThan(80);
    expect(Math.max(...ways.map(({ milliseconds }) => milliseconds))).toBeLessThan(remainingMilliseconds);
  });

  test("FIL-09 no line of the log has anything of a file, or its name", () => {
    const lines = JSON.stringify(ways.flatMap(({ lines }) => lines));
    for (const text of ["Erika", "human beings", "Ada", "52/1", "uploads/"]) expect(lines).not.toContain(text);
  });
});
