import { documentedExports } from './exports';
import type { DocumentedExport } from './exports';

/**
 * What makes something: the classes of layers, distributions and bijectors, and the functions whose results can do things, or
 * that promise such results. These are instances of classes, have methods or are functions themselves, as a layer, an objective or a
 * schedule; numbers, tensors and records of results are not.
 */
export function factories(): readonly DocumentedExport[] {
  const exports = documentedExports();
  const types = new Map(exports.filter(isType).map((each) => [each.name, each]));
  return exports.filter((each) => {
    if (each.kind === 'class') return isMadeByNew(each);
    const result = resultOf(each);
    return result !== undefined && (result.startsWith('(') || acts(result, types));
  });
}

const isType = ({ kind }: DocumentedExport): boolean => /^(class|interface|type)$/.test(kind);

/** Whether a class of layers, distributions or bijectors can be made; a base of such classes cannot. */
function isMadeByNew({ file, start }: DocumentedExport): boolean {
  const [declaration] = /^export class [^{]*/.exec(file.slice(start)) ?? [];
  return /extends (Base\w*(Layer|Cell|Distribution|Bijector)|LocationScale)\b|implements Bijector\b/.test(
    declaration ?? '',
  );
}

/** The first name of the type that a function returns or promises, `Layer` of `Layer & { ... }`, or the start of a function type. */
function resultOf({ kind, file, start }: DocumentedExport): string | undefined {
  if (kind !== 'function' && kind !== 'const') return undefined;
  const declaration = file.slice(start);
  if (kind === 'const' && !/^[^\n]*= (async )?\(/.test(declaration)) return undefined;
  const end = endOfParameters(declaration);
  return /^\s*:\s*(?:Promise<)?(\w+|\()(?![^\n]*(?:\[\]|\| undefined))/.exec(declaration.slice(end))?.[1];
}

/** Where the list of parameters ends, which may hold objects, functions and defaults. */
function endOfParameters(declaration: string): number {
  let depth = 0;
  for (let at = declaration.indexOf('('); at < declaration.length; at++) {
    if (declaration[at] === '(') depth++;
    if (declaration[at] === ')' && --depth === 0) return at + 1;
  }
  return declaration.length;
}

/** Whether things of an exported type have methods or are functions. */
function acts(name: string, types: ReadonlyMap<string, DocumentedExport>): boolean {
  const type = types.get(name);
  if (type === undefined) return false;
  if (type.kind === 'class') return true;
  const declaration = type.file.slice(type.start);
  if (type.kind === 'type') {
    const [, of = ''] = /^[^=]*=([^;]*);/.exec(declaration) ?? [];
    return of.includes('=>') || (of.match(/\w+/g) ?? []).some((each) => each !== name && acts(each, types));
  }
  const [, head = '', body = ''] = /^([^{]*)\{([\s\S]*?)^\}/m.exec(declaration) ?? [];
  const hasMethod = /^ {2}(readonly )?\w+\??(<[^>]*>)?\(|^ {2}(readonly )?\w+\??: \([^)]*\) =>/m.test(body);
  return hasMethod || (head.split('extends')[1]?.match(/\w+/g) ?? []).some((each) => acts(each, types));
}
