import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { S3EventRecord } from "aws-lambda";
import { refusalOf } from "./signatures";

/** A version of an object; without a content it is a delete marker. */
export interface StoredVersion {
  readonly versionId: string;
  readonly sequencer: string;
  readonly content?: Buffer;
  readonly contentType?: string;
}

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}

/**
 * What of S3 the files API relies on, as S3 documents it: presigned URLs whose signatures are checked, lengths and
 * checksums that are, versions and delete markers. How S3 behaves otherwise is for the emulator.
 */
export class LocalS3 {
  /** By `bucket/key`, the newest last. */
  readonly versions = new Map<string, StoredVersion[]>();
  private sequence = 0;

  constructor(private readonly secretAccessKey: string) {}

  answer(request: IncomingMessage, content: Buffer): Answer {
    const { method = "GET", headers } = request;
    const url = new URL(request.url ?? "/", `http://${headers.host}`);
    const path = decodeURIComponent(url.pathname.slice(1));
    if (url.searchParams.has("X-Amz-Signature")) {
      const refusal = refusalOf({ method, url, headers: headers as Record<string, string> }, this.secretAccessKey);
      if (refusal !== undefined) return { status: 403, body: refusal };
    }
    if (method === "PUT") return this.put(path, content, headers as Record<string, string>);
    if (method === "DELETE") return this.remove(path);
    return this.get(path, url.searchParams);
  }

  private put(path: string, content: Buffer, headers: Record<string, string>): Answer {
    const checksum = headers["x-amz-checksum-sha256"];
    if (checksum !== undefined && createHash("sha256").update(content).digest("base64") !== checksum)
      return { status: 400, body: "BadDigest" };
    const { versionId } = this.add(path, { content, contentType: headers["content-type"] ?? "" });
    return { status: 200, body: "", headers: { "x-amz-version-id": versionId } };
  }

  private remove(path: string): Answer {
    const { versionId } = this.add(path, {});
    return { status: 204, body: "", headers: { "x-amz-version-id": versionId, "x-amz-delete-marker": "true" } };
  }

  private get(path: string, query: URLSearchParams): Answer {
    const versions = this.versions.get(path) ?? [];
    const versionId = query.get("versionId");
    const version = versionId === null ? versions.at(-1) : versions.find((one) => one.versionId === versionId);
    if (version?.content === undefined) return { status: 404, body: "NoSuchKey" };
    const headers = {
      "content-type": query.get("response-content-type") ?? version.contentType ?? "",
      "content-disposition": query.get("response-content-disposition") ?? "",
    };
    return { status: 200, body: version.content, headers };
  }

  private add(path: string, version: Pick<StoredVersion, "content" | "contentType">): StoredVersion {
    this.sequence += 1;
    // As S3 has them, they can be of different lengths.
    const sequencer = `0055AED6DCD90281${this.sequence.toString(16).padStart(4, "0").toUpperCase()}`.replace(/0+$/, "");
    const stored = { ...version, versionId: randomUUID(), sequencer };
    this.versions.set(path, [...(this.versions.get(path) ?? []), stored]);
    return stored;
  }
}

/** What S3 tells of a version that was created. */
export function createdRecord(changes: {
  readonly key: string;
  readonly versionId?: string;
  readonly sequencer?: string;
  readonly size?: number;
}): S3EventRecord {
  const { key, versionId = "version-1", sequencer = "0055AED6DCD90281E5", size = 3 } = changes;
  return {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: "2026-01-01T00:00:00.000Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "AWS:AROAEXAMPLE" },
    requestParameters: { sourceIPAddress: "192.0.2.1" },
    responseElements: { "x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8" },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "images",
      bucket: { name: "tap-files", ownerIdentity: { principalId: "A3NL1KOZZKExample" }, arn: "arn:aws:s3:::tap-files" },
      object: {
        key: encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+"),
        size,
        eTag: "d41d8cd98f00b204e9800998ecf8427e",
        versionId,
        sequencer,
      },
    },
  };
}
