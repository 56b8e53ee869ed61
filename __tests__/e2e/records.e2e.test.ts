import { describeWithEmulator } from "../support/emulator";
import { expectDenied, invoke, scenario } from "../support/local-environment";

jest.setTimeout(300_000);

/* Records, as their callers use them: by invoking the alias of the function that writes, and of the one that reads. */

const newId = () => `record-${crypto.randomUUID()}`;

interface Answer {
  readonly status: number;
  readonly record: Readonly<Record<string, unknown>>;
}

async function call(name: "write" | "read", payload: object): Promise<Answer> {
  const { answer, error, log } = await invoke(`records/${name}`, payload);
  if (error !== undefined) throw new Error(`records/${name}: ${error}\n${log}`);
  return answer as unknown as Answer;
}

const write = (id: string, expectedVersion: number, data: object, requestId?: string) =>
  call("write", { id, expectedVersion, data, ...(requestId === undefined ? {} : { requestId }) });

describeWithEmulator("records", () => {
  scenario("versions follow each other", { function: "records/write", action: "dynamodb:UpdateItem" }, async () => {
    const id = newId();
    expect(await write(id, 0, { n: 1 })).toMatchObject({ status: 201, record: { id, version: 1, data: { n: 1 } } });
    const second = await write(id, 1, { n: 2, ключ: [null, 1e300] });
    expect(second).toMatchObject({ status: 200, record: { id, version: 2 } });
    expect(second.record.data).toEqual({ n: 2, ключ: [null, 1e300] });
  });

  scenario(
    "what was written is read back, to the byte",
    { function: "records/read", action: "dynamodb:GetItem" },
    async () => {
      const id = newId();
      const data = { text: "ä\u0000🙂", "": [{ deep: [1, 2.5, true, null] }] };
      const written = await write(id, 0, data);
      expect(await call("read", { id })).toEqual({ status: 200, record: written.record });
      expect(written.record.data).toEqual(data);
    },
  );

  scenario(
    "a stale write is refused with the version that there is, and changes nothing",
    // To say which version there is, the writer reads.
    { function: "records/write", action: "dynamodb:GetItem" },
    async () => {
      const id = newId();
      await write(id, 0, { n: 1 });
      await write(id, 1, { n: 2 });
      const stale = { status: 409, currentVersion: 2, type: expect.stringContaining("stale-version") };
      expect(await write(id, 1, { n: 3 })).toMatchObject(stale);
      expect(await write(id, 0, { n: 3 })).toMatchObject(stale);
      expect(await call("read", { id })).toMatchObject({ record: { version: 2, data: { n: 2 } } });
    },
  );

  scenario(
    "a write that is repeated under its request's id was made once",
    { function: "records/write", action: "dynamodb:GetItem" },
    async () => {
      const [id, requestId] = [newId(), crypto.randomUUID()];
      const first = await write(id, 0, { n: 1 }, requestId);
      expect(await write(id, 0, { n: 1 }, requestId)).toEqual(first);
      expect(await write(id, 0, { n: 2 }, requestId)).toMatchObject({ status: 409, currentVersion: 1 });
    },
  );

  scenario(
    "of two writers of one version, one wins",
    { function: "records/write", action: "dynamodb:UpdateItem" },
    async () => {
      const id = newId();
      await write(id, 0, {});
      const answers = await Promise.all([1, 2, 3, 4].map((n) => write(id, 1, { n })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    },
  );

  test("a permission that a scenario doesn't need isn't taken for one that it needs", async () => {
    const create = async () => {
      await write(newId(), 0, {});
    };
    const succeeded = expectDenied({ function: "records/write", action: "dynamodb:GetItem" }, create);
    await expect(succeeded).rejects.toThrow(/"outcome": "it succeeded"/);
    const isNotGranted = expectDenied({ function: "records/write", action: "dynamodb:Scan" }, create);
    await expect(isNotGranted).rejects.toThrow("records/write isn't allowed dynamodb:Scan");
    // It fails, but of something else.
    const failed = expectDenied({ function: "records/write", action: "dynamodb:GetItem" }, () =>
      Promise.reject(new Error("the machine is on fire")),
    );
    await expect(failed).rejects.toThrow(/"denied": false/);
  });

  scenario(
    "an id that nobody has written is unknown, and what is no request is refused",
    { function: "records/read", action: "dynamodb:GetItem" },
    async () => {
      expect(await call("read", { id: newId() })).toMatchObject({ status: 404 });
      expect(await call("read", { id: "no/id" })).toMatchObject({ status: 400 });
      expect(await call("write", { id: newId() })).toMatchObject({ status: 400 });
    },
  );
});
