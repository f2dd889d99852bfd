import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generated, packages, pictures, repository, site } from '../folders';
import { sourceUrl } from '../source-url';
import { algorithms } from './algorithms';

/**
 * Writes a page for each package: what the site has to show of it, where there is something, its README, and where its functions are
 * from.
 */
export function writePackagePages(): void {
  const withSources = new Set(algorithms().map((each) => each.package));
  rmSync(generated, { recursive: true, force: true });
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  for (const name of packages) {
    const readme = readFileSync(path.join(repository, 'packages', name, 'README.md'), 'utf8');
    const lead = existsSync(path.join(site, 'leads', `${name}.md`))
      ? `<!--@include: ../leads/${name}.md-->\n\n`
      : '';
    const sources = withSources.has(name)
      ? `\n## Functions and their sources\n\n<!--@include: ../parts/algorithms-${name}.md-->\n`
      : '';
    const text = `# @dgm/${name}\n\n${lead}${toPart(readme, `packages/${name}`)}\n${sources}`;
    writeFileSync(path.join(generated, `${name}.md`), text);
  }
}

/**
 * Makes a README of the repository a part of a page: without its title, and with links that work on the site.
 * @param text - the README
 * @param folder - its folder, relative to the repository
 */
export function toPart(text: string, folder: string): string {
  return text
    .replace(/^# .*\n+/, '')
    .replace(/ ?Part of\s+\[dgm\]\([^)]*\)\./, '')
    .replace(/<!--.*?-->/gs, '')
    .replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (_, image: string, label: string, target: string) =>
      image === '' ? `[${label}](${onSite(target, folder)})` : `![${label}](${asset(target, folder)})`,
    )
    .trim();
}

/** Where a link of a README leads on the site; files that the site does not have are shown at the repository. */
function onSite(target: string, folder: string): string {
  const isOwnAnchor = target.startsWith('#') && folder !== '.';
  if (/^https?:/.test(target) || isOwnAnchor) return target;
  const [file, anchor] = target.split('#') as [string, string | undefined];
  const resolved =
    file === '' ? 'README.md' : path.posix.normalize(path.posix.join(folder, file)).replace(/\/$/, '');
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const name = /^packages\/(\w+)(\/README\.md)?$/.exec(resolved)?.[1];
  if (name !== undefined && packages.includes(name)) return `/packages/${name}${hash}`;
  if (resolved === 'README.md') return rootPages[anchor ?? ''] ?? `${sourceUrl}${hash}`;
  return `${sourceUrl}/blob/main/${resolved}${hash}`;
}

/** Pages with what sections of the repository's README hold. */
const rootPages: Readonly<Record<string, string>> = { '': '/', numbers: '/numbers', packages: '/families/' };

/** A picture of the repository, which is copied to the site. */
function asset(target: string, folder: string): string {
  if (/^https?:/.test(target)) return target;
  const file = path.posix.normalize(path.posix.join(folder, target));
  const copy = path.join(pictures, file);
  mkdirSync(path.dirname(copy), { recursive: true });
  copyFileSync(path.join(repository, file), copy);
  return `/pictures/${file}`;
}
