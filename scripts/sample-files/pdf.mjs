import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** A PDF of these objects: the first is the catalog, each is what stands between `obj` and `endobj`. */
export function pdfOf(objects, trailer = "") {
  const parts = [Buffer.from("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", "latin1")];
  let length = parts[0].length;
  const add = (part) => {
    parts.push(part);
    length += part.length;
  };
  const offsets = objects.map((object, index) => {
    const offset = length;
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object, "latin1"), Buffer.from("\nendobj\n")]));
    return offset;
  });
  const start = length;
  const lines = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`);
  const size = objects.length + 1;
  add(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${lines.join("")}`));
  add(Buffer.from(`trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`, "latin1"));
  return Buffer.concat(parts);
}

/** A stream object; its dictionary says how it is compressed. */
export function stream(data, dictionary = "") {
  const bytes = Buffer.from(data);
  return Buffer.concat([
    Buffer.from(`<< /Length ${bytes.length} ${dictionary} >>\nstream\n`),
    bytes,
    Buffer.from("\nendstream"),
  ]);
}

/** Operators that write a text, line by line. */
export function textContent(text) {
  const lines = text.split("\n").map((line) => `(${line.replace(/[\\()]/g, "\\$&")}) Tj T*`);
  return `BT /F1 12 Tf 14 TL 72 720 Td ${lines.join("\n")} ET`;
}

const font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

/**
 * A PDF with a text on each page, or of ready objects for the pages' contents.
 * @param {{ pages?: string[], contents?: Buffer[], extra?: string, isCompressed?: boolean }} options
 */
export function pdf({ pages = [], contents, catalog = "", isCompressed = false }) {
  const streams = contents ?? pages.map((text) => contentStream(textContent(text), isCompressed));
  const first = 4;
  const kids = streams.map((_, index) => `${first + index * 2} 0 R`).join(" ");
  return pdfOf([
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    `<< /Type /Pages /Kids [${kids}] /Count ${streams.length} >>`,
    font,
    ...streams.flatMap((content, index) => [page(first + index * 2 + 1), content]),
  ]);
}

export function page(contentNumber, parent = "2 0 R") {
  return `<< /Type /Page /Parent ${parent} /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${contentNumber} 0 R >>`;
}

function contentStream(content, isCompressed) {
  return isCompressed ? stream(deflateSync(content), "/Filter /FlateDecode") : stream(content);
}

const padding = Buffer.from("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A", "hex");
const permissions = -44;

/** A PDF that asks for a password (PDF 32000-1, 7.6.3: RC4, 40 bits). */
export function encryptedPdf(text, password) {
  const id = createHash("md5").update("sample").digest();
  const padded = Buffer.concat([Buffer.from(password), padding]).subarray(0, 32);
  const owner = rc4(md5(padded).subarray(0, 5), padded);
  const flags = Buffer.alloc(4);
  flags.writeInt32LE(permissions);
  const key = md5(Buffer.concat([padded, owner, flags, id])).subarray(0, 5);
  const user = rc4(key, padding);
  const objectKey = (number) => md5(Buffer.concat([key, Buffer.from([number, 0, 0, 0, 0])])).subarray(0, 10);
  const content = rc4(objectKey(5), Buffer.from(textContent(text)));
  return pdfOf(
    [
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
      font,
      page(5),
      stream(content),
      `<< /Filter /Standard /V 1 /R 2 /O <${owner.toString("hex")}> /U <${user.toString("hex")}> /P ${permissions} >>`,
    ],
    `/Encrypt 6 0 R /ID [<${id.toString("hex")}> <${id.toString("hex")}>]`,
  );
}

const md5 = (bytes) => createHash("md5").update(bytes).digest();

function rc4(key, bytes) {
  const state = Array.from({ length: 256 }, (_, index) => index);
  const swap = (a, b) => {
    [state[a], state[b]] = [state[b], state[a]];
  };
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + state[i] + key[i % key.length]) & 255;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return Buffer.from(bytes).map((byte) => {
    i = (i + 1) & 255;
    j = (j + state[i]) & 255;
    swap(i, j);
    return byte ^ state[(state[i] + state[j]) & 255];
  });
}
