import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { examples } from './fixtures/examples';

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
    const fixture = async (name: string) => [
      ...(await readFile(path.join(import.meta.dirname, 'fixtures', name))),
    ];
    [model, file] = [await fixture('wavenet-v1.model'), await fixture('wavenet-v1.dgmc')];
    script = await bundle('browser');
  }, 60_000);

  it('decodes in a worker, and is written there again', async () => {
    const code = `${await bundle('node')}; const { parentPort, workerData } = require('node:worker_threads');
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

/** The package from its sources, for one platform. */
async function bundle(platform: 'browser' | 'node'): Promise<string> {
  const source = (name: string) => path.join(import.meta.dirname, '../..', name, 'src/index.ts');
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: path.join(import.meta.dirname, '..'), loader: 'ts' },
    alias: { '@dgm/core': source('core'), '@dgm/compile': source('compile') },
    external: ['onnxruntime-node', 'onnxruntime-web', 'node:*'],
    bundle: true,
    write: false,
    format: 'iife',
    platform,
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}
