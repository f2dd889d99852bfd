import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { afterAll, describe, expect, test } from 'vitest';
import { importRules } from '../../config/import-rules.js';
import { optionRules } from '../../config/option-rules.js';

const root = mkdtempSync(path.join(tmpdir(), 'dgm-lint-'));
afterAll(() => rmSync(root, { recursive: true }));

const config: Linter.Config = {
  files: ['**/*.ts'],
  languageOptions: { parser: tseslint.parser as Linter.Parser },
  plugins: { imports: importRules, options: optionRules },
};

/** Writes source files and checks one of them by one rule. */
function check(rule: string, files: Readonly<Record<string, string>>): Linter.FixReport {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const [name, text] = Object.entries(files)[0]!;
  const linter = new Linter({ cwd: root });
  return linter.verifyAndFix(text, [{ ...config, rules: { [rule]: 'error' } }], path.join(root, name));
}

describe('no-import-cycle', () => {
  test.each(["import { b } from './b';", "import type { b } from './b';", "export { b } from './b';"])(
    'reports a circle that begins with %s',
    (statement) => {
      const { messages } = check('imports/no-import-cycle', {
        'circle/a.ts': statement,
        'circle/b.ts': "import {\n  type c,\n} from './c';",
        'circle/c.ts': "import * as a from './a';",
      });
      expect(messages.map(({ message }) => message)).toEqual([
        'This import is part of a circle: b.ts -> c.ts -> a.ts.',
      ]);
    },
  );

  test('accepts imports of one file along two ways', () => {
    const { messages } = check('imports/no-import-cycle', {
      'ways/a.ts': "import './b';\nimport './c';",
      'ways/b.ts': "import './c';",
      'ways/c.ts': 'export const c = 1;',
    });
    expect(messages).toEqual([]);
  });
});

describe('core-layers', () => {
  test.each(["import { fit } from '../train/fit';", "import type { Fit } from '../train/fit';"])(
    'reports that a lower layer has %s',
    (statement) => {
      const { messages } = check('imports/core-layers', { 'core/src/nn/dense.ts': statement });
      expect(messages).toMatchObject([{ message: expect.stringContaining('core/nn lies below core/train') }]);
    },
  );

  test('accepts imports of the own layer and of those below', () => {
    const text = "import './mlp';\nimport '../check/check';";
    expect(check('imports/core-layers', { 'core/src/nn/dense.ts': text }).messages).toEqual([]);
  });
});

describe('known-options', () => {
  const source = (known: string): string =>
    `function f({ size, rate = 1, ...rest }: Options) { checkOptions('f', rest, ${known}); }`;

  test.each(['[]', "['size']", "['size', 'rate', 'key']"])('mends %s', (known) => {
    expect(check('options/known-options', { 'options.ts': source(known) }).output).toBe(
      source("['size', 'rate']"),
    );
  });

  test.each(["['rate', 'size']", 'NAMES', '[...NAMES]'])('accepts %s', (known) => {
    const report = check('options/known-options', { 'options.ts': source(known) });
    expect(report).toMatchObject({ fixed: false, messages: [] });
  });

  test('accepts fewer names beside a rest that is passed on', () => {
    const text = "function f({ size, ...rest }) { checkOptions('f', rest, ['size', 'key']); g(rest); }";
    expect(check('options/known-options', { 'options.ts': text })).toMatchObject({
      output: text,
      messages: [],
    });
  });
});
