import { streamRecord } from "../../../routes/stream";
import { parseJson } from "../../shared/json";
import { rulesBroken } from "../../shared/rules";
import type { StreamRecord } from "../record";
import { maximumLineBytes, type Piece, type Position } from "./lines";
import type { Progress } from "./progress";

/** PutRecords takes as many (a record has less than 1 KB on the stream, and so they have less than its 5 MB). */
const maximumRecords = 500;

/** Of the object, after which its progress is saved, also where there are few records in it. */
const maximumBytes = 4 * 1024 * 1024;

/** Lines that are told of, of those that are refused; all are counted. */
const maximumRefusals = 20;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** What is put on the stream together, and the progress that it makes. */
export class Portion {
  readonly records: StreamRecord[] = [];
  private position: Position;
  private lines: number;
  private refused = 0;
  private readonly refusals: string[];

  constructor(private readonly before: Progress) {
    this.position = before.position;
    this.lines = before.lines;
    this.refusals = [...before.refusals];
  }

  get isFull(): boolean {
    const bytes = this.position.offset - this.before.position.offset;
    return this.records.length >= maximumRecords || bytes >= maximumBytes;
  }

  add({ line, position }: Piece): void {
    this.position = position;
    if (line === undefined) return;
    this.lines += 1;
    const read = readLine(line);
    if (read instanceof Broken) this.refuse(read.rules);
    else if (read !== undefined) this.records.push(read);
  }

  /** Once the records are on the stream. */
  progress(owner: string, isFinished: boolean): Progress {
    const { before, position, lines, refusals } = this;
    return {
      id: before.id,
      revision: before.revision + 1,
      owner,
      position,
      lines,
      imported: before.imported + this.records.length,
      refused: before.refused + this.refused,
      refusals,
      isFinished,
    };
  }

  private refuse(rules: string): void {
    this.refused += 1;
    if (this.refusals.length < maximumRefusals) this.refusals.push(`line ${this.lines}: ${rules}`);
  }
}

/** What is wrong with a line. */
class Broken {
  constructor(readonly rules: string) {}
}

/** Undefined: it is empty. */
function readLine(line: Buffer | "too-long"): StreamRecord | Broken | undefined {
  if (line === "too-long") return new Broken(`must not be longer than ${maximumLineBytes} bytes`);
  const text = textOf(line);
  if (text === undefined) return new Broken("must be UTF-8");
  if (text.trim() === "") return undefined;
  const { data, error } = streamRecord.safeParse(parseJson(text));
  return error ? new Broken(rulesBroken(error).join("; ")) : data;
}

function textOf(line: Buffer): string | undefined {
  try {
    return decoder.decode(line);
  } catch {
    return undefined;
  }
}
