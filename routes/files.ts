import * as z from "zod/mini";
import { idempotencyKey, text } from "./parameters";
import { bodyErrors, problem } from "./problem";
import type { ApiDefinition, Model, Parameter } from "./route";

const mebibyte = 1_048_576;

/** What is known of a type of content. */
interface FileType {
  /** Of the object that it is uploaded to: the queue that it goes to is chosen by it. */
  readonly extension: string;
  /** How a file's name may end. */
  readonly namePattern: RegExp;
  readonly maximumBytes: number;
}

/** An image is in memory as a whole, and its pixels beside it: 2,048 MB are enough for both. */
export const maximumImageBytes = 25 * mebibyte;

/** A document is in memory as a whole, and what pdf.js makes of it beside it: up to ten times as much, in 1,024 MB. */
export const maximumDocumentBytes = 50 * mebibyte;

/** Data are streamed. 1 GB in 15 minutes is what is promised (FIL-03); twice as much is taken, and S3's one PUT takes 5 GB. */
export const maximumDataBytes = 2_048 * mebibyte;

/** What can be uploaded. */
export const fileTypes = {
  "image/jpeg": { extension: "jpg", namePattern: /\.jpe?g$/i, maximumBytes: maximumImageBytes },
  "image/png": { extension: "png", namePattern: /\.png$/i, maximumBytes: maximumImageBytes },
  "application/pdf": { extension: "pdf", namePattern: /\.pdf$/i, maximumBytes: maximumDocumentBytes },
  "text/plain": { extension: "txt", namePattern: /\.txt$/i, maximumBytes: maximumDocumentBytes },
  "text/csv": { extension: "csv", namePattern: /\.csv$/i, maximumBytes: maximumDataBytes },
  "application/json": { extension: "json", namePattern: /\.json$/i, maximumBytes: maximumDataBytes },
} as const satisfies Readonly<Record<string, FileType>>;

export type ContentType = keyof typeof fileTypes;

const contentTypes = Object.keys(fileTypes) as ContentType[];

export const fileStatuses = ["awaiting-upload", "uploaded", "processing", "processed", "failed"] as const;

/**
 * Control characters, separators of lines, those that turn the direction of what follows (an end could look like
 * another), halves of characters, and what separates folders somewhere.
 */
const notInNames = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069/\\]/u;

const nameRule = "must be a text of 1 to 255 characters, without slashes and control characters";
const typeRule = `must be one of ${contentTypes.join(", ")}`;
const sizeRule = `must be a whole number of bytes from 1 to ${maximumDataBytes}`;
const sha256Rule = "must be the SHA-256 of the content, as 64 of 0-9 a-f";

/** A file as it is announced. What a schema in JSON can't say is checked by the function alone. */
const fileInputSchema = z
  .strictObject(
    {
      name: z.string(nameRule).check(
        z.minLength(1, nameRule),
        z.maxLength(255, nameRule),
        z.refine((name) => !notInNames.test(name), nameRule),
      ),
      contentType: z.enum(contentTypes, typeRule),
      sizeBytes: z.int(sizeRule).check(z.minimum(1, sizeRule), z.maximum(maximumDataBytes, sizeRule)),
      sha256: text(/^[0-9a-f]{64}$/, sha256Rule),
    },
    "must be an object with name, contentType, sizeBytes and sha256, and no other keys",
  )
  .check(
    z.superRefine(({ name, contentType, sizeBytes }, context) => {
      const { extension, namePattern, maximumBytes } = fileTypes[contentType];
      const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
      if (!namePattern.test(name)) refuse("name", `must end in .${extension}, as its contentType says`);
      if (sizeBytes > maximumBytes) refuse("sizeBytes", `must be at most ${maximumBytes} for this contentType`);
    }),
  );

export type FileInput = z.output<typeof fileInputSchema>;

const exampleInput: FileInput = {
  name: "holiday.jpg",
  contentType: "image/jpeg",
  sizeBytes: 734_003,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
};

const exampleId = "n4bQgYhMfWWaL-qgxVrQFa";
const exampleTime = "2026-01-01T00:00:00.000Z";

const uploadSchema = z.object({
  id: z.string(),
  /** Where to PUT the content to, with these headers and no others. */
  uploadUrl: z.string(),
  /** What the content must be: S3 refuses another type, length or checksum. */
  uploadHeaders: z.object({
    "content-type": z.string(),
    "content-length": z.string(),
    "x-amz-checksum-sha256": z.string(),
  }),
  expiresAt: z.string(),
});

export type Upload = z.output<typeof uploadSchema>;

