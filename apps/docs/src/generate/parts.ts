import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parts, repository } from '../folders';
import { toPart } from './package-pages';

/**
 * Sections of READMEs that pages include: the part's name, the README's folder, the heading (undefined for what stands above the
 * first), and the words that the part begins with, where it leaves something out.
 */
const sections: readonly (readonly [
  name: string,
  source: string,
  heading: string | undefined,
  begin?: string,
])[] = [
  ['first-program', '.', undefined, 'In an empty folder'],
  ['promises', '.', 'What you can rely on'],
  ['faster', '.', 'Faster'],
  ['engines', 'packages/core', 'Engines'],
  ['memory', 'packages/core', 'Memory'],
  ['checkpoints', 'packages/core', 'Checkpoints'],
  ['training', 'packages/core', 'Training in detail'],
  ['capture', 'packages/compile', 'What cannot be captured'],
  ['compile', 'packages/compile', 'What there is'],
  ['contract-kit', 'packages/testing', undefined],
  ['contract-checks', 'packages/testing', 'What is checked'],
  ['new-model', 'CONTRIBUTING.md', 'Add a model to a family'],
  ['new-family', 'CONTRIBUTING.md', 'Add a family'],
];

/** Writes the sections as files, so that a page and a README say the same. */
export function writeParts(): void {
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  for (const [name, source, heading, begin = ''] of sections) {
    const file = source.endsWith('.md') ? source : path.posix.join(source, 'README.md');
    const text = readFileSync(path.join(repository, file), 'utf8');
    const part = toPart(startingAt(section(text, heading), begin), path.posix.dirname(file));
    writeFileSync(path.join(parts, `${name}.md`), `${part}\n`);
  }
}

/**
 * The text below a heading of the second level, without the heading; its own headings go up by one level.
 * @param heading - undefined for what stands before the first such heading
 * @throws where the README has no such heading any more
 */
export function section(text: string, heading: string | undefined): string {
  const [lead, ...others] = text.split(/^## /m);
  if (heading === undefined) return lead!;
  const found = others.find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`there is no section "${heading}" any more`);
  return found.slice(heading.length).replace(/^### /gm, '## ').trim();
}

function startingAt(text: string, begin: string): string {
  const start = text.indexOf(begin);
  if (start === -1) throw new Error(`"${begin}" does not stand there any more`);
  return text.slice(start);
}
