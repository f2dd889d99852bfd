import { readFile } from 'node:fs/promises';
import ts from 'typescript';

/**
 * An esbuild plugin that lets a bundler leave out the constants of a module that nobody reads.
 *
 * `"sideEffects": false` promises that for whole files, but a package is published as one file. There a bundler keeps
 * `const elu = elementwise(...)` and `const parts = { ...origin, Dense }`, with all that they name, unless they are marked.
 */
export const pureConstants = {
  name: 'pure-constants',
  setup(build) {
    build.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path }) => ({
      contents: markPure(path, await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

/** The text of a module in which each constant that is computed is the value of a call that is marked as pure. */
export function markPure(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const computed = source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap(({ declarationList }) => (isConst(declarationList) ? declarationList.declarations : []))
    .map(({ initializer }) => initializer)
    .filter((initializer) => initializer !== undefined && isComputed(initializer));
  return computed.reduceRight((all, initializer) => {
    const [start, end] = [initializer.getStart(source), initializer.end];
    return `${all.slice(0, start)}/* @__PURE__ */ (() => (${all.slice(start, end)}))()${all.slice(end)}`;
  }, text);
}

const isConst = ({ flags }) => (flags & ts.NodeFlags.Const) !== 0;

/** Whether evaluating an expression may do more than make a value, as far as a bundler can tell. */
function isComputed(node) {
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isTypeNode(node)) return false;
  const mayHaveEffects =
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isSpreadAssignment(node);
  return mayHaveEffects || ts.forEachChild(node, (child) => isComputed(child) || undefined) === true;
}
