import { distance } from "fastest-levenshtein";

/** One thing that is wrong with what was asked for: where, what was given, what would be right. */
export interface ConfigProblem {
  /** Where the value stands: `dev.jobs.lambda.memorySizeMb`, `ENVIRONMENT_SUFFIX`, `backend.hcl.bucket`. */
  path: string;
  /** The value as it was given; left out where it is missing. */
  value?: unknown;
  /** What would be valid, in words that finish the sentence "must be …", or the whole complaint. */
  message: string;
}

/** Everything that is wrong, in one throw, so that one run is enough to mend it all. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join("\n"));
  }
}

function formatProblem({ path, value, message }: ConfigProblem): string {
  return value === undefined ? `${path}: ${message}` : `${path}: ${quote(value)} ${message}`;
}

/** Throws all problems at once; does nothing where there is none. */
export function refuse(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

/** `(did you mean "x"?)`, where one of the candidates is near enough to be a slip of the keyboard. */
export function didYouMean(given: string, candidates: readonly string[]): string {
  const nearest = nearestOf(given, candidates);
  return nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
}

/** The candidate that is at most a third of its letters (and at least two edits) away, if any is. */
function nearestOf(given: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(given.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (best === undefined) return undefined;
  return best.edits <= Math.max(2, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
