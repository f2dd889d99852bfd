import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutputFolder } from './output-folder';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('OutputFolder', () => {
  it('makes the folder, and leaves nothing in it', async () => {
    const output = await OutputFolder.open(path.join(root, 'a', 'b'));
    expect(await readdir(output.path)).toEqual([]);
  });

  it('says so at once when nothing can be written there', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    await expect(OutputFolder.open(path.join(file, 'out'))).rejects.toThrow(
      /--out to be a folder that can be written to/,
    );
  });

  it.runIf(process.platform === 'linux')('says so where no folder can ever be made', async () => {
    await expect(OutputFolder.open('/proc/none/such')).rejects.toThrow(/--out to be a folder/);
  });

  it('replaces a file as a whole, and leaves no other', async () => {
    const output = await OutputFolder.open(root);
    await output.write('results.json', 'old and long');
    await output.write('results.json', 'new');
    expect((await output.read('results.json'))?.toString()).toBe('new');
    expect(await readdir(root)).toEqual(['results.json']);
  });

  it('refuses a damaged file with what to do', async () => {
    const output = await OutputFolder.open(root);
    expect(await output.readJson('results.json')).toBeUndefined();
    await output.write('results.json', '{ "schema": 1, "runs": [');
    await expect(output.readJson('results.json')).rejects.toThrow(
      /results\.json to hold JSON.*without --resume/,
    );
  });
});
