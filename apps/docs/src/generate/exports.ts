import { readFileSync } from 'node:fs';
import path from 'node:path';
import { libraries, repository } from '../folders';
import { exportGroups, slug } from './export-groups';

/** An export of a package, with what its comment says. */
export interface DocumentedExport {
  readonly package: string;
  readonly name: string;
  readonly kind: 'function' | 'class' | 'const' | 'interface' | 'type';
  /** The page of the reference and the anchor in it, below `/api/`. */
  readonly anchor: string;
  /** The comment without its stars; empty where there is none. */
  readonly comment: string;
  /** The first sentence of the comment, on one line. */
  readonly sentence: string;
  /** What `@see` names: the papers, with equations and sections. */
  readonly sources: readonly string[];
  /** The text of the file that declares it, and where the declaration starts in it. */
  readonly file: string;
  readonly start: number;
}

/** The exports of all libraries, in the order of their indexes. */
export function documentedExports(): readonly DocumentedExport[] {
  return libraries.flatMap((name) => {
    const sources = path.join(repository, 'packages', name, 'src');
    const groups = exportGroups(readFileSync(path.join(sources, 'index.ts'), 'utf8'), name);
    return groups.flatMap(({ title, statements }) =>
      statements.flatMap((statement) => {
        const [, names, from] = /\{([^}]*)\} from '([^']*)'/.exec(statement)!;
        const file = path.join(sources, `${from!}.ts`);
        return names!
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '')
          .map((each) => {
            const [declared, alias = declared] = each.split(' as ') as [string, string?];
            const found = describeExport(name, `${name}/${slug(title)}`, declared, file);
            return { ...found, name: alias, anchor: `${name}/${slug(title)}#${alias.toLowerCase()}` };
          });
      }),
    );
  });
}

function describeExport(owner: string, page: string, name: string, location: string): DocumentedExport {
  const file = readFileSync(location, 'utf8');
  const declaration = new RegExp(
    `^export (?:declare )?(?:async )?(?:abstract )?(function|class|const|interface|type)\\*? ${name}\\b`,
    'm',
  ).exec(file);
  if (declaration === null) {
    // The file passes on what another declares.
    const [, from] =
      new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']*)'`, 'm').exec(file) ?? [];
    if (from === undefined) throw new Error(`@dgm/${owner}: ${location} does not declare ${name}`);
    const next = from.startsWith('.')
      ? path.join(path.dirname(location), `${from}.ts`)
      : path.join(repository, 'packages', from.split('/')[1]!, 'src', 'index.ts');
    return describeExport(owner, page, name, next);
  }
  const before = file.slice(0, declaration.index);
  const [, raw = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before) ?? [];
  const comment = raw.replace(/^[ \t]*\* ?/gm, '').trim();
  return {
    package: owner,
    name,
    kind: declaration[1] as DocumentedExport['kind'],
    anchor: `${page}#${name.toLowerCase()}`,
    comment,
    sentence: firstSentence(comment),
    sources: [...comment.matchAll(/^@see ((?:(?!^@|^\s*$)[\s\S])*)/gm)].map(([, text]) => oneLine(text!)),
    file,
    start: declaration.index,
  };
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim();

/** Up to a full stop that a space and a capital, or the end of the paragraph, follow. */
function firstSentence(comment: string): string {
  const paragraph = oneLine(comment.split(/\n\s*\n|^@/m)[0]!);
  return /^.*?[.:](?=\s+[A-Z$`{]|$)/.exec(paragraph)?.[0] ?? paragraph;
}
