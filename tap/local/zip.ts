import { crc32, deflateRawSync } from "node:zlib";

/** The first moment that a zip's clock has, 1980-01-01: the same files make the same zip. */
const earliest = { date: 0x0021, time: 0 };
const utf8Names = 0x0800;
const deflated = 8;

/** A zip of files by their paths, with the same bytes for the same files. */
export function zip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content, { level: 1 });
    const common = commonHeader(crc32(content), packed.length, content.length, name.length);
    const local = Buffer.concat([Buffer.from("PK\x03\x04\x14\x00", "latin1"), common, name]);
    const central = Buffer.alloc(14);
    // Attributes: a file that its owner writes and everyone reads.
    central.writeUInt32LE((0o100644 << 16) >>> 0, 6);
    central.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x03\x14\x00", "latin1"), common, central, name);
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}

/** What the header before a file and its entry in the directory have in common. */
function commonHeader(sum: number, packedBytes: number, bytes: number, nameBytes: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt16LE(utf8Names, 0);
  header.writeUInt16LE(deflated, 2);
  header.writeUInt16LE(earliest.time, 4);
  header.writeUInt16LE(earliest.date, 6);
  header.writeUInt32LE(sum, 8);
  header.writeUInt32LE(packedBytes, 12);
  header.writeUInt32LE(bytes, 16);
  header.writeUInt16LE(nameBytes, 20);
  return header;
}
