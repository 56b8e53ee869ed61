import type { Reason } from "./refusal";

/** Something that is stored beside a file's result. */
export interface Output {
  /** Its name among the results of one version of a file. */
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What is known of a file beside its bytes. */
export interface ApartInput {
  /** Of its name, in lower case: what it is said to be. */
  readonly extension: string;
}

/** The work on one file: it takes the file's bytes as it needs them, and hands out what is to be stored. */
export type Inside = (
  input: ApartInput,
  chunks: AsyncIterable<Uint8Array>,
  put: (output: Output) => void,
) => Promise<object>;

export type FromInside =
  /** From here on, what goes wrong is the file's doing. */
  | { readonly kind: "started" }
  | { readonly kind: "output"; readonly output: Output }
  | { readonly kind: "result"; readonly result: object }
  | { readonly kind: "refusal"; readonly reason: Reason }
  /** A library gave up in a way of its own. */
  | { readonly kind: "broken"; readonly name: string; readonly frames: readonly string[] };

/** The variable that says so to a process that works on a file; Lambda's own never has it. */
export const apartVariable = "FILES_APART";

/** Whether this process works on a file, and isn't the one that Lambda calls. */
export function isApart(): boolean {
  return process.env[apartVariable] === "true";
}
