import sharp from "sharp";
import { bomb, noise, zip } from "./bytes.mjs";
import { pdf } from "./pdf.mjs";
import { blackPixels, chunk, colorTypes, compressedText, header, png } from "./png.mjs";

// The same on every machine.
sharp.concurrency(1);

const picture = ({ width = 320, height = 200, channels = 3 } = {}) =>
  sharp(noise(width * height * channels), { raw: { width, height, channels } });
const flat = (width, height) => sharp({ create: { width, height, channels: 3, background: "#3c6e71" } });

const jpeg = (image = picture(), options = {}) => image.jpeg({ quality: 85, ...options }).toBuffer();
const plainPng = (image = picture()) => image.png().toBuffer();

const place = {
  IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 31/1 12/1", GPSLongitudeRef: "E", GPSLongitude: "13/1 24/1 18/1" },
};
const author = { IFD0: { Artist: "Erika Mustermann", Copyright: "Erika Mustermann" } };

const good = (name, extension, content, result = {}) => ({ name, extension, content, end: "processed", result });
const bad = (name, extension, end, content) => ({ name, extension, content, end });

const cut = async (bytes, share) => {
  const whole = await bytes;
  return whole.subarray(0, Math.floor(whole.length * share));
};
const damaged = async (bytes, offset) => {
  const whole = Buffer.from(await bytes);
  for (let index = offset; index < offset + 100; index += 1) whole[index] = 255 - whole[index];
  return whole;
};
const followedBy = async (bytes, other) => Buffer.concat([await bytes, Buffer.from(other)]);

const mebibyte = 1_048_576;

