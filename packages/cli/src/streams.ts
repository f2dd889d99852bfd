import { readFile, writeFile } from 'node:fs/promises';
import type { Progress } from '@dgm/compress';
import type { Readable, Writable } from 'node:stream';

/** What the program reads from and writes to. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls `stop` at Ctrl-C. */
  readonly onInterrupt: (stop: () => void) => void;
}

/** One line that is written over: at each per cent at most. */
export function showProgress(verb: string, { stderr }: Streams): Progress {
  let last = -1;
  return (done, total) => {
    const percent = Math.floor((100 * done) / total);
    if (percent > last) stderr.write(`\r${verb} ${done} of ${total}${done === total ? '\n' : ''}`);
    last = percent;
  };
}

/** The bytes of a file; those of stdin for `-`. */
export async function readBytes(path: string, { stdin }: Streams): Promise<Uint8Array> {
  if (path !== '-') return readFile(path);
  const pieces: Buffer[] = [];
  for await (const piece of stdin) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces);
}

/** Writes bytes to a file, or to stdout if there is none. */
export async function writeBytes(
  bytes: Uint8Array,
  out: string | undefined,
  { stdout }: Streams,
): Promise<void> {
  if (out === undefined) stdout.write(bytes);
  else await writeFile(out, bytes);
}
