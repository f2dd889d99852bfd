// Lint, types and what is published, each by one process for many packages: a linter, a compiler or a check of declarations takes
// longer to start than to go through most of them.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

/**
 * The packages that turbo's filters among the arguments choose, all without one.
 * @returns {{ folder: string, scripts: Record<string, string> }[]}
 */
export function chosenPackages(args) {
  const filters = args.filter(
    (arg, index) => /^(--filter|-F|--affected)/.test(arg) || /^(--filter|-F)$/.test(args[index - 1]),
  );
  const listing = execFileSync('turbo', ['ls', '--output=json', ...filters], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  return JSON.parse(listing).packages.items.map(({ path: folder }) => ({
    folder: folder.replaceAll('\\', '/'),
    scripts: read(`${folder}/package.json`).scripts ?? {},
  }));
}

/** The folders of the packages that have a script of this name. */
const foldersWith = (script, packages) =>
  packages.filter(({ scripts }) => scripts[script] !== undefined).map(({ folder }) => folder);

/** Runs a program of Node from the root, prints what it says, and gives that with whether it has failed. */
function captured(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: root });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ output, failed: status !== 0 }));
  });
}

/**
 * One program over folders, as a check of each.
 * @returns {Promise<{ id: string, failed: boolean }[]>} failed are the folders that the program names, or all if it names none
 */
async function checkTogether(name, folders, program, args) {
  if (folders.length === 0) return [];
  const { output, failed } = await captured(program, args);
  const named = folders.filter((folder) => new RegExp(`(^|[^\\w-])${folder}/`, 'm').test(output));
  const atFault = named.length > 0 ? named : folders;
  return folders.map((folder) => ({
    id: `${folder}#${name}`,
    failed: failed && atFault.includes(folder),
  }));
}

export function lint(packages) {
  const folders = foldersWith('lint', packages);
  return checkTogether('lint', folders, path.join(root, 'node_modules/eslint/bin/eslint.js'), folders);
}

/** Packages whose compiler options are the same are one program, in which the sources that they share are checked once. */
export async function checkTypes(packages) {
  const programs = new Map();
  for (const folder of foldersWith('typecheck', packages)) {
    const { include, ...settings } = read(`${folder}/tsconfig.json`);
    const key = JSON.stringify([path.resolve(root, folder, settings.extends), settings]);
    if (!programs.has(key)) programs.set(key, { settings, folders: [], include: [] });
    const program = programs.get(key);
    program.folders.push(folder);
    program.include.push(...include.map((each) => path.join(root, folder, each)));
  }
  const compiler = path.join(root, 'packages/config/bin/tsc7.js');
  const results = [];
  for (const { settings, folders, include } of programs.values()) {
    // Its paths lead from the folder of a package.
    const configuration = path.join(root, folders[0], `.types-${process.pid}.json`);
    writeFileSync(configuration, JSON.stringify({ ...settings, include }));
    try {
      const args = ['-p', configuration, '--pretty', 'false'];
      results.push(...(await checkTogether('typecheck', folders, compiler, args)));
    } finally {
      rmSync(configuration);
    }
  }
  return results;
}

export function checkPublished(packages) {
  const folders = foldersWith('check:package', packages);
  return checkTogether(
    'check:package',
    folders,
    path.join(root, 'packages/config/bin/check-package.js'),
    folders,
  );
}
