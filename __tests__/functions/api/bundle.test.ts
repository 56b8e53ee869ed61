import { createHmac } from "node:crypto";
import { projectRoot } from "../../support/project";
import { type Bundles, bundles, invokeBundle } from "../bundle";
import { type Front, startFront } from "../front";
import { httpEvent } from "../http-events";
import {
  apiVariables,
  create,
  health,
  type Image,
  type LocalApi,
  list,
  newKey,
  read,
  scheduled,
  startApi,
  streamRecord,
} from "./local-api";
import { type LocalSns, startSns } from "./local-sns";

/* The bundles as Lambda loads them, each in a Node of its own: what bundling leaves out of packages is missed by nobody. */

let own: Bundles;
let api: LocalApi;
let sns: LocalSns;
let kms: Front;
let variables: Record<string, string>;
beforeAll(async () => {
  [own, api, sns] = await Promise.all([bundles(projectRoot), startApi(), startSns()]);
  kms = await startFront("", (body) => {
    const message = Buffer.from(JSON.parse(body).Message, "base64");
    return { status: 200, body: { Mac: createHmac("sha256", "inside of KMS").update(message).digest("base64") } };
  });
  variables = {
    ...apiVariables,
    ...api.dynamo.variables,
    AWS_ENDPOINT_URL_SNS: sns.endpoint,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
  };
});
afterAll(() => Promise.all([api.stop(), sns.stop(), kms.stop()]));

const invoke = (name: string, event: unknown) => invokeBundle(own[`api/${name}`]?.folder ?? "", event, variables);
const bodyOf = (answer: Record<string, unknown>) => JSON.parse(String(answer.body));

test("API-15 items are created, read and listed by the bundle, page by page", async () => {
  const ids: string[] = [];
  for (const name of ["one", "two"]) {
    const { answer, lines } = await invoke("items", httpEvent(create({ name }, newKey())));
    expect(answer).toMatchObject({ statusCode: 201 });
    expect(lines).toContainEqual(expect.objectContaining({ audit: expect.objectContaining({ action: "create" }) }));
    ids.push(bodyOf(answer).id);
  }
  expect((await invoke("items", httpEvent(read(ids[0] ?? "")))).answer).toMatchObject({ statusCode: 200 });
  const first = bodyOf((await invoke("items", httpEvent(list({ limit: "1" })))).answer);
  const second = bodyOf((await invoke("items", httpEvent(list({ limit: "1", cursor: first.nextCursor })))).answer);
  expect([...first.items, ...second.items].map(({ id }: { id: string }) => id).sort()).toEqual(ids.sort());
});

test("API-15 a change is published by the bundle, and what SNS refuses is told apart", async () => {
  const { answer } = await invoke("items", httpEvent(create({ name: "one" }, newKey())));
  const event = { Records: [streamRecord((await api.east.stored(bodyOf(answer).id)) as Image, "INSERT")] };
  expect((await invoke("replicate", event)).answer).toEqual({ batchItemFailures: [] });
  expect(sns.published).toHaveLength(1);
  sns.fail(500, 3);
  const failed = await invoke("replicate", event);
  expect(failed.answer).toEqual({ batchItemFailures: [{ itemIdentifier: expect.any(String) }] });
  const [line] = failed.lines.filter(({ level }) => level === "ERROR");
  expect((line?.error as Error | undefined)?.name).toBe("InternalErrorException");
});

test("API-15 the bundles say that they are there, take it in, and tell", async () => {
  expect((await invoke("replicate", scheduled)).answer).toEqual({ batchItemFailures: [] });
  const at = new Date().toISOString();
  const body = JSON.stringify({ kind: "heartbeat", origin: "us-west-2", at });
  const taken = await invoke("messages", { Records: [{ messageId: "m1", body, messageAttributes: {} }] });
  expect(taken.answer).toEqual({ batchItemFailures: [] });
  expect(taken.lines).toContainEqual(expect.objectContaining({ MessageTakenIn: 1 }));
  const { answer } = await invoke("health", httpEvent(health));
  expect(answer).toMatchObject({ statusCode: 200 });
  expect(bodyOf(answer)).toEqual({
    status: "ok",
    region: "us-east-1",
    dependencies: { items: "ok", "us-west-2": "ok" },
  });
});
