import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './fixtures/bundle';
import { examples } from './fixtures/examples';
import { fixture } from './fixtures/read';

/** Debian's browser, or the one that `DGM_CHROMIUM` names. */
const executablePath = [process.env['DGM_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file !== undefined && existsSync(file),
);
const reason = executablePath === undefined ? ': skipped: no chromium' : '';

/** Decodes and encodes again, and gives both. */
const PROGRAM = `
  import { readCodec } from './src/index.ts';
  globalThis.again = (model, file) => {
    const codec = readCodec(Uint8Array.from(model));
    const { values } = codec.decode(Uint8Array.from(file));
    return { values: Array.from(values), file: Array.from(codec.encode(values)) };
  };`;

describe('a file that was written in Node', () => {
  let script: string;
  let model: number[];
  let file: number[];

  beforeAll(async () => {
    [model, file] = [[...fixture('wavenet-v1.model')], [...fixture('wavenet-v1.dgmc')]];
    script = await bundle(PROGRAM, 'browser');
  }, 60_000);

  it('decodes in a worker, and is written there again', async () => {
    const code = `${await bundle(PROGRAM, 'node')}; const { parentPort, workerData } = require('node:worker_threads');
      parentPort.postMessage(globalThis.again(workerData.model, workerData.file));`;
    const worker = new Worker(code, { eval: true, workerData: { model, file } });
    const result = await new Promise((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
    });
    await worker.terminate();
    expect(result).toEqual({ values: [...examples], file });
  });

  it.skipIf(executablePath === undefined)(
    `decodes in a browser, and is written there again${reason}`,
    async () => {
      const browser = await chromium.launch({
        executablePath: executablePath!,
        args: [
          '--no-sandbox',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
        ],
      });
      try {
        const page = await browser.newPage();
        await page.addScriptTag({ content: script });
        const result = await page.evaluate(
          ([model, file]) =>
            (globalThis as unknown as { again: (model: number[], file: number[]) => unknown }).again(
              model,
              file,
            ),
          [model, file] as const,
        );
        expect(result).toEqual({ values: [...examples], file });
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
