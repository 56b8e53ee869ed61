import { getDocumentProxy } from "unpdf";
import type { DocumentLimits } from "../limits";
import { Refusal } from "../refusal";

/** A PDF ends with this mark (PDF 32000-1, 7.5.5), and as far from the end as readers look for it. */
const endMark = "%%EOF";
const tailBytes = 1_024;

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type PageText = Awaited<ReturnType<Awaited<ReturnType<Pdf["getPage"]>>["getTextContent"]>>;

/**
 * The text of a PDF, page by page, as it is written there: pictures of text have none.
 * @throws Refusal where it can't be read, or is more than may be
 */
export async function pdfText(bytes: Uint8Array, { maximumPages, maximumCharacters }: DocumentLimits) {
  // A reader would look for what is left of it, and give it out as the whole.
  const tail = Buffer.from(bytes.subarray(-tailBytes)).toString("latin1");
  if (!tail.includes(endMark)) throw new Refusal("truncated");
  const pdf = await open(bytes);
  const pages = pdf.numPages;
  if (pages > maximumPages) throw new Refusal("too-many-pages");
  let text = "";
  for (let number = 1; number <= pages; number += 1) {
    if (number > 1) text += "\n\f";
    for await (const part of pageText(pdf, number)) {
      text += part;
      if (text.length > maximumCharacters) throw new Refusal("too-much-text");
    }
  }
  return { format: "pdf" as const, pages, text };
}

async function open(bytes: Uint8Array): Promise<Pdf> {
  try {
    return await getDocumentProxy(bytes, {
      // Errors alone; its warnings may quote the document.
      verbosity: 0,
      disableFontFace: true,
      useSystemFonts: false,
      stopAtErrors: true,
      enableXfa: false,
      maxImageSize: 1,
    });
  } catch (error) {
    if ((error as Error).name === "PasswordException") throw new Refusal("encrypted");
    throw error;
  }
}

/** Piece by piece: a page can have any amount of text. */
async function* pageText(pdf: Pdf, number: number): AsyncGenerator<string> {
  const page = await pdf.getPage(number);
  const reader: ReadableStreamDefaultReader<PageText> = page.streamTextContent().getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read())
    yield read.value.items.map(textOf).join("");
  page.cleanup();
}

function textOf(item: PageText["items"][number]): string {
  return "str" in item ? item.str + (item.hasEOL ? "\n" : "") : "";
}
