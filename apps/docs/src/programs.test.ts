import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { app, site } from './folders';

const programs = readdirSync(path.join(app, 'programs'));
/** Folders that the generator fills: their blocks are executed where they come from. */
const generated = /^(api|generated|parts|public)\//;
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !generated.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(site, file), 'utf8') }));

const home = process.cwd();
const folder = mkdtempSync(path.join(tmpdir(), 'dgm-programs-'));
beforeAll(() => {
  tf.env().set('IS_TEST', false); // programs start an engine of their own choice
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe.each(programs)('%s', (program) => {
  const shown = pages.filter(({ text }) => text.includes(`/programs/${program}`));

  it('prints what the page says', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import(path.join(app, 'programs', program));
    const lines = log.mock.calls.map((values) => format(...(values as unknown[])));
    log.mockRestore();
    expect(shown.map(({ file }) => file)).toHaveLength(1);
    const after = shown[0]!.text.split(`/programs/${program}`)[1]!;
    expect(/^```text\n(.*?)\n```$/ms.exec(after)?.[1]).toBe(lines.join('\n'));
    expect(Object.keys(tf.engine().state.registeredVariables)).toEqual([]);
  });
});

it.each(pages)('$file shows no program that is not executed', ({ text }) => {
  expect(text).not.toMatch(/^```(ts|js|typescript|javascript)$/m);
});
