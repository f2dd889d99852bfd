import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ArgumentError, closest, type Dataset } from '@dgm/core';
import { modulesIn } from './modules-in';
import type { Recipe } from './recipes/shared/recipe';

/** One model that can be benchmarked, and the package that it comes from. */
export interface Candidate {
  readonly entry: Recipe;
  readonly package: string;
  readonly version: string;
}

/** A family whose recipes could not be loaded. */
export interface BrokenFamily {
  readonly package: string;
  readonly error: unknown;
}

export interface Families {
  readonly candidates: readonly Candidate[];
  readonly broken: readonly BrokenFamily[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const recipesFolder = new URL('./recipes/', import.meta.url);

/**
 * The models of every file and folder of `folder`, in alphabetical order of families. A family that does not load is reported, and
 * the others are kept.
 *
 * A family with the name of a package, such as `arm.ts`, holds the models of that package. Others combine several packages, and
 * belong to this application.
 */
export async function discoverFamilies(folder: URL = recipesFolder): Promise<Families> {
  const application = await readManifest(new URL('../package.json', import.meta.url));
  const candidates: Candidate[] = [];
  const broken: BrokenFamily[] = [];
  for (const [family, file] of await modulesIn(folder)) {
    const { name, version } = await packageOf(family, application);
    try {
      const loaded = (await import(file.href)) as { readonly recipes?: unknown };
      candidates.push(...recipesOf(loaded, family).map((entry) => ({ entry, package: name, version })));
    } catch (error) {
      broken.push({ package: name, error });
    }
  }
  return { candidates, broken };
}

async function packageOf(family: string, application: Manifest): Promise<Manifest> {
  const name = `@dgm/${family}`;
  if (!Object.hasOwn(application.dependencies ?? {}, name)) return application;
  return readManifest(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

async function readManifest(file: string | URL): Promise<Manifest> {
  return JSON.parse(await readFile(file, 'utf8')) as Manifest;
}

function recipesOf({ recipes }: { readonly recipes?: unknown }, family: string): readonly Recipe[] {
  const isRecipe = (recipe: Partial<Recipe> | null | undefined) =>
    typeof recipe?.name === 'string' && typeof recipe.create === 'function';
  if (Array.isArray(recipes) && recipes.every(isRecipe)) return recipes as Recipe[];
  throw new ArgumentError({
    where: `recipes/${family}`,
    argument: 'recipes',
    expected: 'to be an array of Recipe',
    actual: Array.isArray(recipes) ? 'an array with something else' : typeof recipes,
  });
}

/** What stands for several models after `--models`. */
const groups: Readonly<Record<string, (recipe: Recipe) => boolean>> = {
  all: () => true,
  flagships: ({ isFlagship }) => isFlagship ?? false,
};

/** Whether a name after `--models` stands for several models, of which some may not learn the data. */
export const isGroup = (name: string): boolean => Object.hasOwn(groups, name);

/**
 * The candidates with the given names, in that order; `all` and `flagships` stand for several.
 * @param where - the command, for the error
 * @throws ArgumentError for an unknown name, with the closest one
 */
export function selectCandidates(
  candidates: readonly Candidate[],
  names: readonly string[],
  where: string,
): readonly Candidate[] {
  const known = candidates.map(({ entry }) => entry.name);
  const chosen = names.flatMap((name) => {
    const isChosen = isGroup(name) ? groups[name]! : (recipe: Recipe) => recipe.name === name;
    const found = candidates.filter(({ entry }) => isChosen(entry));
    if (found.length > 0 || isGroup(name)) return found;
    const close = closest(name, [...Object.keys(groups), ...known]);
    throw new ArgumentError({
      where,
      argument: '--models',
      expected: 'to be names of models, flagships or all',
      actual: JSON.stringify(name),
      remedy: close === undefined ? 'npm run bench -- models lists them' : `did you mean "${close}"`,
    });
  });
  return [...new Set(chosen)];
}

/**
 * The models that can learn the data. Others are passed over.
 * @param named - what the command line says; one that it names and that cannot is a mistake
 * @throws ArgumentError for such a mistake
 */
export function learnersOf(
  candidates: readonly Candidate[],
  dataset: Dataset,
  named: readonly string[],
  where: string,
): readonly Candidate[] {
  const isAble = ({ entry }: Candidate) => entry.accepts?.(dataset) ?? true;
  const others = candidates.filter((candidate) => !isAble(candidate)).map(({ entry }) => entry.name);
  const mistake = others.find((name) => named.includes(name));
  if (mistake !== undefined) throw unlearnable(mistake, dataset, where);
  if (others.length > 0)
    console.log(`Passed over, for they cannot learn ${dataset.name}: ${others.join(', ')}`);
  return candidates.filter(isAble);
}

export function unlearnable(model: string, { name }: Dataset, where: string): ArgumentError {
  return new ArgumentError({
    where,
    argument: '--dataset',
    expected: `to be one that ${model} can learn`,
    actual: name,
    remedy: 'choose another data set or other models',
  });
}
