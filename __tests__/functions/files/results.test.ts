import sharp from "sharp";
import { delivered, endOf, notificationOf, upload } from "./events";
import { json, type LocalAws, processorVariables, startAws } from "./local-aws";
import { type ProcessorName, startProcessor } from "./processor-process";
import { makeSamples, type Sample, type Samples } from "./samples";

/* What the bundles store of a file, and a model beside them. */

jest.setTimeout(120_000);

let samples: Samples;
let aws: LocalAws;
beforeAll(async () => {
  samples = makeSamples([
    "photo-with-place",
    "turned",
    "cmyk",
    "sixteen-bits",
    "fifty-pages",
    "windows-1252",
    "commas",
  ]);
  aws = await startAws();
  aws.parameters.set("/tap/dev/files/config/paused", "false");
  aws.parameters.set("/tap/dev/files/config/model", "model-a");
});
afterAll(async () => {
  samples.remove();
  await aws.stop();
});

/** Of each of these samples: its result, and its outputs by their names. */
async function resultsOf(processor: ProcessorName, names: readonly string[]) {
  const child = await startProcessor(processor, processorVariables(aws, { MODEL_IDS: "model-a" }));
  try {
    const results = [];
    for (const name of names) {
      const sample = samples.all.find((other) => other.name === name) as Sample;
      const uploaded = upload(aws, sample.extension, samples.read(sample));
      await child.handle([delivered(notificationOf(uploaded))]);
      const { result } = await endOf(aws, uploaded);
      const prefix = `results/${uploaded.id}/${uploaded.versionId}/`;
      const stored = [...aws.results].filter(([key]) => key.startsWith(prefix));
      results.push({
        ...uploaded,
        result: result as Record<string, unknown>,
        outputs: Object.fromEntries(stored.map(([key, { bytes }]) => [key.slice(prefix.length), bytes])),
      });
    }
    return results;
  } finally {
    child.stop();
  }
}

test("FIL-03 of an image, a copy without its metadata and thumbnails are stored, and nothing says where it was taken", async () => {
  aws.model = () => json({ output: { message: { role: "assistant", content: [{ text: '["a cat"]' }] } } });
  const before = aws.asked.length;
  const [photo, turned, cmyk, deep] = await resultsOf("image", ["photo-with-place", "turned", "cmyk", "sixteen-bits"]);
  expect(photo?.result).toMatchObject({ hadExif: true, labels: ["a cat"] });
  const original = samples.read(samples.all.find(({ name }) => name === "photo-with-place") as Sample);
  expect((await sharp(original).metadata()).exif).toBeDefined();
  for (const { outputs } of [photo, turned, cmyk, deep] as NonNullable<typeof photo>[]) {
    for (const bytes of Object.values(outputs)) {
      const { exif, xmp, iptc, icc, orientation, space } = await sharp(bytes).metadata();
      expect({ exif, xmp, iptc, icc, orientation, space }).toEqual({ space: "srgb" });
      expect(bytes.includes("Erika")).toBe(false);
    }
    expect(Object.keys(outputs)).toEqual([
      expect.stringMatching(/^image\.(jpg|png)$/),
      "thumbnail-512.webp",
      "thumbnail-128.webp",
    ]);
  }
  expect(JSON.stringify(photo?.result)).not.toMatch(/Erika|GPS|52/);
  const sizeOf = async (bytes: Buffer | undefined) => {
    const { width, height } = await sharp(bytes).metadata();
    return [width, height];
  };
  expect(await sizeOf(turned?.outputs["image.jpg"])).toEqual([200, 320]);
  expect(await sizeOf(turned?.outputs["thumbnail-512.webp"])).toEqual([200, 320]);
  expect(await sizeOf(turned?.outputs["thumbnail-128.webp"])).toEqual([80, 128]);
  const asked = aws.asked.slice(before).filter(({ operation }) => operation === "POST /model/model-a/converse");
  expect(asked).toHaveLength(4);
  const shown = Buffer.from(JSON.parse(asked[0]?.body ?? "").messages[0].content[0].image.source.bytes, "base64");
  expect(shown.equals(photo?.outputs["thumbnail-512.webp"] as Buffer)).toBe(true);
});

test("FIL-06 what a processor says that it stored is what the API links to, and deletes with the file", async () => {
  Object.assign(process.env, processorVariables(aws));
  const { derivedKeys } = await import("../../../functions/files/catalog/file-view");
  const [photo] = await resultsOf("image", ["photo-with-place"]);
  const { id, versionId, result, outputs } = photo as NonNullable<typeof photo>;
  const version = { versionId, result: JSON.stringify(result), status: "processed", attempts: 1 } as const;
  expect(derivedKeys(id, { ...version, leaseOwner: undefined, leaseExpiresAt: 0 })).toEqual(
    Object.keys(outputs).map((name) => `results/${id}/${versionId}/${name}`),
  );
});

test("FIL-03 of a document, the text is stored, page by page", async () => {
  aws.model = () => json({ output: { message: { role: "assistant", content: [{ text: "Fifty pages." }] } } });
  const [pdf, text] = await resultsOf("document", ["fifty-pages", "windows-1252"]);
  const pages = String(pdf?.outputs["text.txt"]).split("\f");
  expect(pages.map((page) => page.trim())).toEqual(Array.from({ length: 50 }, (_, index) => `Page ${index + 1}`));
  expect(pdf?.result).toMatchObject({ pages: 50, words: 100, lines: 50, summary: "Fifty pages." });
  expect(String(text?.outputs["text.txt"])).toContain("müßten höflich");
});

test("FIL-03 of data, all columns' statistics are stored", async () => {
  const [table] = await resultsOf("data", ["commas"]);
  const { rows, columns } = JSON.parse(String(table?.outputs["statistics.json"]));
  expect(rows).toBe(3);
  expect(columns).toEqual(table?.result.columns);
  expect(columns.map(({ name, type, nulls }: Record<string, unknown>) => [name, type, nulls])).toEqual([
    ["name", "string", 0],
    ["age", "integer", 0],
    ["height", "number", 0],
    ["born", "date", 0],
    ["isMember", "boolean", 1],
  ]);
  expect(columns[1]).toMatchObject({ minimum: 36, maximum: 62, mean: 53, distinct: 3 });
});
