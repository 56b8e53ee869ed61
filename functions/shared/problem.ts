/** One thing that is wrong with a request: where (a JSON pointer, RFC 6901), and the rule. Never the value. */
export interface RequestError {
  readonly pointer: string;
  /** The rule, in words: "must be …". */
  readonly detail: string;
}

/** Every kind of problem that a function answers with, and the metric that counts it. */
const kinds = {
  "invalid-request": { status: 400, title: "The request is not valid", metric: "InvalidRequest" },
  forbidden: { status: 403, title: "No API key, or one that isn't valid", metric: "Forbidden" },
  "not-found": { status: 404, title: "There is no such thing", metric: "NotFound" },
  "route-not-found": { status: 404, title: "There is no such route", metric: "RouteNotFound" },
  "stale-version": { status: 409, title: "The expected version is not the current one", metric: "StaleVersion" },
  "idempotency-conflict": {
    status: 409,
    title: "The idempotency key was used for another request",
    metric: "IdempotencyConflict",
  },
  "other-region": { status: 409, title: "It belongs to another region", metric: "OtherRegion" },
  // What stale-version is without HTTP.
  "precondition-failed": { status: 412, title: "The expected version is not the current one", metric: "StaleVersion" },
  "body-too-large": { status: 413, title: "The body is too large", metric: "BodyTooLarge" },
  "unsupported-media-type": { status: 415, title: "The body is of another type", metric: "UnsupportedMediaType" },
  "precondition-required": {
    status: 428,
    title: "The request doesn't say what version it is based on",
    metric: "PreconditionRequired",
  },
  internal: { status: 500, title: "Something went wrong on the server's side", metric: "InternalError" },
  unavailable: { status: 503, title: "Temporarily unavailable", metric: "Unavailable" },
} as const;

export type ProblemKind = keyof typeof kinds;

/** What some kinds say beside the standard's members. */
export interface ProblemExtensions {
  /** 400: everything that is wrong, at once. */
  readonly errors?: readonly RequestError[];
  /** 409, 412: the version to start from. 0: there is nothing yet. */
  readonly currentVersion?: number;
  /** 503: not before. */
  readonly retryAfterSeconds?: number;
}

/** Problem details (RFC 9457). */
export interface ProblemDetails extends ProblemExtensions {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** This occurrence: what to look for in the logs. */
  readonly instance?: string;
}

/**
 * A problem on its way to the caller. Lambda answers a thrown error with its name, message and stack: the message is
 * the problem details as JSON, and the stack says nothing more.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly details: ProblemDetails;

  constructor(
    readonly kind: ProblemKind,
    private readonly detail: string,
    private readonly more: ProblemExtensions = {},
    instance?: string,
  ) {
    const { status, title } = kinds[kind];
    const type = `urn:tap:problem:${kind}`;
    const details = { type, title, status, detail, ...(instance && { instance }), ...more };
    super(JSON.stringify(details));
    this.details = details;
    this.stack = `Problem: ${title}`;
  }

  /** Not of the caller's: repeating the request can help, and alarms are to see it. */
  get isOfThisSide(): boolean {
    return this.details.status >= 500;
  }

  get metric(): string {
    return kinds[this.kind].metric;
  }

  /** The same problem, of this one occurrence. */
  withInstance(instance: string): Problem {
    return new Problem(this.kind, this.detail, this.more, instance);
  }
}
