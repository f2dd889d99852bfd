import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folders that the generator, the configuration and the tests agree on. */
export const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const app = path.join(repository, 'apps', 'docs');
export const site = path.join(app, 'site');
/** Pages of packages, made of their READMEs. */
export const generated = path.join(site, 'generated');
/** Pictures of READMEs, served as they are. */
export const pictures = path.join(site, 'public', 'pictures');
/** Sections of READMEs that pages include. */
export const parts = path.join(site, 'parts');
export const built = process.env['DGM_DOCS_OUT'] ?? path.join(repository, 'out', 'docs');

/** The published packages, general ones first; those of a later day follow. */
export const packages: readonly string[] = ordered(
  readdirSync(path.join(repository, 'packages')).filter((name) => isPublished(name)),
  ['core', 'data', 'arm', 'flows', 'vae', 'priors', 'diffusion', 'hybrid', 'ebm', 'gan', 'compile'],
);

/** The packages that programs import; the others are commands. */
export const libraries: readonly string[] = packages.filter((name) =>
  existsSync(path.join(repository, 'packages', name, 'src', 'index.ts')),
);

function isPublished(name: string): boolean {
  const { private: isPrivate } = JSON.parse(
    readFileSync(path.join(repository, 'packages', name, 'package.json'), 'utf8'),
  ) as { private?: boolean };
  return isPrivate !== true;
}

function ordered(names: readonly string[], first: readonly string[]): readonly string[] {
  const rest = names.filter((name) => !first.includes(name)).sort();
  return [...first.filter((name) => names.includes(name)), ...rest];
}
