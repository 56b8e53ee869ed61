import type { ApartInput, Inside, Output } from "../apart-messages";
import { collect } from "../collect";
import { checkContent } from "../content-type";
import { type DocumentLimits, documentLimits } from "../limits";
import { Refusal } from "../refusal";
import { languageOf } from "./language";
import { pdfText } from "./pdf-text";
import { plainText } from "./plain-text";
import { type TextCounts, textCounts } from "./text-counts";

/** What there is to know about a document; its text is stored beside it. */
export interface DocumentResult extends TextCounts {
  readonly kind: "document";
  readonly format: "pdf" | "text";
  /** Of a PDF. */
  readonly pages?: number;
  /** Of plain text: how it was written. */
  readonly encoding?: string;
  /** ISO 639-3; "und" where the text is too short, or in none that is known. */
  readonly language: string;
}

export const work: Inside = (input, chunks, put) => processDocumentWithin(documentLimits, input, chunks, put);

/** Takes the text out of a document. */
export async function processDocumentWithin(
  limits: DocumentLimits,
  { extension }: ApartInput,
  chunks: AsyncIterable<Uint8Array>,
  put: (output: Output) => void,
): Promise<DocumentResult> {
  const bytes = await collect(chunks);
  const content = await checkContent(extension, bytes);
  if (content !== "pdf" && extension !== "txt") throw new Refusal("type-mismatch");
  const { text, ...source } = content === "pdf" ? await pdfText(bytes, limits) : plainText(bytes, limits);
  put({ name: "text.txt", contentType: "text/plain; charset=utf-8", bytes: new TextEncoder().encode(text) });
  return { kind: "document", ...source, ...textCounts(text), language: languageOf(text) };
}
