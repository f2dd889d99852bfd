import { SerializationError } from '@dgm/core';
import { nodeModule } from './node';

/**
 * The bytes of a file.
 * @throws SerializationError naming the file
 */
export async function readBytes(path: string, where: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = nodeModule('node:fs/promises', where);
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: path,
      expected: 'to be a file that can be read',
      actual: reason(cause),
      cause,
    });
  }
}

/**
 * The content of a gzip file, its checksum verified; other bytes are returned as they are.
 * @throws SerializationError naming the file, if it is damaged or cut short
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  where: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(inflated).arrayBuffer());
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: file,
      expected: 'to be a whole gzip file',
      actual: reason(cause),
      remedy: 'get it again',
      cause,
    });
  }
}

/**
 * The text of a file, decompressed where it is gzip.
 * @throws SerializationError naming the file, if it cannot be read or is not UTF-8
 */
export async function readText(path: string, where: string): Promise<string> {
  const bytes = await gunzip(await readBytes(path, where), path, where);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SerializationError({
      where,
      argument: path,
      expected: 'to be UTF-8 text',
      actual: 'other bytes',
      cause,
    });
  }
}

/** What an operating system or a decoder said. */
export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
