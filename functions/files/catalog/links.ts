import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Upload } from "../../../routes/files";
import type { S3Bucket } from "../../shared/s3-bucket";
import type { FileHead } from "../file-item";
import { attachmentNamed } from "./content-disposition";

/** Long enough to follow a link, too short to hand it on. */
const linkSeconds = 15 * 60;

/** Who has it can do what it says, with the function's right, until it is no longer valid: it is for the owner alone. */
export interface Link {
  readonly url: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** How long links hold that are signed now; the same moment for all of them. */
export function linkTimes(now = new Date()) {
  // Signatures know seconds.
  const signingDate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const expiresAt = new Date(signingDate.getTime() + linkSeconds * 1_000).toISOString();
  return { signing: { signingDate, expiresIn: linkSeconds }, expiresAt };
}

/**
 * Where a file is uploaded to, and the headers that it must be uploaded with: S3 takes this type, length and checksum
 * alone. They are signed as headers: by itself the SDK would sign no type, and move the checksum into the query.
 */
export async function uploadLink(
  { client, name }: S3Bucket,
  { key, contentType, sizeBytes, sha256 }: FileHead,
): Promise<Link & { readonly headers: Upload["uploadHeaders"] }> {
  const checksum = Buffer.from(sha256, "hex").toString("base64");
  const { signing, expiresAt } = linkTimes();
  const put = new PutObjectCommand({
    Bucket: name,
    Key: key,
    ContentType: contentType,
    ContentLength: sizeBytes,
    ChecksumSHA256: checksum,
  });
  const url = await getSignedUrl(client, put, {
    ...signing,
    signableHeaders: new Set(["content-type"]),
    unhoistableHeaders: new Set(["x-amz-checksum-sha256"]),
  });
  const headers = {
    "content-type": contentType,
    "content-length": String(sizeBytes),
    "x-amz-checksum-sha256": checksum,
  };
  return { url, expiresAt, headers };
}

/** The content of exactly one version, for a browser to save and never to show. */
export async function downloadLink({ client, name }: S3Bucket, file: FileHead, versionId: string): Promise<Link> {
  const { signing, expiresAt } = linkTimes();
  const get = new GetObjectCommand({
    Bucket: name,
    Key: file.key,
    VersionId: versionId,
    ResponseContentDisposition: attachmentNamed(file.name),
    ResponseContentType: file.contentType,
  });
  return { url: await getSignedUrl(client, get, signing), expiresAt };
}

/** Something that was made from a file. */
export async function derivedLink({ client, name }: S3Bucket, key: string): Promise<string> {
  return await getSignedUrl(client, new GetObjectCommand({ Bucket: name, Key: key }), linkTimes().signing);
}
