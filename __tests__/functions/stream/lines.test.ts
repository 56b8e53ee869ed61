import fc from "fast-check";
import { LineSplitter, maximumLineBytes, type Piece, type Position } from "../../../functions/stream/import/lines";

const start: Position = { offset: 0, isInsideLine: false };

function split(bytes: Buffer, cuts: readonly number[], position = start): Piece[] {
  const splitter = new LineSplitter(position);
  const places = [position.offset, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

/** By what Node itself makes of lines. */
function linesOf(text: string): (string | "too-long")[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (Buffer.byteLength(line) > maximumLineBytes ? "too-long" : line));
}

const told = (pieces: readonly Piece[]) =>
  pieces.flatMap(({ line }) => (line === undefined ? [] : [line === "too-long" ? line : line.toString()]));

const line = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: "grapheme", maxLength: 5 }).map((text) => text.replaceAll("\n", "")) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((more) => "x".repeat(maximumLineBytes + more)) },
  { weight: 1, arbitrary: fc.constant("y".repeat(3 * maximumLineBytes)) },
);
const object = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("", "\n"))
  .map(([lines, end]) => lines.join("\n") + end);

test("STR-04 lines are the same however an object's bytes come, and from wherever one of them ends", () => {
  fc.assert(
    fc.property(object, fc.array(fc.nat(), { maxLength: 8 }), fc.nat(), (text, numbers, choice) => {
      const bytes = Buffer.from(text);
      const cuts = numbers.map((number) => number % (bytes.length + 1));
      const pieces = split(bytes, cuts);
      expect(told(pieces)).toEqual(linesOf(text));
      if (pieces.length === 0) return;
      const index = choice % pieces.length;
      const { position } = pieces[index] as Piece;
      const rest = cuts.filter((cut) => cut >= position.offset);
      expect(told(split(bytes, rest, position))).toEqual(told(pieces.slice(index + 1)));
      expect(pieces.at(-1)?.position.offset).toBe(bytes.length);
    }),
    { numRuns: 300 },
  );
});

test("STR-04 of a line that is too long nothing is kept, and each part of it is a place to go on from", () => {
  const splitter = new LineSplitter(start);
  const chunk = Buffer.alloc(60_000, "x");
  const pieces = Array.from({ length: 5 }, () => [...splitter.push(chunk)]).flat();
  expect(pieces).toEqual([
    { line: "too-long", position: { offset: 120_000, isInsideLine: true } },
    ...[180_000, 240_000, 300_000].map((offset) => ({ line: undefined, position: { offset, isInsideLine: true } })),
  ]);
  expect([...splitter.push(Buffer.from("\n{}\n"))].at(-1)).toEqual({
    line: Buffer.from("{}"),
    position: { offset: 300_004, isInsideLine: false },
  });
});
