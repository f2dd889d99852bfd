import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { libraries, parts } from '../folders';
import { documentedExports } from './exports';
import type { DocumentedExport } from './exports';

/** The functions that say which papers they are from: every model, and many of the parts that models are made of. */
export function algorithms(): readonly DocumentedExport[] {
  return documentedExports().filter(({ kind, sources }) => kind === 'function' && sources.length > 0);
}

/** The functions that make models: what they give back has a likelihood, a bound or neither, and says which. */
export function modelFactories(): readonly DocumentedExport[] {
  const all = documentedExports();
  const models = new Set(all.filter(({ name, file }) => isModel(name, file)).map(({ name }) => name));
  return all.filter(({ kind, file, start }) => {
    if (kind !== 'function') return false;
    const [, result] = /\)\s*:\s*(\w+)[^{]*\{/.exec(file.slice(start)) ?? [];
    return result !== undefined && models.has(result);
  });
}

function isModel(name: string, file: string): boolean {
  const [, body] =
    new RegExp(`^export (?:final |abstract )?class ${name}\\b([\\s\\S]*?)^\\}`, 'm').exec(file) ?? [];
  return body !== undefined && /\blikelihoodKind\b/.test(body);
}

/** Writes a table of algorithms for each package, and one of all, as parts of pages. */
export function writeAlgorithms(): void {
  mkdirSync(parts, { recursive: true });
  const all = algorithms();
  const sections = libraries.flatMap((name) => {
    const rows = all.filter((each) => each.package === name);
    if (rows.length === 0) return [];
    const table = ['| function | what | source |', '| --- | --- | --- |', ...rows.map(toRow)].join('\n');
    writeFileSync(path.join(parts, `algorithms-${name}.md`), `${table}\n`);
    return [`## @dgm/${name}\n\n${table}`];
  });
  writeFileSync(path.join(parts, 'algorithms.md'), `${sections.join('\n\n')}\n`);
}

function toRow({ name, anchor, sentence, sources }: DocumentedExport): string {
  return `| [\`${name}\`](/api/${anchor}) | ${inCell(sentence)} | ${sources.map(inCell).join('; ')} |`;
}

/** Text of a comment in a cell of a table: links to symbols become code, bars end no cell, and nothing reads as HTML. */
function inCell(text: string): string {
  return text
    .replace(/\{@link (?:\w+\.)*(\w+)[^}]*\}/g, '`$1`')
    .replace(/[:.,]$/, '')
    .split(/(`[^`]*`|\$\$?[^$]+\$\$?)/)
    .map((part, index) => {
      if (index % 2 === 0)
        return part.replaceAll('<', '&lt;').replaceAll('{', '&#123;').replaceAll('|', '\\|');
      if (part.startsWith('`')) return part.replaceAll('|', '\\|');
      const formula = part.replace(/^\$+|\$+$/g, '');
      return `$${formula.replaceAll('\\|', '\\Vert ').replaceAll('|', '\\vert ')}$`;
    })
    .join('');
}
