import { SerializationError } from '@dgm/core';

/**
 * The files of a tar archive, by their last name.
 * @throws SerializationError if the archive is cut short, or a header's checksum is wrong
 * @see POSIX.1-1988, ustar interchange format
 */
export function parseTar(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (start: number, length: number) =>
    new TextDecoder()
      .decode(bytes.subarray(start, start + length))
      .trimStart()
      .replace(/[\0 ].*$/s, '');
  let start = 0;
  // Two empty blocks end an archive; the first is enough to know.
  while (start + BLOCK <= bytes.length && bytes[start] !== 0) {
    const path = text(start, 100);
    checkHeader(bytes.subarray(start, start + BLOCK), parseInt(text(start + CHECKSUM, 8), 8), name);
    const size = parseInt(text(start + 124, 12), 8);
    const type = bytes[start + 156];
    const content = start + BLOCK;
    if (!Number.isSafeInteger(size) || content + size > bytes.length) {
      throw new SerializationError({
        where: 'parseTar',
        argument: name,
        expected: `to hold the ${size} bytes of ${path}`,
        actual: `${bytes.length - content} bytes`,
        remedy: 'get it again',
      });
    }
    if (type === REGULAR_FILE || type === 0)
      files.set(path.split('/').at(-1)!, bytes.subarray(content, content + size));
    start = content + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** The checksum is the sum of the header's bytes, with spaces where it stands itself. */
function checkHeader(header: Uint8Array, checksum: number, name: string): void {
  const sum = header.reduce(
    (total, byte, index) => total + (index >= CHECKSUM && index < CHECKSUM + 8 ? 32 : byte),
    0,
  );
  if (sum === checksum) return;
  throw new SerializationError({
    where: 'parseTar',
    argument: name,
    expected: 'to have headers with the right checksum',
    actual: `${checksum} for ${sum}`,
    remedy: 'get it again',
  });
}

const CHECKSUM = 148;
const BLOCK = 512;
const REGULAR_FILE = '0'.charCodeAt(0);
