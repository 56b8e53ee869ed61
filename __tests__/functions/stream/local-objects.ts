import { Readable } from "node:stream";
import type { Answer } from "./local-answer";

const xml = (status: number, code: string): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: `<Error><Code>${code}</Code><Message>The cause</Message></Error>`,
});

/** An object that is made while it is read. */
export interface MadeObject {
  readonly length: number;
  /** Bytes from a place on. */
  from(start: number): Iterable<Buffer>;
}

/** What the functions ask of S3: objects that are written once, and versions of objects that are read in part. */
export class LocalObjects {
  /** What was written, by key. */
  readonly written = new Map<string, string>();
  /** What is there to be read, by `key?version`. */
  readonly versions = new Map<string, Buffer | MadeObject>();
  /** The connection breaks after so many bytes of an answer. */
  cutAfter: () => number = () => Number.POSITIVE_INFINITY;

  /** @param path `/bucket/key` */
  answer(method: string, path: string, query: URLSearchParams, headers: Record<string, string>, body: string): Answer {
    const key = decodeURIComponent(path.split("/").slice(2).join("/"));
    if (method === "PUT") return this.put(key, headers["if-none-match"], body);
    if (method === "GET") return this.get(`${key}?${query.get("versionId")}`, headers.range);
    return xml(405, "MethodNotAllowed");
  }

  private put(key: string, ifNoneMatch: string | undefined, body: string): Answer {
    if (ifNoneMatch === "*" && this.written.has(key)) return xml(412, "PreconditionFailed");
    this.written.set(key, body);
    return { body: "" };
  }

  private get(version: string, range: string | undefined): Answer {
    const object = this.versions.get(version);
    if (object === undefined) return xml(404, "NoSuchVersion");
    const start = range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    if (range !== undefined && start >= object.length) return xml(416, "InvalidRange");
    const bytes = Buffer.isBuffer(object) ? [object.subarray(start)] : object.from(start);
    return {
      status: range === undefined ? 200 : 206,
      headers: {
        "content-type": "binary/octet-stream",
        "content-length": String(object.length - start),
        ...(range !== undefined && { "content-range": `bytes ${start}-${object.length - 1}/${object.length}` }),
      },
      body: Readable.from(cut(bytes, this.cutAfter()), { objectMode: false, highWaterMark: 65_536 }),
    };
  }
}

function* cut(chunks: Iterable<Buffer>, length: number): Generator<Buffer> {
  let rest = length;
  for (const chunk of chunks) {
    if (chunk.length > rest) {
      yield chunk.subarray(0, rest);
      throw new Error("The connection is to break");
    }
    rest -= chunk.length;
    yield chunk;
  }
}
