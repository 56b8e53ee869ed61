#!/usr/bin/env node
/*
 * Makes the sample files of the files system: files as clients have them, and as nobody should. The same each time.
 * Beside them, samples.json says what is to become of each: `node scripts/make-sample-files.mjs <folder> [name …]`
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataSamples } from "./sample-files/data.mjs";
import { documentSamples } from "./sample-files/documents.mjs";
import { imageSamples } from "./sample-files/images.mjs";

/**
 * @typedef {object} Sample
 * @property {string} name what it is about, as a file's name without its extension
 * @property {string} extension as its owner has it: what the file is said to be
 * @property {() => Uint8Array | string | Promise<Uint8Array | string>} content
 * @property {"processed" | string} end "processed", or the reason that it fails for
 * @property {object} [result] some of what the result is to say
 */

const processors = { image: imageSamples, document: documentSamples, data: dataSamples };

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined || folder.startsWith("-")) {
  console.error("Usage: node scripts/make-sample-files.mjs <folder> [name …]");
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const listed = [];
for (const [processor, samples] of Object.entries(processors)) {
  for (const { name, extension, content, end, result } of samples) {
    if (names.length > 0 && !names.includes(name)) continue;
    const file = `${processor}-${name}.${extension}`;
    writeFileSync(join(folder, file), await content());
    const status = end === "processed" ? "processed" : "failed";
    listed.push({ processor, name, file, extension, status, ...(status === "failed" && { reason: end }), result });
  }
}
writeFileSync(join(folder, "samples.json"), `${JSON.stringify(listed, null, 2)}\n`);