const upload: Model = {
  name: "Upload",
  schema: uploadSchema,
  example: {
    id: exampleId,
    uploadUrl: `https://tap-files.s3.us-east-1.amazonaws.com/uploads/${exampleId}.jpg?X-Amz-Signature=…`,
    uploadHeaders: {
      "content-type": "image/jpeg",
      "content-length": "734003",
      "x-amz-checksum-sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
    },
    expiresAt: "2026-01-01T00:15:00.000Z",
  } satisfies Upload,
};

const fileFields = {
  id: z.string(),
  name: z.string(),
  contentType: z.string(),
  sizeBytes: z.number(),
  sha256: z.string(),
  status: z.enum(fileStatuses),
  /** Of a file that failed: why. */
  reason: z.optional(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
};

const fileSchema = z.object(fileFields);

/** A file as its owner sees it in a list. */
export type FileView = z.output<typeof fileSchema>;

const exampleFile: FileView = {
  ...exampleInput,
  id: exampleId,
  status: "processed",
  createdAt: exampleTime,
  updatedAt: "2026-01-01T00:00:03.000Z",
};

const fileDetailSchema = z.object({
  ...fileFields,
  /** Of a file that was processed: what there is to know about its content. */
  result: z.optional(z.record(z.string(), z.unknown())),
  /** Once it was uploaded: where its content is, until the time beside it. */
  downloadUrl: z.optional(z.string()),
  downloadExpiresAt: z.optional(z.string()),
});

/** A file as its owner sees it alone. */
export type FileDetail = z.output<typeof fileDetailSchema>;

const fileDetail: Model = {
  name: "FileDetail",
  schema: fileDetailSchema,
  example: {
    ...exampleFile,
    result: { format: "jpeg", width: 1_600, height: 1_200 },
    downloadUrl: `https://tap-files.s3.us-east-1.amazonaws.com/uploads/${exampleId}.jpg?X-Amz-Signature=…`,
    downloadExpiresAt: "2026-01-01T00:20:00.000Z",
  } satisfies FileDetail,
};

const filePage: Model = {
  name: "FilePage",
  schema: z.object({ files: z.array(fileSchema), nextCursor: z.optional(z.string()) }),
  example: { files: [exampleFile] },
};

const id: Parameter = {
  description: "Id of the file",
  schema: text(/^[A-Za-z0-9_-]{22}$/, "must be 22 of A-Z a-z 0-9 _ -"),
  example: exampleId,
};

const missing = { description: "There is no such file", body: problem };

/** The files of the platform: announce one and upload it, see what was found in it, read it, delete it. */
export const files: ApiDefinition = {
  component: "files",
  title: "tap files",
  description:
    "Files that are announced, uploaded to S3 by their owner, and processed: images, documents and data. Each is seen by its owner alone.",
  version: "1.0.0",
  routes: [
    {
      method: "POST",
      path: "/files",
      operationId: "createFile",
      summary: "Announces a file, and says where to upload it within 15 minutes",
      access: "key",
      function: "catalog",
      headers: {
        "idempotency-key": idempotencyKey("the file that was announced", "b6c2a1f0-upload-1"),
      },
      body: { name: "FileInput", schema: fileInputSchema, example: exampleInput },
      responses: {
        201: { description: "Announced", body: upload, headers: { location: "Path of the file" } },
        409: { description: "The idempotency key was used for another file, or one that was deleted", body: problem },
        ...bodyErrors,
      },
    },
    {
      method: "GET",
      path: "/files",
      operationId: "listFiles",
      summary: "Lists the caller's files, the newest first, a page at a time; a new one may be missing for a moment",
      access: "key",
      function: "catalog",
      queryParameters: {
        limit: {
          description:
            "Files on a page at most, 1 to 100; 25 where it is left out. A page with nextCursor can have fewer",
          schema: text(/^([1-9][0-9]?|100)$/, "must be a whole number from 1 to 100"),
          example: "25",
        },
        cursor: {
          description: "Where to go on, from nextCursor of the page before",
          schema: text(/^[A-Za-z0-9_-]{1,128}$/, "must be nextCursor of the page before"),
        },
        status: {
          description: "Files with this status alone; all where it is left out",
          schema: z.enum(fileStatuses, `must be one of ${fileStatuses.join(", ")}`),
          example: "processed",
        },
      },
      responses: { 200: { description: "A page", body: filePage } },
    },
    {
      method: "GET",
      path: "/files/{id}",
      operationId: "getFile",
      summary: "Reads a file: what is known of it, and where its content is",
      access: "key",
      function: "catalog",
      pathParameters: { id },
      responses: { 200: { description: "The file", body: fileDetail }, 404: missing },
    },
    {
      method: "DELETE",
      path: "/files/{id}",
      operationId: "deleteFile",
      summary: "Deletes a file; its content is gone after 30 days",
      access: "key",
      function: "catalog",
      pathParameters: { id },
      responses: { 204: { description: "Deleted, or deleted before" }, 404: missing },
    },
  ],
};
