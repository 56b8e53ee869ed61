import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { type FileInput, files, type Upload } from "../../../routes/files";
import { type DynamoDbTable, ownTable } from "../../shared/dynamodb-table";
import { createHttpHandler } from "../../shared/http";
import type { HttpRequest } from "../../shared/http-request";
import type { HttpAnswer } from "../../shared/http-response";
import { logger, metrics } from "../../shared/powertools";
import { ownBucket, type S3Bucket } from "../../shared/s3-bucket";
import type { FileStatus } from "../file-item";
import { logChange } from "./audit-log";
import { makeCursor, readCursor } from "./cursor";
import { createFile, deleteFile, getOwnFile } from "./file-changes";
import { listFiles } from "./file-list";
import { detailOf, viewOf } from "./file-view";
import { uploadLink } from "./links";
import { ownerOf } from "./owner";

/** What the routes make sure of. */
type OfFile = HttpRequest & { readonly path: { readonly id: string } };
type Creating = HttpRequest & { readonly headers: { readonly "idempotency-key": string }; readonly body: FileInput };
type Listing = HttpRequest & {
  readonly query: { readonly limit?: string; readonly cursor?: string; readonly status?: FileStatus };
};

const defaultLimit = "25";

export function createCatalogHandler(table: DynamoDbTable, bucket: S3Bucket) {
  return createHttpHandler(files, "catalog", {
    async createFile(request: Creating, { signal }): Promise<HttpAnswer> {
      const { headers, body, url } = request;
      const owner = ownerOf(request);
      const { file, isRepeated } = await createFile(table, owner, headers["idempotency-key"], body, signal);
      logger.appendKeys({ file_id: file.id });
      const link = await uploadLink(bucket, file);
      logChange("create", { id: file.id, at: file.createdAt, isRepeated }, owner);
      const { id } = file;
      const answer: Upload = { id, uploadUrl: link.url, uploadHeaders: link.headers, expiresAt: link.expiresAt };
      return { status: 201, body: answer, headers: { location: `${url.replace(/\/$/, "")}/${id}` } };
    },

    async listFiles(request: Listing, { signal }): Promise<HttpAnswer> {
      const { limit = defaultLimit, cursor, status } = request.query;
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const query = { owner: ownerOf(request), limit: Number(limit), status, after };
      const page = await listFiles(table, query, signal);
      logger.info("Files listed", { files: page.files.length });
      metrics.addMetric("FilesListed", MetricUnit.Count, 1);
      return {
        status: 200,
        body: { files: page.files.map(viewOf), ...(page.next && { nextCursor: makeCursor(page.next) }) },
      };
    },

    async getFile(request: OfFile, { signal }): Promise<HttpAnswer> {
      const { id } = request.path;
      logger.appendKeys({ file_id: id });
      const file = await getOwnFile(table, ownerOf(request), id, signal);
      const body = await detailOf(table, bucket, file, signal);
      logger.info("File read", { status: file.status });
      metrics.addMetric("FileRead", MetricUnit.Count, 1);
      return { status: 200, body };
    },

    async deleteFile(request: OfFile, { signal }): Promise<HttpAnswer> {
      const { id } = request.path;
      logger.appendKeys({ file_id: id });
      const owner = ownerOf(request);
      logChange("delete", await deleteFile(table, bucket, owner, id, signal), owner);
      return { status: 204 };
    },
  });
}

export const handler = createCatalogHandler(ownTable(), ownBucket());
