/** Characters of texts whose answers are kept. */
const keptCharacters = 4_000_000;

/**
 * A pure function of a text, which keeps its answers for a while: the same policy is read for its references, for its
 * names and as a policy, and again in the next graph of nearly the same stacks. Answers are shared: nobody changes them.
 */
export function remembering<T>(answer: (text: string) => T): (text: string) => T {
  const answers = new Map<string, { readonly value: T }>();
  let characters = 0;
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known.value;
    characters += text.length;
    if (characters > keptCharacters) {
      answers.clear();
      characters = text.length;
    }
    const value = answer(text);
    answers.set(text, { value });
    return value;
  };
}
