import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';

/** A folder for the tests of a file, removed after them. */
export function temporaryFolder(): { path: string } {
  const folder = { path: '' };
  beforeAll(async () => void (folder.path = await mkdtemp(join(tmpdir(), 'dgm-data-'))));
  afterAll(async () => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** The bytes of an IDX file. */
export function idx(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  shape.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return Uint8Array.from([...new Uint8Array(header.buffer), ...Array.from(values)]);
}

/** The four files of an MNIST of so many 2x3 images. */
export function mnistFiles(train: number, test: number): Record<string, Uint8Array> {
  const images = (count: number) =>
    idx(
      [count, 2, 3],
      Uint8Array.from({ length: 6 * count }, (_, i) => i),
    );
  const labels = (count: number) =>
    idx(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 10),
    );
  return {
    'train-images-idx3-ubyte.gz': gzipSync(images(train)),
    'train-labels-idx1-ubyte.gz': gzipSync(labels(train)),
    't10k-images-idx3-ubyte.gz': gzipSync(images(test)),
    't10k-labels-idx1-ubyte.gz': gzipSync(labels(test)),
  };
}

/** A tar archive as CIFAR-10's: a folder, then its files. */
export function tar(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entry = (path: string, type: string, content: Uint8Array) => {
    const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
    block.write(path, 0);
    block.write(content.length.toString(8).padStart(11, '0'), 124);
    block.write(type, 156);
    block.write('ustar', 257);
    block.fill(' ', 148, 156);
    const checksum = block.reduce((sum, byte) => sum + byte, 0);
    block.write(checksum.toString(8).padStart(6, '0') + '\0 ', 148);
    block.set(content, 512);
    return block;
  };
  return Buffer.concat([
    entry('set/', '5', new Uint8Array(0)),
    ...Object.entries(files).map(([name, content]) => entry(`set/${name}`, '0', content)),
    Buffer.alloc(1024),
  ]);
}

/** A server on this machine, and what it was asked for. */
export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{
  url: string;
  requests: { path: string; range: string | undefined }[];
  close: () => Promise<void>;
}> {
  const requests: { path: string; range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url!, range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/`, requests, close };
}
