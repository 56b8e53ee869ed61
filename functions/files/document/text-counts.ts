export interface TextCounts {
  readonly words: number;
  /** Code points of Unicode. */
  readonly characters: number;
  readonly lines: number;
}

/** Words are what white space separates, as `wc -w` counts them; the last line need not end. */
export function textCounts(text: string): TextCounts {
  let words = 0;
  let characters = 0;
  let lines = 0;
  let isInWord = false;
  let last = "";
  for (const character of text) {
    characters += 1;
    const isSpace = isWhiteSpace(character);
    if (!isSpace && !isInWord) words += 1;
    isInWord = !isSpace;
    if (character === "\n" && last !== "\r") lines += 1;
    if (character === "\r") lines += 1;
    last = character;
  }
  const isLineOpen = last !== "" && last !== "\n" && last !== "\r";
  return { words, characters, lines: lines + (isLineOpen ? 1 : 0) };
}

const unicodeSpace = /\s/;

function isWhiteSpace(character: string): boolean {
  const code = character.charCodeAt(0);
  // Most characters are neither, and a regular expression costs most of the time here.
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return unicodeSpace.test(character);
}
