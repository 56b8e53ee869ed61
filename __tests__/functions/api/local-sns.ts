import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What was published, as a queue with raw delivery has it. */
export interface Published {
  readonly topicArn: string;
  readonly body: string;
  /** By name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** SNS's API as far as it is used, in this process. */
export interface LocalSns {
  readonly endpoint: string;
  readonly published: Published[];
  /** Of the next calls, one after the other: how many are answered with this status, before it works again. */
  fail(status: number, calls: number): void;
  stop(): Promise<void>;
}

export async function startSns(): Promise<LocalSns> {
  const published: Published[] = [];
  let failures: number[] = [];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const status = failures.shift();
    response.setHeader("content-type", "text/xml");
    if (status !== undefined) {
      response.writeHead(status).end("<ErrorResponse><Error><Code>InternalError</Code></Error></ErrorResponse>");
      return;
    }
    published.push(publishedBy(form));
    response.end(
      `<PublishResponse><PublishResult><MessageId>m${published.length}</MessageId></PublishResult></PublishResponse>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    published,
    fail: (status, calls) => {
      failures = Array(calls).fill(status);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The query protocol: `MessageAttributes.entry.1.Name`, and so on. */
function publishedBy(form: URLSearchParams): Published {
  const attributes: Record<string, string> = {};
  for (let entry = 1; form.has(`MessageAttributes.entry.${entry}.Name`); entry += 1) {
    const field = (name: string) => form.get(`MessageAttributes.entry.${entry}.${name}`) ?? "";
    attributes[field("Name")] = field("Value.StringValue");
  }
  return { topicArn: form.get("TopicArn") ?? "", body: form.get("Message") ?? "", attributes };
}
