import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Key, adamax, fit } from '@dgm/core';
import { fileStore, progressBar } from '@dgm/core/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TinyVae, gaussianExamples } from '../../test/support/models';

describe('fileStore', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'dgm-store-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('writes, lists, reads, replaces and removes, in a folder that it makes', async () => {
    const store = fileStore(join(folder, 'deep', 'er'));
    expect(await store.list()).toEqual([]);
    await store.write('a', Uint8Array.of(1, 2, 3));
    await store.write('a', Uint8Array.of(4));
    await store.write('b', Uint8Array.of(5));
    expect([...(await store.list())].sort()).toEqual(['a', 'b']);
    expect(await store.read('a')).toEqual(Uint8Array.of(4));
    await store.remove('a');
    await store.remove('a');
    expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['b']);
  });

  it('does not count what an interrupted write left behind', async () => {
    await writeFile(join(folder, 'unfinished.tmp'), 'half');
    const store = fileStore(folder);
    expect(await store.list()).toEqual([]);
    await store.write('a', Uint8Array.of(1));
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('says which path it cannot read or write', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const store = fileStore(join(file, 'below'));
    const code = 'serialization';
    await expect(store.write('a', Uint8Array.of(1))).rejects.toMatchObject({
      code,
      argument: join(file, 'below', 'a'),
    });
    await expect(store.list()).rejects.toMatchObject({ code, argument: join(file, 'below') });
    await expect(fileStore(folder).read('b')).rejects.toMatchObject({ code, argument: join(folder, 'b') });
  });
});

describe('progressBar', () => {
  /** What a bar writes while a small model trains. */
  async function output({ isTTY, throws = false }: { isTTY: boolean; throws?: boolean }): Promise<string> {
    const stream = new PassThrough() as unknown as NodeJS.WriteStream;
    let written = '';
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
    Object.assign(stream, {
      isTTY,
      columns: 120,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    const key = Key.of(0);
    const train = gaussianExamples(key, 20);
    const stop = () => {
      throw new RangeError('stop');
    };
    await fit(
      new TinyVae({ dims: 3, key }),
      { train, validation: train },
      {
        key,
        optimizer: adamax(),
        batchSize: 10,
        epochs: 5,
        callbacks: [progressBar({ stream, everyEpochs: 2 }), ...(throws ? [{ onEpoch: stop }] : [])],
      },
    ).catch((error: unknown) => expect(error).toBeInstanceOf(RangeError));
    await new Promise((resolve) => setImmediate(resolve));
    return written;
  }

  it('writes a line now and then where there is no terminal', async () => {
    const lines = (await output({ isTTY: false })).trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^epoch 2: train \d+\.\d+, validation \d+\.\d+$/);
    expect(lines[2]).toMatch(/^stopped by epochs after 5 epochs, 10 steps, \d/);
  });

  it('draws a bar on a terminal, and ends it when training fails', async () => {
    const drawn = await output({ isTTY: true });
    expect(drawn).toContain('░');
    expect(drawn).toMatch(/epoch 5\/5 .* train \d+\.\d+ .* validation \d+\.\d+ .*\(epochs\)/);
    // A bar that was not stopped would keep the process alive by its timer.
    await output({ isTTY: true, throws: true });
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(
      1,
    );
  });
});
