/** A problem that the gateway answers with by itself. */
export interface GatewayProblem {
  /** Last part of its `type`; functions/shared/problem.ts has the same words for the same things. */
  readonly kind: string;
  readonly status: number;
  readonly title: string;
  /** `message`: what the gateway says, where that names parameters of the table and nothing else. */
  readonly detail: string;
  /** @default none: nobody knows */
  readonly retryAfterSeconds?: number;
}

const forbidden = { kind: "forbidden", status: 403, title: "Not allowed" };
const unauthorized = { kind: "unauthorized", status: 401, title: "Who calls is not known" };
const invalid = { kind: "invalid-request", status: 400, title: "The request is not valid" };
const missing = { kind: "route-not-found", status: 404, title: "There is no such route" };
const tooMany = { kind: "too-many-requests", status: 429, title: "Too many requests" };
const internal = {
  kind: "internal",
  status: 500,
  title: "Something went wrong on the server's side",
  detail: "The logs have the cause, under this instance.",
};
const timeout = {
  kind: "timeout",
  status: 504,
  title: "No answer in time",
  detail: "Whether the request was carried out is not known; repeat it as it was.",
};

/**
 * All types of answers that API Gateway has (API reference, GatewayResponse), each with its own status: a type that
 * isn't here would have one of the two defaults. What was wrong with a body is not repeated: the gateway's text has
 * parts of it, and quotes that nobody escapes.
 */
export const gatewayProblems: Readonly<Record<string, GatewayProblem>> = {
  DEFAULT_4XX: { ...invalid, detail: "The request can't be served as it is." },
  DEFAULT_5XX: internal,
  BAD_REQUEST_BODY: { ...invalid, detail: "The body is not what the description of the API asks for." },
  BAD_REQUEST_PARAMETERS: { ...invalid, detail: "message" },
  UNAUTHORIZED: { ...unauthorized, detail: "authorization must have a valid token." },
  ACCESS_DENIED: { ...forbidden, detail: "The caller may not do this." },
  EXPIRED_TOKEN: { ...unauthorized, detail: "The token has expired." },
  INVALID_SIGNATURE: { ...forbidden, detail: "The signature is not valid." },
  INVALID_API_KEY: {
    ...forbidden,
    title: "No API key, or one that isn't valid",
    detail: "x-api-key must have a valid key.",
  },
  WAF_FILTERED: { ...forbidden, detail: "A rule of the firewall refused the request." },
  // What the gateway says where it knows neither the path nor the method.
  MISSING_AUTHENTICATION_TOKEN: { ...missing, detail: "The API has no such path, or not with this method." },
  RESOURCE_NOT_FOUND: { ...missing, detail: "The API has no such path." },
  REQUEST_TOO_LARGE: {
    kind: "body-too-large",
    status: 413,
    title: "The body is too large",
    detail: "The gateway takes 10 MB.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    kind: "unsupported-media-type",
    status: 415,
    title: "The body is of another type",
    detail: "content-type must be application/json.",
  },
  THROTTLED: { ...tooMany, detail: "Slower, please.", retryAfterSeconds: 1 },
  QUOTA_EXCEEDED: { ...tooMany, detail: "The quota of this key is used up until its next period." },
  API_CONFIGURATION_ERROR: internal,
  AUTHORIZER_CONFIGURATION_ERROR: internal,
  AUTHORIZER_FAILURE: internal,
  INTEGRATION_FAILURE: timeout,
  INTEGRATION_TIMEOUT: timeout,
};
