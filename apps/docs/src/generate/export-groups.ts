/** The exports of a package that stand below one comment of its index: they document one idea, on one page. */
export interface ExportGroup {
  /** The comment, for example `distributions`. */
  readonly title: string;
  /** The export statements, with paths relative to the index. */
  readonly statements: readonly string[];
}

/**
 * Reads the groups of exports of a package's `index.ts`, where a comment in a line of its own begins a group.
 * @param source - the text of the file
 * @param untitled - the title of exports before the first comment
 */
export function exportGroups(source: string, untitled: string): readonly ExportGroup[] {
  const groups = new Map<string, string[]>();
  let title = untitled;
  for (const [, comment, statement] of source.matchAll(/^\/\/ (.+)$|^(export [^;]+;)$/gm)) {
    if (comment !== undefined) title = comment;
    else groups.set(title, [...(groups.get(title) ?? []), statement!]);
  }
  return [...groups].map(([name, statements]) => ({ title: name, statements }));
}

/** The path of a group's page in its package: `restricted-boltzmann-machines`. */
export function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
