import { SerializationError } from '@dgm/core';
import { sha256 as createSha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { reason } from '../internal/files';
import { nodeModule } from '../internal/node';

interface DownloadOptions {
  /** Tried in this order. */
  readonly urls: readonly string[];
  readonly path: string;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  readonly where: string;
}

/**
 * Makes sure that a file is there, whole and right.
 *
 * Bytes go to `<path>.part`, which takes the file's name only when its hash is right; so a file under its own name is
 * never half of one. A later call goes on where an interrupted one stopped.
 *
 * @throws SerializationError with what each address answered, if none of them had the file
 */
export async function download({ urls, path, sha256, where }: DownloadOptions): Promise<void> {
  const { mkdir, rename, rm, stat } = nodeModule('node:fs/promises', where);
  const { dirname } = nodeModule('node:path', where);
  if (await stat(path).catch(() => undefined)) {
    if ((await hashFile(path, where)) === sha256) return;
    // A cached file that has gone bad is of no use to anyone.
    await rm(path);
  }
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const answers: string[] = [];
  for (const url of urls) {
    try {
      const resumed = await append(url, part, where);
      let actual = await hashFile(part, where);
      if (actual !== sha256 && resumed) {
        // What was there may have been of another file: once more, from the start.
        await rm(part);
        await append(url, part, where);
        actual = await hashFile(part, where);
      }
      if (actual === sha256) return await rename(part, path);
      await rm(part);
      answers.push(`${url}: other bytes, of SHA-256 ${actual}`);
    } catch (cause) {
      answers.push(`${url}: ${reason(cause)}`);
    }
  }
  throw new SerializationError({
    where,
    argument: path,
    expected: `to be downloaded with SHA-256 ${sha256}`,
    actual: answers.join('; ') || 'no address',
  });
}

/**
 * Adds what is still missing from the part; starts anew where the server cannot go on.
 * @returns whether bytes that were there before are part of the result
 */
async function append(url: string, part: string, where: string): Promise<boolean> {
  const { open, stat } = nodeModule('node:fs/promises', where);
  const have = (await stat(part).catch(() => undefined))?.size ?? 0;
  const response = await fetch(url, have > 0 ? { headers: { range: `bytes=${have}-` } } : {});
  if (response.status === RANGE_NOT_SATISFIABLE) return true;
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
  const resumed = response.status === PARTIAL_CONTENT;
  const file = await open(part, resumed ? 'a' : 'w');
  try {
    for await (const chunk of response.body) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  return resumed;
}

const PARTIAL_CONTENT = 206;
/** The part is as long as the file already. */
const RANGE_NOT_SATISFIABLE = 416;

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string, where: string): Promise<string> {
  const { open } = nodeModule('node:fs/promises', where);
  const hash = createSha256.create();
  const file = await open(path);
  try {
    const buffer = new Uint8Array(2 ** 20);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return bytesToHex(hash.digest());
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
