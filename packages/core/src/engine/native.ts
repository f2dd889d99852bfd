/**
 * Imports a package with native code that may be absent, present but broken, or fine.
 *
 * The specifier is a variable and the comments are there so that no bundler tries to resolve an optional package.
 * @throws Error - with a first line that says why it cannot be used
 */
export async function importNativePackage(specifier: string): Promise<void> {
  const restore = provideRemovedUtilities();
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
  } catch (error) {
    restore();
    throw isAbsent(error, specifier) ? new Error('not installed', { cause: error }) : error;
  }
}

const removedUtilities: Readonly<Record<string, (value: unknown) => boolean>> = {
  isArray: Array.isArray,
  isNullOrUndefined: (value) => value === null || value === undefined,
};

/**
 * tfjs-node 4.22 calls two functions of `node:util` that Node 23 has removed. Gives them back, and returns what undoes
 * that: nobody's `util` is changed for a package that does not load.
 */
function provideRemovedUtilities(): () => void {
  const utilities = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>;
  const added = Object.keys(removedUtilities).filter((name) => !(name in utilities));
  for (const name of added) utilities[name] = removedUtilities[name];
  return () => {
    for (const name of added) Reflect.deleteProperty(utilities, name);
  };
}

function isAbsent(error: unknown, specifier: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return notFound && message?.split('\n')[0]?.includes(`'${specifier}'`) === true;
}
