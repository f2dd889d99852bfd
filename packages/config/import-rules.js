import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';

/**
 * The folders of core's source from the bottom to the top: a file may import from its own layer and from those before it.
 * An entry may be a file's path without its ending, where one file lies lower than its folder.
 */
const CORE_LAYERS = [
  'errors',
  'shape',
  'check',
  'construction',
  'engine',
  'random',
  'ops',
  'model',
  'nn',
  'ode',
  'distributions/parameters',
  'bijectors',
  'distributions',
  'mcmc',
  'metrics',
  'checkpoint',
  'train',
  'model-file',
  'node',
];

/** The layer of a path below `src`, by the longest entry that it begins with. */
function layerOf(path) {
  const fits = (layer) => path === layer || path.startsWith(`${layer}/`);
  const [longest] = CORE_LAYERS.filter(fits).sort((a, b) => b.length - a.length);
  return longest;
}

/** Reports imports from a lower layer of core to a higher one. */
const coreLayers = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const [root, path] = splitAtSource(context.filename);
    const own = path === undefined ? undefined : layerOf(path);
    if (own === undefined) return {};
    return onImports((node) => {
      const target = relative(root, resolve(dirname(context.filename), node.source.value)).replaceAll(
        sep,
        '/',
      );
      const other = layerOf(target);
      if (other === undefined || CORE_LAYERS.indexOf(other) <= CORE_LAYERS.indexOf(own)) return;
      context.report({
        node,
        message: `core/${own} lies below core/${other} and may not import from it (packages/config/import-rules.js).`,
      });
    });
  },
};

/** Reports imports, of types too, that lead back to the file they are in. */
const noImportCycle = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    return onImports((node) => {
      const start = fileOf(context.filename, node.source.value);
      const path = start && pathBetween(start, context.filename);
      if (!path) return;
      const names = path.map((file) => relative(dirname(context.filename), file)).join(' -> ');
      context.report({ node, message: `This import is part of a circle: ${names}.` });
    });
  },
};

export const importRules = { rules: { 'core-layers': coreLayers, 'no-import-cycle': noImportCycle } };

function onImports(check) {
  const visit = (node) => {
    if (node.source?.value.startsWith('.')) check(node);
  };
  return { ImportDeclaration: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit };
}

/** The `src` folder that a file lies in, and its path below without the ending. */
function splitAtSource(filename) {
  const at = filename.lastIndexOf(`${sep}src${sep}`);
  if (at < 0) return [undefined, undefined];
  const root = filename.slice(0, at + 4);
  return [root, relative(root, filename).replaceAll(sep, '/').replace(/\.ts$/, '')];
}

/** The shortest way along imports from one file to another, or undefined. */
function pathBetween(start, end) {
  const from = new Map([[start, undefined]]);
  const queue = [start];
  for (const file of queue) {
    if (file === end) {
      const path = [];
      for (let step = file; step !== undefined; step = from.get(step)) path.unshift(step);
      return path;
    }
    for (const next of importsOf(file)) {
      if (from.has(next)) continue;
      from.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

const known = new Map();

/** The files that a file imports from. */
function importsOf(file) {
  if (!known.has(file)) {
    const statements = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\s+(?:[^'";]*?\s+from\s+)?'(\.[^']+)'/gm,
    );
    const targets = [...statements].map(([, source]) => fileOf(file, source));
    known.set(
      file,
      targets.filter((target) => target !== undefined),
    );
  }
  return known.get(file);
}

function fileOf(importer, source) {
  const path = resolve(dirname(importer), source);
  return [`${path}.ts`, path].find((candidate) => candidate.endsWith('.ts') && existsSync(candidate));
}
