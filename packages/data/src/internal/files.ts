import { SerializationError } from '@dgm/core';
import { nodeModule } from './node';

/** A file: its path, in Node, or its content, as the `File` of an `<input>` in a page. */
export type FileSource = string | Blob;

/** A file, or another source of bytes, such as `{ stream: () => Readable.toWeb(process.stdin) }` in Node. */
export type StreamSource =
  | FileSource
  | {
      /** What the source is called in errors. */
      readonly name?: string;
      readonly stream: () => ReadableStream<Uint8Array>;
    };

/** What a file is called in errors. */
export function nameOf(source: StreamSource): string {
  if (typeof source === 'string') return source;
  return 'name' in source && typeof source.name === 'string' ? source.name : 'file';
}

/**
 * The bytes of a file.
 * @throws SerializationError naming the file
 */
export async function readBytes(path: string, where: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = nodeModule('node:fs/promises', where);
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw unreadable(path, where, cause);
  }
}

/** Bytes that are read from anywhere. */
export interface RandomAccess {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
  close(): Promise<void>;
}

/**
 * Opens a file whose parts are read in any order.
 * @throws SerializationError naming the file
 */
export async function openFile(source: FileSource | Uint8Array, where: string): Promise<RandomAccess> {
  const close = () => Promise.resolve();
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source);
    return {
      byteLength: bytes.length,
      slice: (start, end) => Promise.resolve(bytes.buffer.slice(start, end)),
      close,
    };
  }
  if (typeof source !== 'string') {
    return {
      byteLength: source.size,
      slice: (start, end) => source.slice(start, end).arrayBuffer(),
      close,
    };
  }
  const { open } = nodeModule('node:fs/promises', where);
  const fail = (cause: unknown) => {
    throw unreadable(source, where, cause);
  };
  const file = await open(source).catch(fail);
  const { size } = await file.stat().catch(fail);
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start).catch(fail);
      return bytes.buffer.slice(0, bytesRead);
    },
    close: () => file.close(),
  };
}

interface GunzipOptions {
  readonly file: string;
  readonly where: string;
  /** The most bytes that may come out. */
  readonly maxBytes: number;
}

/**
 * The content of a gzip file, its checksum verified; other bytes are returned as they are.
 * @throws SerializationError naming the file, if it is damaged, cut short or larger than `maxBytes`
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  { file, where, maxBytes }: GunzipOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isGzip(bytes)) return bytes;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of inflate(chunksOf(new Blob([bytes]), where), { file, where, maxBytes })) {
    pieces.push(piece);
    length += piece.length;
  }
  const whole = new Uint8Array(length);
  let start = 0;
  for (const piece of pieces) {
    whole.set(piece, start);
    start += piece.length;
  }
  return whole;
}

/**
 * The text of a file in pieces, decompressed if it is gzip.
 * @throws SerializationError naming the file, if it cannot be read, is not UTF-8, or is larger than `maxBytes`
 */
export async function* textOf(
  source: FileSource,
  where: string,
  maxBytes = Infinity,
): AsyncGenerator<string, void> {
  const file = nameOf(source);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new SerializationError({
        where,
        argument: file,
        expected: 'to be UTF-8 text',
        actual: 'other bytes',
        cause,
      });
    }
  };
  for await (const bytes of inflate(chunksOf(source, where), { file, where, maxBytes })) yield decode(bytes);
  yield decode();
}

/**
 * The bytes of a file in pieces, decompressed if it is gzip.
 * @throws SerializationError naming the file, if it cannot be read or is damaged
 */
export function bytesOf(source: StreamSource, where: string): AsyncGenerator<Uint8Array, void> {
  return inflate(chunksOf(source, where), { file: nameOf(source), where, maxBytes: Infinity });
}

/**
 * The whole text of a file, decompressed if it is gzip.
 * @throws SerializationError as {@link textOf}
 */
export async function readText(
  source: FileSource,
  where: string,
  maxBytes = MAX_TEXT_BYTES,
): Promise<string> {
  let text = '';
  for await (const piece of textOf(source, where, maxBytes)) text += piece;
  return text;
}

/** The most bytes of a text that is read as a whole. JavaScript's strings hold up to 2^29 characters. */
export const MAX_TEXT_BYTES = 2 ** 28;

async function* chunksOf(source: StreamSource, where: string): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (typeof source !== 'string') {
    const reader = source.stream().getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value as Uint8Array<ArrayBuffer>;
      }
    } finally {
      // Whoever has read enough wants no more of it.
      await reader.cancel().catch(() => undefined);
    }
  }
  const { open } = nodeModule('node:fs/promises', where);
  const file = await open(source).catch((cause: unknown) => {
    throw unreadable(source, where, cause);
  });
  try {
    for (;;) {
      const { bytesRead, buffer } = await file
        .read(new Uint8Array(CHUNK), 0, CHUNK)
        .catch((cause: unknown) => {
          throw unreadable(source, where, cause);
        });
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const CHUNK = 2 ** 16;

/** The bytes as they are, or decompressed if they begin as gzip does. */
async function* inflate(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  { file, where, maxBytes }: GunzipOptions,
): AsyncGenerator<Uint8Array, void> {
  let length = 0;
  const count = (piece: Uint8Array) => {
    length += piece.length;
    if (length <= maxBytes) return piece;
    throw new SerializationError({
      where,
      argument: file,
      expected: `to hold at most ${maxBytes} bytes`,
      actual: 'more',
      remedy: 'check that it is the right file; raise maxBytes where there is such an option',
    });
  };
  const first = await chunks.next();
  if (first.done) return;
  if (!isGzip(first.value)) {
    try {
      yield count(first.value);
      for await (const chunk of chunks) yield count(chunk);
    } finally {
      await chunks.return();
    }
    return;
  }
  const { readable, writable } = new DecompressionStream('gzip');
  const writing = writeAll(writable, first.value, chunks);
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new SerializationError({
          where,
          argument: file,
          expected: 'to be a whole gzip file',
          actual: reason(cause),
          remedy: 'get it again',
          cause,
        });
      });
      if (done) return;
      yield count(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
    await writing;
  }
}

async function writeAll(
  writable: CompressionStream['writable'],
  first: Uint8Array<ArrayBuffer>,
  rest: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(first);
    for await (const chunk of rest) await writer.write(chunk);
    await writer.close();
  } catch (cause) {
    // The reading side reports it.
    await writer.abort(cause).catch(() => undefined);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unreadable(path: string, where: string, cause: unknown): SerializationError {
  return new SerializationError({
    where,
    argument: path,
    expected: 'to be a file that can be read',
    actual: reason(cause),
    cause,
  });
}

/** What an operating system or a decoder said. */
export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The beginning of a text of a file, as an error quotes it. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
