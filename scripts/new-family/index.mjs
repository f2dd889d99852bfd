// `npm run new:family NAME`: a package that trains, is tested, is benchmarked and is documented, to be changed into
// what it should become.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const template = fileURLToPath(new URL('./template', import.meta.url));

const words = (name) => name.split('-');
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const pascal = (name) => words(name).map(capital).join('');
const camel = (name) => pascal(name)[0].toLowerCase() + pascal(name).slice(1);
const sentence = (name) => capital(words(name).join(' '));

/** What stands for the name in the template, in every spelling that it has there. */
const spelled = (text, name) =>
  text
    .replaceAll('family-name', name)
    .replaceAll('FamilyName', pascal(name))
    .replaceAll('familyName', camel(name))
    .replaceAll('Family name', sentence(name));

/**
 * Writes the package `@dgm/<name>` into a repository and makes it known there.
 * @returns the files that it wrote or changed, from the root
 * @throws Error if the name is not one, or is taken; nothing has been written then
 */
export function newFamily(root, name) {
  const folder = path.join('packages', name);
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name)) {
    throw new Error(`A family's name is in kebab-case, like "energy" or "score-matching"; got "${name}".`);
  }
  if (existsSync(path.join(root, folder))) throw new Error(`${folder} exists already.`);
  cpSync(template, path.join(root, folder), { recursive: true });
  const written = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const named = path.join(entry.parentPath, spelled(entry.name, name));
      writeFileSync(file, spelled(readFileSync(file, 'utf8'), name));
      renameSync(file, named);
      return path.relative(root, named);
    });
  // Libraries hold no benchmark code: its recipe goes to the application.
  const recipe = path.join('apps/benchmark/src/recipes', `${name}.ts`);
  renameSync(path.join(root, folder, 'recipe.ts'), path.join(root, recipe));
  written.splice(written.indexOf(path.join(folder, 'recipe.ts')), 1, recipe);

  const manifest = manifestLike(readFileSync(path.join(root, 'packages/arm/package.json'), 'utf8'), name);
  writeFileSync(path.join(root, folder, 'package.json'), manifest);
  const changeset = path.join('.changeset', `new-${name}.md`);
  writeFileSync(
    path.join(root, changeset),
    `---\n'@dgm/${name}': minor\n---\n\nFirst release of @dgm/${name}.\n`,
  );

  const edit = (file, change) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`${file} has not the form that the generator knows.`);
    writeFileSync(path.join(root, file), changed);
    return file;
  };
  const edited = [
    edit('apps/benchmark/package.json', (text) =>
      text.replace('"@dgm/vae": "workspace:*"', `"@dgm/${name}": "workspace:*",\n    $&`),
    ),
    edit('README.md', (text) =>
      text.replace(
        /\| \[`@dgm\/priors`\][^\n]*\n/,
        `$&| [\`@dgm/${name}\`](packages/${name}) | ${sentence(name).toLowerCase()} |\n`,
      ),
    ),
  ];
  // It may import core and nothing else. Some edges are drawn before their package exists.
  const key = name.includes('-') ? `'${name}'` : name;
  if (!readFileSync(path.join(root, 'eslint.config.js'), 'utf8').includes(`\n  ${key}: [`)) {
    edited.push(
      edit('eslint.config.js', (text) =>
        text.replace('\n  testing: [', `\n  ${key}: ['core'],\n  testing: [`),
      ),
    );
  }
  return [...written, path.join(folder, 'package.json'), changeset, ...edited];
}

/** The manifest of a family that exists, so that a new one has the same scripts, entries and versions. */
function manifestLike(text, name) {
  const manifest = JSON.parse(
    text.replaceAll('@dgm/arm', `@dgm/${name}`).replaceAll('packages/arm', `packages/${name}`),
  );
  return JSON.stringify(
    {
      ...manifest,
      version: '0.0.0',
      description: `${sentence(name)} for TypeScript`,
      keywords: ['deep-generative-models', 'tensorflow.js', name],
      dependencies: { '@dgm/core': manifest.dependencies['@dgm/core'] },
      devDependencies: {
        '@dgm/config': 'workspace:*',
        '@dgm/data': 'workspace:*',
        '@tensorflow/tfjs-core': manifest.devDependencies['@tensorflow/tfjs-core'],
      },
    },
    undefined,
    2,
  );
}
