import type { Metadata, Sharp } from "sharp";
import type { ApartInput, Inside, Output } from "../apart-messages";
import { collect } from "../collect";
import { type Content, checkContent } from "../content-type";
import { type ImageLimits, imageLimits } from "../limits";
import { Refusal } from "../refusal";
import { decoding, open } from "./decode";
import { checkPngChunks } from "./png-chunks";

/** Longest sides of the thumbnails, pixels, falling: each is made of the one before. */
export const thumbnailSizes = [512, 128] as const;

/** What there is to know about an image: never what its metadata say, a place for instance. */
export interface ImageResult {
  readonly kind: "image";
  readonly format: "jpeg" | "png";
  /** Of the picture as it is seen, pixels. */
  readonly width: number;
  readonly height: number;
  /** As it was stored. */
  readonly colorSpace: string;
  readonly channels: number;
  readonly bitsPerChannel: number;
  readonly hasAlpha: boolean;
  readonly isProgressive: boolean;
  readonly hadExif: boolean;
}

export const work: Inside = (input, chunks, put) => processImageWithin(imageLimits, input, chunks, put);

/** Decodes all of an image, and writes it anew: without metadata, and in small. */
export async function processImageWithin(
  limits: ImageLimits,
  { extension }: ApartInput,
  chunks: AsyncIterable<Uint8Array>,
  put: (output: Output) => void,
): Promise<ImageResult> {
  const bytes = await collect(chunks);
  const format = imageFormat(await checkContent(extension, bytes));
  if (format === "png") checkPngChunks(bytes);
  const metadata = await decoding(() => open(bytes, limits.maximumPixels).metadata());
  if (metadata.format !== format) throw new Refusal("type-mismatch");

  const clean = await decoding(() =>
    reencoded(open(bytes, limits.maximumPixels), format).toBuffer({ resolveWithObject: true }),
  );
  put({ name: `image.${format === "jpeg" ? "jpg" : "png"}`, contentType: `image/${format}`, bytes: clean.data });
  let larger: Uint8Array = clean.data;
  for (const size of thumbnailSizes) {
    const small = await thumbnail(larger, size, limits);
    put(small);
    larger = small.bytes;
  }
  return { ...described(metadata, format), width: clean.info.width, height: clean.info.height };
}

function imageFormat(content: Content): "jpeg" | "png" {
  if (content !== "jpeg" && content !== "png") throw new Refusal("type-mismatch");
  return content;
}

/** Turned as the metadata ask for, in the colours of the web, and with none of the metadata. */
function reencoded(image: Sharp, format: "jpeg" | "png"): Sharp {
  const upright = image.autoOrient().toColourspace("srgb");
  return format === "jpeg" ? upright.jpeg({ quality: 90 }) : upright.png();
}

async function thumbnail(bytes: Uint8Array, size: number, { maximumPixels }: ImageLimits): Promise<Output> {
  const small = open(bytes, maximumPixels).resize(size, size, { fit: "inside", withoutEnlargement: true });
  return {
    name: `thumbnail-${size}.webp`,
    contentType: "image/webp",
    bytes: await decoding(() => small.webp({ quality: 80 }).toBuffer()),
  };
}

function described(metadata: Metadata, format: "jpeg" | "png"): Omit<ImageResult, "width" | "height"> {
  return {
    kind: "image",
    format,
    colorSpace: metadata.space,
    channels: metadata.channels,
    bitsPerChannel: bits[metadata.depth] ?? 8,
    hasAlpha: metadata.hasAlpha,
    isProgressive: metadata.isProgressive,
    hadExif: metadata.exif !== undefined,
  };
}

const bits: Readonly<Record<string, number>> = { uchar: 8, ushort: 16, float: 32 };
