import { projectRoot } from "../../support/project";
import { type Bundles, bundles, invokeBundle } from "../bundle";
import { httpEvent } from "../http-events";
import {
  catalogVariables,
  content,
  create,
  type LocalFiles,
  newestVersion,
  read,
  remove,
  startFiles,
} from "./local-files";

/* What bin/smaller-packages.mjs leaves out of packages is missed by nobody: the bundle signs, lists, reads and deletes. */

let own: Bundles;
let local: LocalFiles;
beforeAll(async () => {
  [own, local] = await Promise.all([bundles(projectRoot), startFiles()]);
});
afterAll(() => local.stop());

async function invoke(call: Parameters<typeof httpEvent>[0]) {
  const variables = { ...catalogVariables, AWS_ENDPOINT_URL: local.endpoint };
  const { answer } = await invokeBundle(own["files/catalog"]?.folder ?? "", httpEvent(call), variables);
  return { status: answer.statusCode, body: answer.body === "" ? undefined : JSON.parse(String(answer.body)) };
}

test("API-15 a file is announced, uploaded, read and deleted by the bundle", async () => {
  const call = create();
  const created = await invoke(call);
  expect(created.status).toBe(201);
  // DynamoDB's refusal is known for what it is.
  expect(await invoke(call)).toMatchObject({ status: 201, body: { id: created.body.id } });
  const { id, uploadUrl, uploadHeaders } = created.body;
  expect((await fetch(uploadUrl, { method: "PUT", headers: uploadHeaders, body: content })).status).toBe(200);
  expect(newestVersion(local, id).sizeBytes).toBe(content.length);
  expect(await invoke(read(id))).toMatchObject({ status: 200, body: { status: "awaiting-upload" } });
  expect((await invoke(remove(id))).status).toBe(204);
  expect((await invoke(read(id))).status).toBe(404);
  expect(newestVersion(local, id).sizeBytes).toBe(0);
});
