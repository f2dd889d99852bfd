import { readdirSync, readFileSync } from 'node:fs';
import { format } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

/** What each example prints, on both engines. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  './arm/conditional-made.ts': ['exact probability true [ 10, 64 ] true'],
  './flows/conditional-flow.ts': ['exact true true true true'],
  './flows/conditional-glow.ts': ['lower-bound dequantized true [ 16, 8, 8, 1 ] true'],
  './tasks/anomaly-scores.ts': ['exact true true'],
  './tasks/impute.ts': ['[ 8, 64 ] true true'],
  './tasks/text.ts': ['exact true true true'],
  './vae/conditional-vae.ts': ['lower-bound importance-sampled true true', '[ 16, 64 ] true'],
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
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(example, 'utf8')}\`\`\``);
  expect(readme).toContain(outputs[example]!.join('\n'));
});

describe.each(['eager', 'compiled'])('with the engine %s', (engine) => {
  const taking = Object.entries(outputs).filter(
    ([path]) => engine === 'eager' || readFileSync(path, 'utf8').includes('DGM_ENGINE'),
  );
  test.each(taking)('%s prints what it should and frees its tensors', async (path, lines) => {
    vi.stubEnv('DGM_ENGINE', engine);
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    vi.resetModules();
    await import(/* @vite-ignore */ path);
    expect(log.mock.calls.map((values) => format(...(values as unknown[])))).toEqual(lines);
    expect(Object.keys(tf.engine().state.registeredVariables)).toEqual([]);
  });
});
