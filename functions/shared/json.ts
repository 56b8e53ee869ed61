/** What a text says, or undefined where it is no JSON: the parser's own message quotes it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
