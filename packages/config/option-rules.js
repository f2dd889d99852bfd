/**
 * Reports `checkOptions(where, rest, names)` whose names are not those that stand beside `...rest`: from them the error of a
 * misspelt option suggests the closest.
 */
const knownOptions = {
  meta: { type: 'problem', fixable: 'code', schema: [] },
  create(context) {
    const { sourceCode } = context;
    return {
      "CallExpression[callee.name='checkOptions'][arguments.length=3]"(node) {
        const [, options, known] = node.arguments;
        const taken = options.type === 'Identifier' && namesBeside(options, sourceCode.getScope(node));
        if (!taken || known.type !== 'ArrayExpression') return;
        const listed = known.elements.map(({ value }) => value);
        if (listed.includes(undefined)) return; // names of several functions, spread
        if (listed.length === taken.length && taken.every((name) => listed.includes(name))) return;
        const names = taken.map((name) => `'${name}'`).join(', ');
        context.report({
          node: known,
          message: `The options that are known here are ${names || 'none'}.`,
          fix: (fixer) => fixer.replaceText(known, `[${names}]`),
        });
      },
    };
  },
};

export const optionRules = { rules: { 'known-options': knownOptions } };

/**
 * The names that an object pattern takes out before its rest element, if a variable is one that nothing else reads: a rest
 * that is passed on has options that are known as well.
 */
function namesBeside({ name }, scope) {
  for (let current = scope; current !== null; current = current.upper) {
    const variable = current.set.get(name);
    if (variable === undefined) continue;
    const rest = variable.identifiers[0]?.parent;
    if (rest?.type !== 'RestElement' || rest.parent.type !== 'ObjectPattern') return undefined;
    if (variable.references.filter((reference) => reference.isRead()).length > 1) return undefined;
    return rest.parent.properties.filter((part) => part !== rest).map(({ key }) => key.name);
  }
  return undefined;
}
