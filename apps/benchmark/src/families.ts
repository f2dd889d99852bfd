import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { BenchmarkEntry } from '@dgm/core';
import { ArgumentError } from '@dgm/core';

/** One model that can be benchmarked, and the package that it comes from. */
export interface Candidate {
  readonly entry: BenchmarkEntry;
  readonly package: string;
  readonly version: string;
}

/** A package whose benchmark could not be loaded. */
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
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** How packages are found: by the files of this application, unless a test says otherwise. */
export interface PackageSource {
  manifest(name: string): Promise<Manifest>;
  load(specifier: string): Promise<{ readonly benchmarks?: unknown }>;
}

/**
 * The models of every `@dgm/*` package that `application` depends on and that has an entry point `./benchmark`.
 * A package that fails to load is reported, and the others are kept.
 */
export async function discoverFamilies(
  application: { readonly dependencies?: Readonly<Record<string, string>> },
  source: PackageSource,
): Promise<Families> {
  const names = Object.keys(application.dependencies ?? {}).filter((name) => name.startsWith('@dgm/'));
  const families: Families[] = [];
  for (const name of names.sort()) {
    families.push(
      await discover(name, async () => {
        const { version, exports = {} } = await source.manifest(name);
        return './benchmark' in exports
          ? { version, ...(await source.load(`${name}/benchmark`)) }
          : undefined;
      }),
    );
  }
  return joined(families);
}

/** The models of the packages that this application depends on, and those that it puts together from several of them. */
export async function discoverInstalled(): Promise<Families> {
  const application = await readManifest(new URL('../package.json', import.meta.url));
  const { name, version } = application;
  return joined([
    await discoverFamilies(application, installedPackages()),
    await discover(name, async () => ({ version, ...(await import('./compositions/index')) })),
  ]);
}

/** The models of one package; nothing where `load` finds no benchmark in it. */
async function discover(
  name: string,
  load: () => Promise<{ readonly version: string; readonly benchmarks?: unknown } | undefined>,
): Promise<Families> {
  try {
    const loaded = await load();
    const entries = loaded ? entriesOf(loaded.benchmarks, name) : [];
    return {
      candidates: entries.map((entry) => ({ entry, package: name, version: loaded!.version })),
      broken: [],
    };
  } catch (error) {
    return { candidates: [], broken: [{ package: name, error }] };
  }
}

function joined(families: readonly Families[]): Families {
  return {
    candidates: families.flatMap(({ candidates }) => candidates),
    broken: families.flatMap(({ broken }) => broken),
  };
}

function installedPackages(): PackageSource {
  const require = createRequire(import.meta.url);
  return {
    manifest: (name) => readManifest(require.resolve(`${name}/package.json`)),
    load: (specifier) => import(specifier) as Promise<{ benchmarks?: unknown }>,
  };
}

/**
 * The candidates with the given names, in that order; all of them for `all`.
 * @throws ArgumentError for an unknown name, with the list of those that exist
 */
export function selectCandidates(
  candidates: readonly Candidate[],
  names: readonly string[],
): readonly Candidate[] {
  const all = candidates.map(({ entry }) => entry.name);
  const wanted = new Set(names.flatMap((name) => (name === 'all' ? all : name)));
  return [...wanted].map((name) => {
    const candidate = candidates.find(({ entry }) => entry.name === name);
    if (candidate) return candidate;
    throw new ArgumentError({
      where: 'dgm-bench run',
      argument: '--models',
      expected: `to be one of ${['all', ...all].join(', ')}`,
      actual: JSON.stringify(name),
    });
  });
}

async function readManifest(file: string | URL): Promise<Manifest> {
  return JSON.parse(await readFile(file, 'utf8')) as Manifest;
}

function entriesOf(benchmarks: unknown, name: string): readonly BenchmarkEntry[] {
  const isEntry = (entry: Partial<BenchmarkEntry> | null | undefined) =>
    typeof entry?.name === 'string' && typeof entry.create === 'function';
  if (Array.isArray(benchmarks) && benchmarks.every(isEntry)) return benchmarks as BenchmarkEntry[];
  throw new ArgumentError({
    where: `${name}/benchmark`,
    argument: 'benchmarks',
    expected: 'to be an array of BenchmarkEntry',
    actual: Array.isArray(benchmarks) ? 'something else in the array' : typeof benchmarks,
  });
}
