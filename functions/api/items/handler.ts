import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { api, type ItemInput } from "../../../routes/api";
import { createHttpHandler, type HttpInvocation } from "../../shared/http";
import type { HttpRequest } from "../../shared/http-request";
import type { HttpAnswer } from "../../shared/http-response";
import { logger, metrics } from "../../shared/powertools";
import { logChange } from "../audit-log";
import { type CursorKey, makeCursor, readCursor } from "../cursor";
import { contentOf, itemIdOf, type StoredItem, viewOf } from "../item";
import { changeItem, createItem, noSuchItem } from "../item-changes";
import { listItems } from "../item-list";
import { getStoredItem, type ItemTable, itemTable } from "../item-table";
import { kmsCursorKey } from "../kms-cursor-key";

/** What the routes make sure of. */
type OfItem = HttpRequest & { readonly path: { readonly id: string } };
type Creating = HttpRequest & { readonly headers: { readonly "idempotency-key": string }; readonly body: ItemInput };
type Listing = HttpRequest & { readonly query: { readonly limit?: string; readonly cursor?: string } };
type Deleting = OfItem & { readonly headers: { readonly "if-match": string } };
type Updating = Deleting & { readonly body: ItemInput };

const defaultLimit = "25";

export function createItemsHandler(table: ItemTable, cursorKey: CursorKey) {
  return createHttpHandler(api, "items", {
    async createItem({ apiKeyId, headers, body, url }: Creating, invocation): Promise<HttpAnswer> {
      const id = itemIdOf(table.region, apiKeyId, headers["idempotency-key"]);
      const change = await createItem(table, id, contentOf(body), invocation);
      logChange("create", change, apiKeyId);
      return answerOf(201, change.item, { location: `${url.replace(/\/$/, "")}/${id}` });
    },

    async getItem({ path }: OfItem, { signal }): Promise<HttpAnswer> {
      const item = await getStoredItem(table, path.id, signal);
      if (item?.content === undefined) throw noSuchItem();
      logger.info("Item read", { version: item.version });
      metrics.addMetric("ItemRead", MetricUnit.Count, 1);
      return answerOf(200, item);
    },

    async listItems({ query }: Listing, invocation): Promise<HttpAnswer> {
      const body = await listPage(table, cursorKey, query, invocation);
      logger.info("Items listed", { items: body.items.length });
      metrics.addMetric("ItemsListed", MetricUnit.Count, 1);
      return { status: 200, body };
    },

    async updateItem({ apiKeyId, path, headers, body }: Updating, invocation): Promise<HttpAnswer> {
      const change = await changeItem(table, path.id, versionOf(headers["if-match"]), contentOf(body), invocation);
      logChange("update", change, apiKeyId);
      return answerOf(200, change.item);
    },

    async deleteItem({ apiKeyId, path, headers }: Deleting, invocation): Promise<HttpAnswer> {
      const change = await changeItem(table, path.id, versionOf(headers["if-match"]), undefined, invocation);
      logChange("delete", change, apiKeyId);
      return { status: 204 };
    },
  });
}

async function listPage(
  table: ItemTable,
  key: CursorKey,
  { limit = defaultLimit, cursor }: Listing["query"],
  { signal }: HttpInvocation,
) {
  const afterId = cursor === undefined ? undefined : await readCursor(key, "listItems", cursor, signal);
  const { items, lastId } = await listItems(table, Number(limit), afterId, signal);
  if (lastId === undefined) return { items };
  return { items, nextCursor: await makeCursor(key, "listItems", lastId, signal) };
}

/** Of an entity tag such as `"3"`. */
function versionOf(entityTag: string): number {
  return Number(entityTag.slice(1, -1));
}

function answerOf(status: number, item: StoredItem, headers: Record<string, string> = {}): HttpAnswer {
  if (item.content === undefined) throw new Error("A deleted item can't be shown");
  return { status, body: viewOf(item, item.content), headers: { ...headers, etag: `"${item.version}"` } };
}

export const handler = createItemsHandler(itemTable(), kmsCursorKey());
