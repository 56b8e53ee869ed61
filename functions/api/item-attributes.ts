import { attributeReader } from "../shared/dynamodb-table";
import type { StoredItem } from "./item";

/** An attribute as DynamoDB's API and its streams have it: those of items are texts, numbers and truths. */
export interface Attribute {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export function attributesOf(item: StoredItem): Record<string, { S: string } | { N: string } | { BOOL: boolean }> {
  const { content, expiresAt, createHash } = item;
  return {
    id: { S: item.id },
    version: { N: String(item.version) },
    origin: { S: item.origin },
    createdAt: { S: item.createdAt },
    updatedAt: { S: item.updatedAt },
    correlationId: { S: item.correlationId },
    ...(content && { name: { S: content.name } }),
    ...(content?.attributesJson !== undefined && { attributes: { S: content.attributesJson } }),
    ...(expiresAt !== undefined && { deleted: { BOOL: true }, expiresAt: { N: String(expiresAt) } }),
    ...(createHash !== undefined && { createHash: { S: createHash } }),
  };
}

/** @throws Error that names the attribute, without its value */
export function storedItemOf(attributes: Attributes): StoredItem {
  const isDeleted = attributes.deleted?.BOOL === true;
  const attributesJson = attributes.attributes?.S;
  const createHash = attributes.createHash?.S;
  return {
    id: text(attributes, "id"),
    version: Number(text(attributes, "version", "N")),
    origin: text(attributes, "origin"),
    createdAt: text(attributes, "createdAt"),
    updatedAt: text(attributes, "updatedAt"),
    correlationId: text(attributes, "correlationId"),
    ...(isDeleted
      ? { expiresAt: Number(text(attributes, "expiresAt", "N")) }
      : {
          content: { name: text(attributes, "name"), ...(attributesJson !== undefined && { attributesJson }) },
        }),
    ...(createHash !== undefined && { createHash }),
  };
}

const text = attributeReader("item");
