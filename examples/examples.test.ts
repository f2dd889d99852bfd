import { readdirSync, readFileSync } from 'node:fs';
import { format } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

const NUMBER = /-?\d+\.\d\d/g;

interface Output {
  /** The lines, with `N` in place of likelihoods. */
  readonly lines: readonly string[];
  /** The largest negative log-likelihood to accept, in nats, where the first line has that of the model and of its file. */
  readonly most?: number;
}

/** What each example prints, on both engines. */
const outputs: Readonly<Record<string, Output>> = {
  './arm/conditional-made.ts': {
    lines: ['exact: N nats per digit, N from the file', '[ 10, 64 ]'],
    most: 133,
  },
  './diffusion/conditional-diffusion.ts': {
    lines: ['lower-bound: N nats per digit, N from the file', '[ 16, 64 ] true'],
    most: 64 * Math.log(17),
  },
  './diffusion/super-resolution.ts': { lines: ['[ 16, 64 ] true'] },
  './flows/conditional-flow.ts': {
    lines: ['exact: N nats per point, N from the file', 'the draws of the lower moon lie there: true'],
    most: 1.1,
  },
  './flows/conditional-glow.ts': {
    lines: ['lower-bound: N nats per image (dequantized), N from the file', '[ 16, 8, 8, 1 ]'],
    most: 64 * Math.log(17),
  },
  './tasks/anomaly-scores.ts': { lines: ['exact true true'] },
  './tasks/impute.ts': { lines: ['[ 8, 64 ] true true'] },
  './tasks/text.ts': { lines: ['exact true true true'] },
  './vae/conditional-vae.ts': {
    lines: ['importance-sampled: N nats per digit, N from the file', '[ 16, 64 ]'],
    most: 115,
  },
};

test('each example is tested', () => {
  const folders = readdirSync('.', { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/^(node_modules|\.)/.test(entry.name),
  );
  const files = folders.flatMap(({ name }) => readdirSync(name).map((file) => `./${name}/${file}`));
  expect(files.sort()).toEqual(Object.keys(outputs));
});

// Examples start an engine of their own choice, and tfjs's leak check is not meant for wasm.
beforeAll(() => tf.env().set('IS_TEST', false));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('the README of @dgm/arm shows its example, and what it prints', () => {
  const readme = readFileSync('../packages/arm/README.md', 'utf8');
  const example = './arm/conditional-made.ts';
  const { lines } = outputs[example]!;
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(example, 'utf8')}\`\`\``);
  expect(readme.replaceAll(NUMBER, 'N')).toContain(lines.join('\n'));
});

describe.each(['eager', 'compiled'])('with the engine %s', (engine) => {
  const taking = Object.entries(outputs).filter(
    ([path]) => engine === 'eager' || readFileSync(path, 'utf8').includes('DGM_ENGINE'),
  );
  test.each(taking)('%s prints what it should and frees its tensors', async (path, { lines, most }) => {
    vi.stubEnv('DGM_ENGINE', engine);
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    vi.resetModules();
    await import(/* @vite-ignore */ path);
    const printed = log.mock.calls.map((values) => format(...(values as unknown[])));
    expect(printed.map((line) => line.replaceAll(NUMBER, 'N'))).toEqual(lines);
    if (most !== undefined) {
      const [nats, fromFile] = printed[0]!.match(NUMBER)!.map(Number);
      expect(nats).toBeLessThan(most);
      expect(fromFile).toBe(nats);
    }
    expect(Object.keys(tf.engine().state.registeredVariables)).toEqual([]);
  });
});
