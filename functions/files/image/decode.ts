import sharp, { type Sharp } from "sharp";
import { Refusal } from "../refusal";

// What libvips takes is native memory, that no limit of V8 knows of: nothing is kept between files, and one thread works.
sharp.cache(false);
sharp.concurrency(1);

/** Opens an image for one pass over it; nothing is decoded yet. */
export function open(bytes: Uint8Array, maximumPixels: number): Sharp {
  // Of an animation, the first picture. A warning is as good as an error: half a picture is none.
  return sharp(bytes, { limitInputPixels: maximumPixels, sequentialRead: true, failOn: "warning", pages: 1 });
}

/** Decodes, and says in the words of refusals what libvips couldn't. */
export async function decoding<Decoded>(decode: () => Promise<Decoded>): Promise<Decoded> {
  try {
    return await decode();
  } catch (error) {
    const { message } = error as Error;
    if (/exceeds pixel limit/.test(message)) throw new Refusal("too-many-pixels");
    if (/premature end of JPEG image/.test(message)) throw new Refusal("truncated");
    throw new Refusal("corrupt");
  }
}
