import { UnsupportedError } from '@dgm/core';

interface NodeModules {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
}

/**
 * A module of Node, asked for at run time: a bundle for a page neither contains one nor fails to build.
 * @throws UnsupportedError where there is no Node
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name, where: string): NodeModules[Name] {
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process;
  const loaded = host?.getBuiltinModule?.(name);
  if (loaded === undefined) {
    throw new UnsupportedError({
      where,
      expected: 'to run in Node 20.16 or later, where there are files',
      actual: 'a platform without them',
      remedy: 'fetch the bytes yourself and use the function that parses them, or use glyphs()',
    });
  }
  return loaded as NodeModules[Name];
}

/** Tells of something that is no error, on the process's `warning` event: Node prints it. */
export function warn(message: string): void {
  const host = (globalThis as { process?: { emitWarning?: (message: string, type: string) => void } })
    .process;
  host?.emitWarning?.(message, 'DgmWarning');
}

/** A variable of the process's environment; undefined in a page. */
export function environment(name: string): string | undefined {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return host?.env?.[name];
}
