import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModelParts } from '@dgm/core';
import { describe, it } from 'vitest';
import { ensure } from './assert';

/** What the coverage check compares. */
export interface Coverage {
  /** The package's runtime exports: `import * as exports from '../src/index'`. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** The case tables. A key is an export's name, optionally followed by a space and a variant. */
  readonly tables: readonly Readonly<Record<string, unknown>>[];
  /** Exports that a test of their own covers, with its file, relative to the package. */
  readonly testedIn?: Readonly<Record<string, string>>;
}

/** Throws unless every runtime export is in a table or names the test that covers it, and nothing is out of date. */
export function checkCoverage({ exports, tables, testedIn = {} }: Coverage, root = process.cwd()): void {
  const inTables = new Set(tables.flatMap((table) => Object.keys(table).map((key) => key.split(' ')[0]!)));
  // What model files may name. That each of them can be written and read is shown by the models that are made of them.
  const { parts = {} } = (exports['modelParts'] ?? {}) as Partial<ModelParts>;
  const problems = [
    ...Object.keys(exports)
      .filter((name) => name !== 'modelParts' && !inTables.has(name) && testedIn[name] === undefined)
      .map((name) => `export ${name} is in no case table and in no testedIn`),
    ...Object.entries(parts)
      .filter(([name, part]) => exports[name] !== part)
      .map(([name]) => `modelParts lists ${name}, which is no export of this name`),
    ...[...inTables].filter((name) => !(name in exports)).map((name) => `table row ${name} is no export`),
    ...Object.entries(testedIn).flatMap(([name, file]) => {
      if (!(name in exports)) return [`testedIn names ${name}, which is no export`];
      if (!existsSync(resolve(root, file)))
        return [`testedIn sends ${name} to ${file}, which does not exist`];
      const mentioned = new RegExp(`\\b${name}\\b`).test(readFileSync(resolve(root, file), 'utf8'));
      return mentioned ? [] : [`testedIn sends ${name} to ${file}, which does not mention it`];
    }),
  ];
  ensure(problems.length === 0, problems.join('\n'));
}

/** Registers {@link checkCoverage}. */
export function describeCoverage(coverage: Coverage): void {
  describe('coverage', () => {
    it('names a test for every export', () => checkCoverage(coverage));
  });
}
