import { parseStackId } from "../graph/stack-id";
import { cleanSentence } from "./shown";

/** Where a comment goes, and by what right. */
export interface CommentTarget {
  /** @example "https://api.github.com" */
  readonly apiUrl: string;
  /** `owner/name` */
  readonly repository: string;
  readonly pullRequest: number;
  readonly token: string;
}

/** Why GitHub took no comment; never with the token in it. */
export class CommentError extends Error {
  override readonly name = "CommentError";
}

/** GitHub gives so many comments at a time at most. */
const perPage = 100;
/** A pull request with more comments than this has other troubles. */
const mostPages = 100;
const patienceMilliseconds = 30_000;

interface Comment {
  readonly id: number;
  readonly body?: string;
}

/** First line of the comment, which nobody sees: one comment for each set of environments. */
export function commentMarker(stackIds: readonly string[]): string {
  const names = stackIds.map((id) => parseStackId(id)?.environmentSuffix ?? "other");
  return `<!-- tap-review: ${[...new Set(names)].sort().join(" ") || "none"} -->`;
}

/** Writes a comment, or writes it anew where there is one that begins with the marker. */
export async function putComment(
  target: CommentTarget,
  marker: string,
  body: string,
): Promise<{ readonly action: "created" | "updated"; readonly url?: string }> {
  for await (const { id } of commentsWith(target, marker)) {
    const response = await call(target, "PATCH", `/repos/${target.repository}/issues/comments/${id}`, { body });
    if (response.ok) return { action: "updated", ...(await urlOf(response)) };
    // Somebody else's comment may begin so, too: that is left alone. One may have been deleted just now.
    if (response.status !== 403 && response.status !== 404) throw await refusal(target, response);
  }
  const path = `/repos/${target.repository}/issues/${target.pullRequest}/comments`;
  const response = await call(target, "POST", path, { body });
  if (!response.ok) throw await refusal(target, response);
  return { action: "created", ...(await urlOf(response)) };
}

async function* commentsWith(target: CommentTarget, marker: string): AsyncGenerator<Comment> {
  for (let page = 1; page <= mostPages; page += 1) {
    const path = `/repos/${target.repository}/issues/${target.pullRequest}/comments?per_page=${perPage}&page=${page}`;
    const response = await call(target, "GET", path);
    if (!response.ok) throw await refusal(target, response);
    const comments = await jsonOf(response);
    if (!Array.isArray(comments))
      throw new CommentError(
        `${target.apiUrl} answered with something that is no list of comments: is that GitHub's API?`,
      );
    for (const comment of comments as Comment[]) if (comment.body?.startsWith(marker)) yield comment;
    if (comments.length < perPage) return;
  }
}

async function call(target: CommentTarget, method: string, path: string, body?: object): Promise<Response> {
  try {
    return await fetch(`${target.apiUrl.replace(/\/+$/, "")}${path}`, {
      method,
      // A redirect would take the token to another place.
      redirect: "error",
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${target.token}`,
        "content-type": "application/json",
        "user-agent": "tap-review",
        "x-github-api-version": "2022-11-28",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
  } catch (error) {
    throw new CommentError(`${target.apiUrl} could not be reached: ${explain(target, error as Error)}`);
  }
}

function explain({ token }: CommentTarget, error: Error): string {
  if (error.name === "TimeoutError") return `no answer for ${patienceMilliseconds / 1_000} s`;
  const cause = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
  return cleanSentence(cause.replaceAll(token, "(token)"), 300);
}

/** What to do about an answer that is a refusal. */
async function refusal(target: CommentTarget, response: Response): Promise<CommentError> {
  const message = (await jsonOf(response)) as { message?: unknown } | undefined;
  const said =
    typeof message?.message === "string"
      ? ` GitHub says: ${cleanSentence(message.message.replaceAll(target.token, "(token)"), 300)}`
      : "";
  return new CommentError(
    `The comment could not be written (${response.status}): ${meaning(target, response)}.${said}`,
  );
}

function meaning({ repository, pullRequest }: CommentTarget, { status, headers }: Response): string {
  const isLimited = status === 429 || headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after");
  if ((status === 403 || status === 429) && isLimited) return "GitHub's limit of requests is used up; try again later";
  if (status === 401) return "GITHUB_TOKEN isn't valid, or not any more";
  if (status === 403)
    return "GITHUB_TOKEN may not write comments: the workflow needs `permissions: pull-requests: write`, which one from a fork never has";
  if (status === 404) return `there is no pull request ${pullRequest} in ${repository}, or GITHUB_TOKEN doesn't see it`;
  if (status === 410) return "the conversation has been closed or removed";
  if (status === 422) return "GitHub refused the text, or the conversation is locked";
  return status >= 500 ? "GitHub has a problem of its own; try again" : "GitHub refused it";
}

async function urlOf(response: Response): Promise<{ url?: string }> {
  const { html_url: url } = ((await jsonOf(response)) ?? {}) as { html_url?: unknown };
  return typeof url === "string" ? { url: cleanSentence(url, 300) } : {};
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}
