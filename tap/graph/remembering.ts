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

/**
 * A pure function of an object that nobody changes, which keeps its answers as long as there is the object: stacks that
 * are the same are in many graphs, one for each change of another one. Answers are shared: nobody changes them either.
 */
export function rememberingObjects<Given extends object, Answer>(answer: (given: Given) => Answer) {
  const answers = new WeakMap<Given, { readonly value: Answer }>();
  return (given: Given): Answer => {
    const known = answers.get(given);
    if (known !== undefined) return known.value;
    const value = answer(given);
    answers.set(given, { value });
    return value;
  };
}
