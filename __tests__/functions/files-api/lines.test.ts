import type { HttpCall } from "../http-events";
import { httpEvent } from "../http-events";
import { linesOf } from "../lambda";
import { asUser, create, fileInput, type LocalFiles, list, processedFile, read, remove, useFiles } from "./local-files";

/* What the function says of itself: who changed what, and nothing that is anybody's own. */

let local: LocalFiles;
useFiles((started) => {
  local = started;
});

const correlationId = "correlation-of-files";
const traced = (call: HttpCall): HttpCall => ({
  ...call,
  headers: { ...call.headers, "X-Correlation-Id": correlationId },
});

test("FIL-09 who changed what, and when, is in the log with the correlation id, and so is a repetition", async () => {
  const announcement = traced(create());
  let id = "";
  const lines = await linesOf(async () => {
    ({ id } = (await local.call(announcement)).body);
    await local.call(announcement);
    await local.call(traced(remove(id)));
    await local.call(traced(remove(id)));
  });
  const { file } = await local.items(id);
  const created = { action: "create", fileId: id, who: "key1", at: expect.stringMatching(/^\d{4}-.*Z$/) };
  const deleted = { action: "delete", fileId: id, who: "key1", at: file?.deletedAt?.S };
  const line = (audit: object) =>
    expect.objectContaining({ audit, correlation_id: correlationId, file_id: id, service: "files" });
  expect(lines.filter((one) => "audit" in one)).toEqual([
    line(created),
    line({ ...created, repeated: true }),
    line(deleted),
    line({ ...deleted, repeated: true }),
  ]);
});

test("FIL-09 with users, the user is who changed it", async () => {
  const call = create();
  const lines = await linesOf(() => local.call(call, asUser(call, "user-1")));
  expect(lines.find((one) => "audit" in one)?.audit).toMatchObject({ who: "user-1" });
});

test("FIL-09 what isn't a change, or wasn't made, has no line in the audit log", async () => {
  const { id } = await processedFile(local);
  const lines = await linesOf(async () => {
    await local.call(list());
    await local.call(read(id));
    await local.call(remove(id, { apiKeyId: "key2" }));
    await local.call(create(fileInput({ name: "" })));
  });
  expect(lines.filter((line) => "audit" in line)).toEqual([]);
});

test("FIL-09 what happens is counted", async () => {
  const call = create();
  const lines = await linesOf(async () => {
    const { body } = await local.call(call);
    await local.call(call);
    await local.call(list());
    await local.call(read(body.id));
    await local.call(remove(body.id));
  });
  for (const metric of ["FileAnnounced", "RepeatedChange", "FilesListed", "FileRead", "FileDeleted"])
    expect(lines).toContainEqual(expect.objectContaining({ [metric]: 1, service: "files" }));
});

test("FIL-09 no line has a file's name or checksum, a key's value, an object's key, a link or its signature", async () => {
  const name = "Erika-Mustermann.csv";
  const [apiKeyValue, idempotencyKey, email] = ["value-of-an-api-key", "idempotency-of-erika", "erika@example.com"];
  const given = { ...fileInput({ name }) };
  const secrets: string[] = [name, "Erika", given.sha256, apiKeyValue, idempotencyKey, email];

  /** As the gateway passes it on: with the key's value, and with what a token says. */
  const call = async (one: HttpCall) => {
    const withKey = { ...one, headers: { ...one.headers, "X-Api-Key": apiKeyValue, Authorization: email } };
    const { requestContext } = asUser(withKey, "user-1");
    const identity = { ...httpEvent(withKey).requestContext.identity, apiKey: apiKeyValue };
    return await local.call(withKey, { requestContext: { ...requestContext, identity } as never });
  };

  const lines = await linesOf(async () => {
    const created = await call(create(given, { key: idempotencyKey }));
    const { id } = created.body;
    await call(create({ ...given, name: `More of ${name}` }, { key: idempotencyKey }));
    await call(create({ ...given, name: `Erika/${name}`, [name]: name }, { key: idempotencyKey }));
    secrets.push(created.body.uploadUrl, signatureOf(created.body.uploadUrl), `uploads/${id}`);
    await fetch(created.body.uploadUrl, { method: "PUT", headers: created.body.uploadHeaders, body: "a,b\n1,2\n" });
    const { newestVersion, processed } = await import("./local-files");
    const version = newestVersion(local, id);
    const key = `results/${id}/${version.versionId}/${name}`;
    await processed(version, { text: email, outputs: [{ key }] });
    const { body } = await call(read(id));
    secrets.push(body.downloadUrl, signatureOf(body.downloadUrl), key);
    secrets.push(body.result.outputs[0].url, signatureOf(body.result.outputs[0].url));
    await call(list({ cursor: name }));
    const denied = { status: 400, body: { __type: "com.amazonaws#AccessDeniedException", message: "Not allowed" } };
    local.fateOf = () => denied;
    for (const one of [create(given, { key: idempotencyKey }), list(), read(id), remove(id)])
      expect(await call(one)).toMatchObject({ status: 500 });
    local.fateOf = () => "lose-request";
    for (const one of [create(given, { key: idempotencyKey }), list(), read(id), remove(id)])
      expect(await call(one)).toMatchObject({ status: 503 });
    local.fateOf = () => "pass";
    expect(await call(remove(id))).toMatchObject({ status: 204 });
  });
  expect(lines.length).toBeGreaterThan(20);
  expect(secrets).toHaveLength(14);
  for (const secret of secrets) expect(JSON.stringify(lines)).not.toContain(secret);
  expect(JSON.stringify(lines)).not.toMatch(/X-Amz-|results\/|uploads\//);
});

function signatureOf(url: string): string {
  const signature = new URL(url).searchParams.get("X-Amz-Signature") ?? "";
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  return signature;
}
