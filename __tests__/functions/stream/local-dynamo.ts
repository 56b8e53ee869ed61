import { type Answer, refusal } from "./local-answer";

/*
 * What the functions ask of DynamoDB, as DynamoDB does it: items by `id`, consistent reads, two kinds of conditions,
 * transactions. That it is right is for the emulator to say (consume.aws.test.ts).
 */

export type Item = Record<string, { S?: string; N?: string; BOOL?: boolean; L?: { S: string }[] }>;

interface Conditional {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}
interface Put extends Conditional {
  readonly Item: Item;
}
interface Update {
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}
interface Action {
  readonly Put?: Put;
  readonly Update?: Update;
}

export class LocalDynamo {
  readonly items = new Map<string, Item>();
  private readonly tokens = new Set<string>();
  /** How many keys BatchGetItem answers for at once. */
  batchLength = 100;

  answer(operation: string, body: never): Answer {
    const operations: Record<string, (body: never) => Answer> = {
      GetItem: this.getItem,
      BatchGetItem: this.batchGetItem,
      PutItem: this.putItem,
      TransactWriteItems: this.transactWriteItems,
    };
    return operations[operation]?.call(this, body) ?? refusal("UnknownOperationException");
  }

  private getItem({ Key }: { Key: Item }): Answer {
    const Item = this.items.get(idOf(Key));
    return { body: { ...(Item && { Item }) } };
  }

  private batchGetItem({ RequestItems }: { RequestItems: Record<string, { Keys: Item[] }> }): Answer {
    const [[table = "", request] = []] = Object.entries(RequestItems);
    const keys = request?.Keys ?? [];
    const ids = keys.map(idOf);
    if (ids.length === 0 || ids.length > 100 || new Set(ids).size < ids.length) return refusal("ValidationException");
    const answered = ids.slice(0, this.batchLength).filter((id) => this.items.has(id));
    const rest = keys.slice(this.batchLength);
    return {
      body: {
        Responses: { [table]: answered.map((id) => ({ id: { S: id } })) },
        UnprocessedKeys: rest.length > 0 ? { [table]: { ...request, Keys: rest } } : {},
      },
    };
  }

  private putItem(put: Put): Answer {
    if (!this.holds(put)) return refusal("ConditionalCheckFailedException");
    this.items.set(idOf(put.Item), put.Item);
    return { body: {} };
  }

  private transactWriteItems(body: { TransactItems: Action[]; ClientRequestToken: string }): Answer {
    const { TransactItems: actions, ClientRequestToken: token } = body;
    const ids = actions.map(({ Put, Update }) => idOf(Put?.Item ?? Update?.Key ?? {}));
    if (ids.length === 0 || ids.length > 100 || new Set(ids).size < ids.length) return refusal("ValidationException");
    // For ten minutes; the same request is answered the same, and not done again.
    if (this.tokens.has(token)) return { body: {} };
    const codes = actions.map(({ Put }) => (Put && !this.holds(Put) ? "ConditionalCheckFailed" : "None"));
    if (codes.some((code) => code !== "None"))
      return refusal("TransactionCanceledException", { CancellationReasons: codes.map((Code) => ({ Code })) });
    this.tokens.add(token);
    for (const { Put, Update } of actions) {
      if (Put) this.items.set(idOf(Put.Item), Put.Item);
      if (Update) this.add(Update);
    }
    return { body: {} };
  }

  /** `attribute_not_exists(id)`, `attribute = :value`, or none. */
  private holds({ Item, ConditionExpression = "", ExpressionAttributeValues = {} }: Put): boolean {
    const before = this.items.get(idOf(Item));
    if (ConditionExpression === "") return true;
    if (ConditionExpression === "attribute_not_exists(id)") return before === undefined;
    const [, name = "", value = ""] = /^(\w+) = (:\w+)$/.exec(ConditionExpression) ?? [];
    if (name === "") throw new Error(`Unknown condition ${ConditionExpression}`);
    return before !== undefined && JSON.stringify(before[name]) === JSON.stringify(ExpressionAttributeValues[value]);
  }

  /** `ADD #name :value, …`, of decimals, exactly. */
  private add({ Key, UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Update): void {
    const item: Item = { ...(this.items.get(idOf(Key)) ?? Key) };
    for (const [, name = "", value = ""] of UpdateExpression.matchAll(/(#\w+) (:\w+)/g)) {
      const attribute = ExpressionAttributeNames[name] as string;
      item[attribute] = { N: addDecimals(item[attribute]?.N ?? "0", ExpressionAttributeValues[value]?.N ?? "0") };
    }
    this.items.set(idOf(Key), item);
  }
}

const idOf = (key: Item): string => key.id?.S ?? "";

const places = 12;

/** Of its own, so that it proves the functions' own. */
export function addDecimals(one: string, other: string): string {
  const units = (text: string) => {
    const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    if (whole === undefined || part.length > places) throw new Error(`No such number: ${text}`);
    return BigInt(`${sign}${whole}${part.padEnd(places, "0")}`);
  };
  const sum = units(one) + units(other);
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, "0");
  const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
  return sum < 0n ? `-${text}` : text;
}
