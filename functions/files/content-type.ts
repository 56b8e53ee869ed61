import { fileTypeFromBuffer } from "file-type/core";
import { Refusal } from "./refusal";
import { hasMark, isBinary } from "./text-encoding";

/** What a file's name promises. */
const promises = { jpg: "jpeg", jpeg: "jpeg", png: "png", pdf: "pdf", txt: "text", csv: "text", json: "text" } as const;

/** How the content is written, whatever it says. */
export type Content = (typeof promises)[keyof typeof promises];

/** As much of a file's beginning as is looked at. */
export const headBytes = 65_536;

/** Files that are known by their first bytes, and by these names in file-type. */
const magic: Readonly<Record<string, Content>> = { jpg: "jpeg", png: "png", apng: "png", pdf: "pdf" };

/** Of text that has a form of its own, which its first bytes say. */
const textual = new Set(["xml", "rtf", "eps", "ps", "ics", "vcf", "svg"]);

/**
 * Holds a file's content against its name.
 * @throws Refusal where the name promises something else, or nothing that is known
 */
export async function checkContent(extension: string, head: Uint8Array): Promise<Content> {
  if (head.length === 0) throw new Refusal("empty");
  if (!Object.hasOwn(promises, extension)) throw new Refusal("unsupported-type");
  const promised = promises[extension as keyof typeof promises];
  if ((await contentOf(head.subarray(0, headBytes))) !== promised) throw new Refusal("type-mismatch");
  return promised;
}

async function contentOf(head: Uint8Array): Promise<Content | undefined> {
  // A mark of UTF-16 could also be the beginning of a sound.
  if (hasMark(head)) return "text";
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (found !== undefined && !textual.has(found.ext)) return magic[found.ext];
  return isBinary(head) ? undefined : "text";
}
