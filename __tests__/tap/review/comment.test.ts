import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CommentTarget, commentMarker, putComment } from "../../../tap/review/comment";

const marker = "<!-- tap-review: dev -->";
const token = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";

interface Call {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (call: Call) => { status?: number; body?: unknown; headers?: Record<string, string> };

let server: Server;
let calls: Call[];
let answer: Answer;

beforeEach(async () => {
  calls = [];
  server = createServer(async (request, response) => {
    const call = await callOf(request);
    calls.push(call);
    const { status = 200, body = {}, headers = {} } = answer(call);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

async function callOf(request: IncomingMessage): Promise<Call> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const { method = "", url = "", headers } = request;
  return { method, url, authorization: headers.authorization, body };
}

function target(): CommentTarget {
  const { port } = server.address() as AddressInfo;
  return { apiUrl: `http://127.0.0.1:${port}/`, repository: "owner/name", pullRequest: 7, token };
}

const others = (count: number, from = 1) =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, body: "Looks good" }));

test("PLAT-08 where there is no comment yet, one is written", async () => {
  answer = ({ method }) =>
    method === "GET"
      ? { body: others(3) }
      : { status: 201, body: { html_url: "https://github.com/owner/name/pull/7#issuecomment-9" } };
  await expect(putComment(target(), marker, "text")).resolves.toEqual({
    action: "created",
    url: "https://github.com/owner/name/pull/7#issuecomment-9",
  });
  expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /repos/owner/name/issues/7/comments?per_page=100&page=1",
    "POST /repos/owner/name/issues/7/comments",
  ]);
  expect(calls.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
  expect(JSON.parse(calls[1]?.body ?? "")).toEqual({ body: "text" });
});

test("PLAT-08 the comment of an earlier run is written anew, also where it is on a later page", async () => {
  answer = ({ method, url }) => {
    if (method === "PATCH") return { body: {} };
    return { body: url.endsWith("page=2") ? [...others(20, 200), { id: 42, body: `${marker}\nold` }] : others(100) };
  };
  await expect(putComment(target(), marker, "text")).resolves.toEqual({ action: "updated" });
  expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /repos/owner/name/issues/7/comments?per_page=100&page=1",
    "GET /repos/owner/name/issues/7/comments?per_page=100&page=2",
    "PATCH /repos/owner/name/issues/comments/42",
  ]);
});

test("a comment that only quotes the marker, or is somebody else's, is left alone", async () => {
  answer = ({ method, url }) => {
    if (method === "GET")
      return {
        body: [
          { id: 1, body: `> ${marker}` },
          { id: 2, body: marker },
          { id: 3, body: null },
        ],
      };
    return url.endsWith("/2") ? { status: 403, body: { message: "Must be author" } } : { status: 201 };
  };
  await expect(putComment(target(), marker, "text")).resolves.toEqual({ action: "created" });
  expect(calls.map(({ method }) => method)).toEqual(["GET", "PATCH", "POST"]);
});

test.each([
  [401, {}, "GITHUB_TOKEN isn't valid"],
  [403, {}, "pull-requests: write"],
  [403, { "x-ratelimit-remaining": "0" }, "limit of requests is used up"],
  [404, {}, "there is no pull request 7 in owner/name"],
  [422, {}, "GitHub refused the text"],
  [429, {}, "limit of requests is used up"],
  [503, {}, "GitHub has a problem of its own"],
])("a refusal with %i says what to do, and never the token", async (status, headers, says) => {
  answer = () => ({
    status,
    headers: headers as Record<string, string>,
    body: { message: `Bad: ${token} \u001b[31m` },
  });
  const failure = await putComment(target(), marker, "text").catch((error: Error) => error);
  expect(String(failure)).toContain(says);
  expect(String(failure)).not.toContain(token);
  expect(String(failure)).not.toContain("\u001b");
});

test("a redirect isn't followed with the token, and what can't be reached is told", async () => {
  answer = () => ({ status: 302, headers: { location: "http://127.0.0.1:9/" } });
  await expect(putComment(target(), marker, "text")).rejects.toThrow("could not be reached");
  await expect(putComment({ ...target(), apiUrl: "http://127.0.0.1:1" }, marker, "text")).rejects.toThrow(
    "could not be reached",
  );
});

test("there is one comment for each set of environments", () => {
  expect(commentMarker(["tap-network-dev-us-east-1", "tap-api-dev-us-east-1"])).toBe(marker);
  expect(commentMarker(["tap-network-prod-us-east-1", "tap-api-dev-us-east-1"])).toBe("<!-- tap-review: dev prod -->");
  expect(commentMarker(["--> <script>"])).toBe("<!-- tap-review: other -->");
});
