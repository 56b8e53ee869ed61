import fc from "fast-check";
import { remembering } from "../../../tap/graph/remembering";

test("an answer is worked out once, and is the same whoever asks", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (texts) => {
      const asked: string[] = [];
      const lengthOf = remembering((text) => {
        asked.push(text);
        return { length: text.length };
      });
      for (const text of texts) expect(lengthOf(text)).toEqual({ length: text.length });
      for (const text of texts) expect(lengthOf(text)).toBe(lengthOf(text));
      expect(asked).toEqual([...new Set(texts)]);
    }),
  );
});

test("no answer is an answer too", () => {
  let asked = 0;
  const nothing = remembering(() => {
    asked += 1;
    return undefined;
  });
  expect([nothing("a"), nothing("a"), asked]).toEqual([undefined, undefined, 1]);
});

test("what is kept doesn't grow for ever", () => {
  let asked = 0;
  const lengthOf = remembering((text) => {
    asked += 1;
    return text.length;
  });
  const long = (letter: string) => letter.repeat(2_500_000);
  for (const letter of ["a", "b", "a", "a"]) lengthOf(long(letter));
  expect(asked).toBe(3);
});
