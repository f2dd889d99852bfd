import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';

/**
 * Registers that the package's README shows examples as they stand in their files, and what they print.
 * @param examples - what imports each, by its path in the package
 */
export function describeReadme(examples: Readonly<Record<string, () => Promise<unknown>>>): void {
  const text = (path: string): string => readFileSync(resolve(process.cwd(), path), 'utf8');
  // An example starts an engine of its own choice, and tfjs's leak check is not meant for wasm (see setup.ts).
  beforeAll(() => tf.env().set('IS_TEST', false));
  describe.each(Object.entries(examples))('the README shows %s', (path, load) => {
    it('as it runs', () => {
      expect(text('README.md')).toContain(`\`\`\`ts\n${text(path)}\`\`\``);
    });

    it('and what it prints', async () => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
      await load();
      const lines = log.mock.calls.map((values) => format(...values));
      log.mockRestore();
      expect(text('README.md')).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\``);
    }, 120_000); // An example trains, which takes its time on a busy machine.
  });
}
