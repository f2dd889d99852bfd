import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { glyphs } from '@dgm/data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawGrid } from '../run/pictures';
import { FolderLock } from './folder-lock';
import { OutputFolder } from './output-folder';
import { resultsSchema } from './validate';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('OutputFolder', () => {
  it('makes the folder, and leaves nothing in it', async () => {
    const output = await OutputFolder.open(path.join(root, 'a', 'b'), 'here');
    await output.close();
    expect(await readdir(output.path)).toEqual([]);
  });

  it('says so at once when nothing can be written there', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    await expect(OutputFolder.open(path.join(file, 'out'), 'here')).rejects.toThrow(
      /--out to be a folder that can be written to/,
    );
  });

  it.runIf(process.platform === 'linux')('says so where no folder can ever be made', async () => {
    await expect(OutputFolder.open('/proc/none/such', 'here')).rejects.toThrow(/--out to be a folder/);
  });

  it('is for one command at a time, and free after it', async () => {
    const first = await OutputFolder.open(root, 'here');
    await expect(OutputFolder.open(root, 'there')).rejects.toThrow(
      `there: expected --out to be a folder that no other command writes to, got one that process ${process.pid} writes to`,
    );
    await first.close();
    const second = await OutputFolder.open(root, 'here');
    await second.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('takes over from a command that was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeFile(path.join(root, '.lock'), JSON.stringify({ pid, host: hostname() }));
    await (await OutputFolder.open(root, 'here')).close();
  });

  it('takes over from a command on another machine once that touches its lock no more', async () => {
    const [file, beatMs] = [path.join(root, '.lock'), 20];
    const { pid } = spawnSync(process.execPath, ['--version']);
    const elsewhere = JSON.stringify({ pid, host: `not ${hostname()}` });
    const alive = await FolderLock.take(file, 'here', beatMs);
    await writeFile(file, elsewhere);
    await expect(FolderLock.take(file, 'here', beatMs)).rejects.toThrow('no other command writes to');
    await alive.release();
    await writeFile(file, elsewhere);
    const taken = await FolderLock.take(file, 'here', beatMs);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ pid: process.pid, host: hostname() });
    await taken.release();
  });

  it('keeps finished results, unless they may be replaced', async () => {
    const output = await OutputFolder.open(root, 'here');
    const check = (overwrite: boolean) => output.checkFree('results.json', { where: 'here', overwrite });
    await check(false);
    await output.write('results.json', '{}');
    await expect(check(false)).rejects.toThrow('--overwrite replaces it');
    await check(true);
  });

  it('reads PNG files, and neither other files nor links to them', async () => {
    const output = await OutputFolder.open(root, 'here');
    const png = drawGrid(
      { shape: [4], values: Uint8Array.of(0, 1, 1, 0) },
      { levels: 2, test: glyphs().test },
    );
    await output.write('a.png', png);
    expect(new Uint8Array((await output.readPng('a.png'))!)).toEqual(png);
    expect(await output.readPng('absent.png')).toBeUndefined();
    await output.write('text.png', 'root:x:0:0');
    await symlink(output.file('a.png'), output.file('link.png'));
    await expect(output.readPng('text.png')).rejects.toThrow('to be a PNG file');
    await expect(output.readPng('link.png')).rejects.toThrow('no regular file');
  });

  it('replaces a file as a whole, and leaves no other', async () => {
    const output = await OutputFolder.open(root, 'here');
    await output.write('results.json', 'old and long');
    await output.write('results.json', 'new');
    expect((await output.read('results.json'))?.toString()).toBe('new');
    await output.close();
    expect(await readdir(root)).toEqual(['results.json']);
  });

  it('refuses a damaged file with what to do', async () => {
    const output = await OutputFolder.open(root, 'here');
    expect(await output.readJson('results.json', resultsSchema)).toBeUndefined();
    await output.write('results.json', '{ "schema": 1, "runs": [');
    await expect(output.readJson('results.json', resultsSchema)).rejects.toThrow(
      /results\.json to hold JSON.*without --resume/,
    );
  });
});
