import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serve, temporaryFolder } from '../../test/files';
import { mnist } from '../mnist/mnist';
import { download } from './download';

const folder = temporaryFolder();
const content = Buffer.from('the content of the file '.repeat(1000));
const sha256 = createHash('sha256').update(content).digest('hex');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => void (await Promise.all(closing.splice(0).map((close) => close()))));

async function server(...answer: Parameters<typeof serve>): ReturnType<typeof serve> {
  const served = await serve(...answer);
  closing.push(served.close);
  return served;
}

/** A server that can go on in the middle of a file. */
const resumable =
  (bytes: Buffer): Parameters<typeof serve>[0] =>
  (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= bytes.length) return response.writeHead(416).end();
    return response.writeHead(start > 0 ? 206 : 200).end(bytes.subarray(start));
  };

let count = 0;
const freshPath = async (): Promise<string> => {
  const own = join(folder.path, String(count++));
  await mkdir(own);
  return join(own, 'file.bin');
};

describe('download', () => {
  it('fetches once, and leaves nothing else behind', async () => {
    const { url, requests } = await server(resumable(content));
    const path = await freshPath();
    await download({ urls: [`${url}file.bin`], path, sha256, where: 'test' });
    await download({ urls: [`${url}file.bin`], path, sha256, where: 'test' });
    expect(await readFile(path)).toEqual(content);
    expect(requests).toHaveLength(1);
    expect(await readdir(join(path, '..'))).toEqual(['file.bin']);
  });

  it('refuses bytes of another hash, and does not keep them', async () => {
    const { url } = await server((_, response) => response.end('something else'));
    const path = await freshPath();
    const refused = download({ urls: [`${url}file.bin`], path, sha256, where: 'test' });
    await expect(refused).rejects.toMatchObject({ code: 'serialization', argument: path });
    await expect(refused).rejects.toThrow(
      /to be downloaded with SHA-256 .* other bytes, of SHA-256 [0-9a-f]{64}/,
    );
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('goes on where an interrupted download stopped', async () => {
    const { url, requests } = await server(resumable(content));
    const path = await freshPath();
    await writeFile(`${path}.part`, content.subarray(0, 1000));
    await download({ urls: [url], path, sha256, where: 'test' });
    expect(requests).toEqual([{ path: '/', range: 'bytes=1000-' }]);
    expect(await readFile(path)).toEqual(content);
  });

  it('keeps what came before a connection broke, for the next time', async () => {
    const path = await freshPath();
    const broken = await server((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 5000));
      // Break the connection once the bytes have reached the disk.
      const waiting = setInterval(() => {
        void stat(`${path}.part`).then(
          ({ size }) => {
            if (size < 5000) return;
            clearInterval(waiting);
            response.destroy();
          },
          () => undefined,
        );
      }, 5);
    });
    await expect(download({ urls: [broken.url], path, sha256, where: 'test' })).rejects.toThrow(broken.url);
    expect(await readdir(join(path, '..'))).toEqual(['file.bin.part']);
    const { url, requests } = await server(resumable(content));
    await download({ urls: [url], path, sha256, where: 'test' });
    expect(requests[0]!.range).toBe('bytes=5000-');
    expect(await readFile(path)).toEqual(content);
  });

  it.each([
    ['of another file', Buffer.from('x'.repeat(1000))],
    ['that is too long', Buffer.concat([content, content])],
  ])('starts anew from a part %s', async (_, part) => {
    const { url } = await server(resumable(content));
    const path = await freshPath();
    await writeFile(`${path}.part`, part);
    await download({ urls: [url], path, sha256, where: 'test' });
    expect(await readFile(path)).toEqual(content);
  });

  it('starts anew where the server cannot go on', async () => {
    const { url } = await server((_, response) => response.end(content));
    const path = await freshPath();
    await writeFile(`${path}.part`, content.subarray(0, 1000));
    await download({ urls: [url], path, sha256, where: 'test' });
    expect(await readFile(path)).toEqual(content);
  });

  it('tries the next address, and says what each answered', async () => {
    const { url, requests } = await server((request, response) =>
      request.url === '/good' ? response.end(content) : response.writeHead(404).end(),
    );
    const path = await freshPath();
    const failing = download({ urls: [`${url}a`, `${url}b`], path, sha256, where: 'test' });
    await expect(failing).rejects.toThrow(`${url}a: HTTP status 404; ${url}b: HTTP status 404`);
    await download({ urls: [`${url}a`, `${url}good`], path, sha256, where: 'test' });
    expect(requests.map((request) => request.path)).toEqual(['/a', '/b', '/a', '/good']);
  });

  it('replaces a cached file that has gone bad', async () => {
    const { url } = await server(resumable(content));
    const path = await freshPath();
    await writeFile(path, 'gone bad');
    await download({ urls: [url], path, sha256, where: 'test' });
    expect(await readFile(path)).toEqual(content);
  });
});

describe('a data set that cannot be downloaded', () => {
  it('names the file, where to get it and where to put it', async () => {
    const { url, close } = await serve(() => undefined);
    await close();
    const cacheFolder = join(folder.path, 'cache');
    const offline = mnist({ cacheFolder, mirrors: [url] });
    await expect(offline).rejects.toMatchObject({
      code: 'serialization',
      argument: 'train-images-idx3-ubyte.gz',
    });
    await expect(offline).rejects.toThrow(
      `get it from ${url}train-images-idx3-ubyte.gz and put it into ${join(cacheFolder, 'mnist')}`,
    );
  });

  it('is refused when its bytes are others than the published ones', async () => {
    const { url } = await server((_, response) => response.end(content));
    const wrong = mnist({ cacheFolder: join(folder.path, 'other'), mirrors: [url] });
    await expect(wrong).rejects.toThrow(/expected train-images-idx3-ubyte.gz .*other bytes, of SHA-256/);
  });
});
