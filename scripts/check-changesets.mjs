// What a pull request must say about itself: `node scripts/check-changesets.mjs [base]` (base: origin/main).
// A package whose published files changed is named in a changeset that came with the change; a golden value that changed
// is told under "Numerics:", a format under "Format:", and neither is a mere patch.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const BUMPS = ['patch', 'minor', 'major'];

/** @returns what is missing, one sentence each */
export function missingChangesets(root, base) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const changes = git('diff', '--no-renames', '--name-status', `${base}...HEAD`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ kind: line[0], file: line.slice(2) }));
  const changesets = changes
    .filter(({ kind, file }) => kind !== 'D' && /^\.changeset\/(?!README).*\.md$/.test(file))
    .map(({ file }) => readChangeset(path.join(root, file), file));
  const problems = changesets.flatMap(({ problem }) => problem ?? []);

  /** Whether a changeset names the package, with at least this bump and, where one is wanted, under this head. */
  const says = (name, atLeast, head) =>
    changesets.some(
      ({ bumps, summary }) =>
        BUMPS.indexOf(bumps.get(name)) >= BUMPS.indexOf(atLeast) &&
        (head === undefined || summary.startsWith(head)),
    );

  for (const { name, folder } of publishedPackages(root, changes)) {
    const inside = changes
      .filter(({ file }) => file.startsWith(`${folder}/`))
      .map((change) => ({ ...change, file: change.file.slice(folder.length + 1) }));
    if (inside.some(({ file }) => isPublished(file)) && !says(name, 'patch')) {
      problems.push(`${name} changed and no changeset names it: npx changeset`);
    }
    const golden = inside.find(({ kind, file }) => kind === 'M' && /^test\/golden\/.*\.json$/.test(file));
    if (golden !== undefined && !says(name, 'minor', 'Numerics:')) {
      problems.push(
        `${folder}/${golden.file} has other values: a changeset of ${name} has to begin with "Numerics:" and be at least minor`,
      );
    }
    const formats = inside
      .filter(({ file }) => file.startsWith('src/') && isPublished(file))
      .some(({ file }) =>
        /^[+-]\s*(export )?const (FORMAT|VERSION)\b/m.test(
          git('diff', `${base}...HEAD`, '--', `${folder}/${file}`),
        ),
      );
    const isNew = inside.some(({ kind, file }) => kind === 'A' && file === 'package.json');
    if (formats && !isNew && !says(name, 'minor', 'Format:')) {
      problems.push(
        `${name} writes another format: a changeset has to begin with "Format:" and be at least minor`,
      );
    }
  }
  return problems;
}

const isPublished = (file) =>
  (file.startsWith('src/') && !file.endsWith('.test.ts')) || file === 'package.json' || file === 'README.md';

function publishedPackages(root, changes) {
  const folders = new Set(
    changes.map(({ file }) => /^packages\/[^/]+/.exec(file)?.[0]).filter((folder) => folder !== undefined),
  );
  return [...folders]
    .map((folder) => ({ folder, manifest: path.join(root, folder, 'package.json') }))
    .filter(({ manifest }) => existsSync(manifest))
    .map(({ folder, manifest }) => ({ folder, ...JSON.parse(readFileSync(manifest, 'utf8')) }))
    .filter((manifest) => manifest.private !== true);
}

function readChangeset(file, shown) {
  const [, head = '', body = ''] = /^---\n(.*?)\n?---\n(.*)$/s.exec(readFileSync(file, 'utf8')) ?? [];
  const bumps = new Map(
    [...head.matchAll(/^['"]?([^'":]+)['"]?:\s*(\w+)$/gm)].map(([, name, bump]) => [name, bump]),
  );
  const summary = body.trim();
  const isGrave = /^(Numerics|Format):/.test(summary);
  const problem =
    isGrave && [...bumps.values()].includes('patch')
      ? `${shown} begins with "${summary.split(':')[0]}:" and so cannot be a patch`
      : undefined;
  return { bumps, summary, problem };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = missingChangesets(process.cwd(), process.argv[2] ?? 'origin/main');
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
