/** Reads single files out of a zip archive: the few lines of the format that are needed, instead of a package or `unzip`. */
import { inflateRawSync } from 'node:zlib';

/** Of the record at the end of an archive (APPNOTE.TXT 4.3.16): its signature and least length. */
const endSignature = 0x06054b50;
const endBytes = 22;

/** Where the central directory starts. @throws Error when this is no zip archive (or one of over 4 GiB). */
function directoryOffset(zip: Buffer): number {
  for (let at = zip.length - endBytes; at >= 0; at -= 1) {
    if (zip.readUInt32LE(at) === endSignature) return zip.readUInt32LE(at + 16);
  }
  throw new Error('This is no zip archive: it has no end record.');
}

/** The content of one file of a zip archive, stored or deflated. @throws Error when the archive has no such file. */
export function readFromZip(zip: Buffer, name: string): Buffer {
  let at = directoryOffset(zip);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const method = zip.readUInt16LE(at + 10);
    const packedBytes = zip.readUInt32LE(at + 20);
    const nameBytes = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    if (zip.toString('utf8', at + 46, at + 46 + nameBytes) === name) {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const packed = zip.subarray(start, start + packedBytes);
      return method === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`The zip archive has no file "${name}".`);
}
