import { createHash, randomUUID } from "node:crypto";
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describeWithEmulator } from "../../support/emulator";
import { type Emulated, startEmulated } from "./emulated";
import { LocalAws, requestHandlerTo } from "./local-aws";

/* What the other tests run on (local-dynamo.ts, local-objects.ts) behaves as the emulator does, and that one as DynamoDB. */

jest.setTimeout(120_000);

const checkpoint = (place: string) => ({ id: { S: "checkpoint" }, sequenceNumber: { S: place } });

const move = (TableName: string, before: string | undefined, after: string) => ({
  TableName,
  Item: checkpoint(after),
  ...(before === undefined
    ? { ConditionExpression: "attribute_not_exists(id)" }
    : { ConditionExpression: "sequenceNumber = :before", ExpressionAttributeValues: { ":before": { S: before } } }),
});

const put = (TableName: string, id: string) => ({
  Put: { TableName, Item: { id: { S: id } }, ConditionExpression: "attribute_not_exists(id)" },
});

const add = (TableName: string, id: string, sum: string) => ({
  Update: {
    TableName,
    Key: { id: { S: id } },
    UpdateExpression: "ADD #count :count, #sum :sum",
    ExpressionAttributeNames: { "#count": "count", "#sum": "sum" },
    ExpressionAttributeValues: { ":count": { N: "1" }, ":sum": { N: sum } },
  },
});

const name = fc.constantFrom("a", "b", "c", "d");
const place = fc.constantFrom(undefined, undefined, "1", "2");
const after = fc.constantFrom("1", "2");
const action = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), id: name }),
  fc.record({
    kind: fc.constant("add" as const),
    id: name.map((id) => `sum-${id}`),
    sum: fc.constantFrom("0.1", "-0.1", "1000000000000.000001", "-7", "3.25"),
  }),
);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("transact" as const),
      before: place,
      after,
      // Two of one item are refused; none but the checkpoint is well.
      actions: fc.array(action, { maxLength: 4 }),
      isRepeated: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("batch" as const), ids: fc.array(name, { maxLength: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("get" as const), id: fc.constantFrom("checkpoint", "sum-a", "nothing") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("save" as const), before: place, after }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("object" as const), key: name }) },
);
type Command = typeof command extends fc.Arbitrary<infer One> ? One : never;

interface Side {
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
}

/** A command's answer, or the name of its error and the codes of its actions. */
async function answerOf(side: Side, table: string, one: Command, token: string): Promise<unknown> {
  try {
    return await carryOut(side, table, one, token);
  } catch (error) {
    const { name, CancellationReasons } = error as { name: string; CancellationReasons?: { Code?: string }[] };
    return [name, CancellationReasons?.map(({ Code }) => Code)];
  }
}

async function carryOut({ dynamo, s3 }: Side, table: string, one: Command, token: string): Promise<unknown> {
  if (one.kind === "object") {
    await s3.send(new PutObjectCommand({ Bucket: table, Key: one.key, Body: "x", IfNoneMatch: "*" }));
    return "put";
  }
  if (one.kind === "get") {
    const get = new GetItemCommand({ TableName: table, Key: { id: { S: one.id } }, ConsistentRead: true });
    return (await dynamo.send(get)).Item ?? "nothing";
  }
  if (one.kind === "save") {
    await dynamo.send(new PutItemCommand(move(table, one.before, one.after)));
    return "saved";
  }
  if (one.kind === "batch") {
    const Keys = one.ids.map((id) => ({ id: { S: id } }));
    const RequestItems = { [table]: { Keys, ConsistentRead: true, ProjectionExpression: "id" } };
    const { Responses } = await dynamo.send(new BatchGetItemCommand({ RequestItems }));
    return (Responses?.[table] ?? []).map(({ id }) => id?.S).sort();
  }
  const actions = one.actions.map((each) =>
    each.kind === "put" ? put(table, each.id) : add(table, each.id, each.sum),
  );
  const transact = new TransactWriteItemsCommand({
    TransactItems: [{ Put: move(table, one.before, one.after) }, ...actions],
    ClientRequestToken: token,
  });
  await dynamo.send(transact);
  if (one.isRepeated) await dynamo.send(transact);
  return "done";
}

describeWithEmulator("services in this process", () => {
  let emulated: Emulated;
  beforeAll(async () => {
    emulated = await startEmulated();
  });
  afterAll(() => emulated.emulator.stop());

  test("STR-03 the emulator's transactions do all or nothing, by their conditions, and once for each token", async () => {
    const { dynamo, itemsOf } = emulated;
    const table = "transactions";
    await emulated.create(table);
    const transact = (TransactItems: object[], ClientRequestToken = randomUUID()) =>
      dynamo.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken } as never));
    const first = [{ Put: move(table, undefined, "1") }, put(table, "a"), add(table, "sum", "0.1")];
    const token = randomUUID();
    await transact(first, token);
    await transact(first, token);
    const once = { id: { S: "sum" }, count: { N: "1" }, sum: { N: "0.1" } };
    expect((await itemsOf(table)).get("sum")).toEqual(once);
    for (const actions of [
      // The shard stands elsewhere; a record was counted.
      [{ Put: move(table, undefined, "2") }, put(table, "b"), add(table, "sum", "0.2")],
      [{ Put: move(table, "1", "2") }, put(table, "a"), add(table, "sum", "0.2")],
    ])
      await expect(transact(actions)).rejects.toMatchObject({ name: "TransactionCanceledException" });
    const items = await itemsOf(table);
    expect([...items.keys()].sort()).toEqual(["a", "checkpoint", "sum"]);
    expect([items.get("sum"), items.get("checkpoint")]).toEqual([once, checkpoint("1")]);
    await transact([{ Put: move(table, "1", "2") }, put(table, "b"), add(table, "sum", "0.2")]);
    expect((await itemsOf(table)).get("sum")).toMatchObject({ count: { N: "2" }, sum: { N: "0.3" } });
    const tooMany = Array.from({ length: 101 }, (_, index) => put(table, `many-${index}`));
    await expect(transact(tooMany)).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("STR-03 what the other tests run on answers as the emulator does, whatever it is asked", async () => {
    const seen = new Map<string, number>();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
        run += 1;
        const table = `agreement-${run}`;
        await emulated.create(table);
        const settings = {
          endpoint: "http://127.0.0.1",
          maxAttempts: 1,
          requestHandler: requestHandlerTo(new LocalAws()) as never,
        };
        const local = { dynamo: new DynamoDBClient(settings), s3: new S3Client(settings) };
        for (const [index, one] of commands.entries()) {
          const token = createHash("sha256").update(`${run}-${index}`).digest("hex").slice(0, 36);
          const [expected, answer] = await Promise.all(
            [emulated, local].map((side) => answerOf(side, table, one, token)),
          );
          expect(answer).toEqual(expected);
          const kind = `${one.kind}: ${Array.isArray(answer) ? (answer[0] ?? "none") : typeof answer}`;
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
      }),
      { numRuns: 40 },
    );
    const kinds = [
      "transact: string",
      "transact: TransactionCanceledException",
      "transact: ValidationException",
      "save: string",
      "save: ConditionalCheckFailedException",
      "object: PreconditionFailed",
      "batch: ValidationException",
      "get: object",
    ];
    expect(kinds.filter((kind) => (seen.get(kind) ?? 0) < 3)).toEqual([]);
  });
});