export const imageSamples = [
  good("photo-with-place", "jpg", () => jpeg(picture().withExif({ ...author, ...place })), {
    format: "jpeg",
    width: 320,
    height: 200,
    hadExif: true,
  }),
  good("turned", "jpg", () => jpeg(picture().withMetadata({ orientation: 6 })), { width: 200, height: 320 }),
  good("progressive", "jpg", () => jpeg(picture(), { progressive: true }), { isProgressive: true }),
  good("gray", "jpg", () => jpeg(picture({ channels: 1 }).toColourspace("b-w")), { colorSpace: "b-w", channels: 1 }),
  good("cmyk", "jpg", () => jpeg(picture().toColourspace("cmyk")), { colorSpace: "cmyk", channels: 4 }),
  good("color-profile", "jpg", () => jpeg(picture().withIccProfile("p3"))),
  good("name-in-capitals", "JPG", () => jpeg(), { format: "jpeg" }),
  good("one-pixel", "png", () => png(header({ width: 1, height: 1 }), blackPixels({ width: 1, height: 1 })), {
    width: 1,
  }),
  good("one-row", "png", () => png(header({ width: 16_000, height: 1 }), blackPixels({ width: 16_000, height: 1 }))),
  good("one-bit", "png", () =>
    png(header({ width: 99, height: 9, depth: 1 }), blackPixels({ width: 99, height: 9, depth: 1 })),
  ),
  good("alpha", "png", () => plainPng(picture({ channels: 4 })), { hasAlpha: true, channels: 4 }),
  good("palette", "png", () => picture().png({ palette: true, colors: 16 }).toBuffer()),
  good("interlaced", "png", () => picture().png({ progressive: true }).toBuffer(), { isProgressive: true }),
  good("sixteen-bits", "png", () => picture().toColourspace("rgb16").png().toBuffer(), { bitsPerChannel: 16 }),
  good("animated", "png", animated),
  good("zip-behind-it", "jpg", () => followedBy(jpeg(), zip())),
  good("page-behind-it", "png", () => followedBy(plainPng(), "<html><script>alert(1)</script></html>")),
  good(
    "forty-nine-megapixels",
    "jpg",
    () => jpeg(flat(7_000, 7_000), { progressive: true, chromaSubsampling: "4:4:4" }),
    {
      width: 7_000,
    },
  ),

  bad("a-png", "jpg", "type-mismatch", () => plainPng()),
  bad("a-jpeg", "png", "type-mismatch", () => jpeg()),
  bad("a-gif", "png", "type-mismatch", () => picture().gif().toBuffer()),
  bad("a-webp", "jpg", "type-mismatch", () => picture().webp().toBuffer()),
  bad("a-pdf", "jpg", "type-mismatch", () => pdf({ pages: ["Not an image"] })),
  bad(
    "a-drawing",
    "png",
    "type-mismatch",
    () => '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
  ),
  bad("a-page", "jpg", "type-mismatch", () => "<!doctype html><title>Not an image</title>"),
  bad("noise", "png", "type-mismatch", () => noise(10_000)),
  bad("a-gif", "gif", "unsupported-type", () => picture().gif().toBuffer()),
  bad("empty", "jpg", "empty", () => ""),
  bad("empty", "png", "empty", () => ""),
  bad("half", "jpg", "truncated", () => cut(jpeg(), 0.5)),
  bad("last-bytes-missing", "jpg", "truncated", () => cut(jpeg(), 0.999)),
  bad("header-alone", "jpg", "truncated", async () => (await jpeg()).subarray(0, 300)),
  bad("half", "png", "truncated", () => cut(plainPng(), 0.5)),
  bad("last-bytes-missing", "png", "truncated", async () => (await plainPng()).subarray(0, -4)),
  bad("header-alone", "png", "truncated", async () => (await plainPng()).subarray(0, 45)),
  bad("damaged", "jpg", "corrupt", () => damaged(jpeg(), 20_000)),
  bad("damaged", "png", "corrupt", () => damaged(plainPng(), 20_000)),
  bad("no-pixels", "png", "corrupt", () => png(header({ width: 10, height: 10 }))),
  bad("chunk-of-no-type", "png", "corrupt", () =>
    png(header({ width: 1, height: 1 }), chunk("\0\0\0\0"), blackPixels({ width: 1, height: 1 })),
  ),
  bad("hundred-megapixels", "jpg", "too-many-pixels", () => jpeg(flat(10_000, 10_000))),
  bad("hundred-megapixels", "png", "too-many-pixels", () => {
    const size = { width: 10_000, height: 10_000, depth: 1 };
    return png(header(size), blackPixels(size));
  }),
  bad("bomb", "png", "too-many-pixels", () =>
    png(
      header({ width: 100_000, height: 100_000, color: colorTypes.rgba }),
      chunk("IDAT", bomb(Buffer.alloc(mebibyte), 2_000)),
    ),
  ),
  good("bomb-of-few-pixels", "png", () =>
    png(header({ width: 100, height: 100 }), chunk("IDAT", bomb(Buffer.alloc(mebibyte, 1), 2_000))),
  ),
  bad("huge-header", "png", "corrupt", () =>
    png(header({ width: 0x7fffffff, height: 0x7fffffff }), blackPixels({ width: 1, height: 1 })),
  ),
  good("bomb-of-text", "png", () =>
    png(
      header({ width: 1, height: 1 }),
      compressedText("zTXt", bomb(Buffer.alloc(mebibyte, "a"), 1_000)),
      compressedText("iCCP", bomb(Buffer.alloc(mebibyte, "a"), 1_000)),
      blackPixels({ width: 1, height: 1 }),
    ),
  ),
];

/** Two pictures, the second with a frame of its own (APNG). */
function animated() {
  const size = { width: 8, height: 8 };
  const control = Buffer.alloc(8);
  control.writeUInt32BE(2, 0);
  const frame = (sequence) => {
    const data = Buffer.alloc(26);
    data.writeUInt32BE(sequence, 0);
    data.writeUInt32BE(size.width, 4);
    data.writeUInt32BE(size.height, 8);
    data.writeUInt16BE(1, 20);
    data.writeUInt16BE(10, 22);
    return chunk("fcTL", data);
  };
  const pixels = blackPixels(size);
  const second = chunk("fdAT", Buffer.concat([Buffer.from([0, 0, 0, 2]), pixels.subarray(8, -4)]));
  return png(header(size), chunk("acTL", control), frame(0), pixels, frame(1), second);
}
