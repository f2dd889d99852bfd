import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';
import type { DeclarationReflection, ProjectReflection } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { app, libraries, repository, site } from '../folders';
import { sourceUrl } from '../source-url';
import { exportGroups, slug } from './export-groups';

/** A page of the reference: a group of exports of one entry point. */
export interface ReferencePage {
  readonly package: string;
  readonly title: string;
  /** The page's path below `api/`, without extension. */
  readonly path: string;
}

interface Entry extends ReferencePage {
  /** The module that has just the exports of the group. */
  readonly source: string;
}

/** Pages of the reference in the order of the indexes that they are made of. */
export function referencePages(): readonly ReferencePage[] {
  return entries().map(({ package: name, title, path: pagePath }) => ({
    package: name,
    title,
    path: pagePath,
  }));
}

function entries(): readonly Entry[] {
  return libraries.flatMap((name) => {
    const sources = path.join(repository, 'packages', name, 'src');
    const groups = exportGroups(readFileSync(path.join(sources, 'index.ts'), 'utf8'), name);
    const all = groups.map(({ title, statements }) => ({
      title,
      statements,
      path: `${name}/${slug(title)}`,
    }));
    if (name === 'core') {
      const node = exportGroups(readFileSync(path.join(sources, 'node.ts'), 'utf8'), 'node');
      all.push({
        title: 'Node: @dgm/core/node',
        statements: node.flatMap((group) => group.statements),
        path: 'core/node',
      });
    }
    return all.map(({ title, statements, path: pagePath }) => ({
      package: name,
      title: title[0]!.toUpperCase() + title.slice(1),
      path: pagePath,
      source: statements
        .map((statement) =>
          statement.replace(
            /'(\.[^']*)'/,
            (_, file: string) => `'${path.join(sources, file).split(path.sep).join('/')}'`,
          ),
        )
        .join('\n'),
    }));
  });
}

/**
 * Writes the API reference as Markdown, a page for each group of exports.
 * @throws where TypeDoc warns: a link to what does not exist, a parameter that is not there
 */
export async function writeReference(): Promise<void> {
  const modules = path.join(app, 'node_modules', '.reference');
  const out = path.join(site, 'api');
  const pages = entries();
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: writeModules(modules, pages),
    tsconfig: path.join(modules, 'tsconfig.json'),
    basePath: repository,
    readme: 'none',
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    skipErrorChecking: true,
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
    // A comment may name what its package keeps to itself: that is shown without a link.
    externalSymbolLinkMappings: Object.fromEntries(libraries.map((name) => [`@dgm/${name}`, { '*': '#' }])),
    disableGit: true,
    gitRevision: 'main',
    sourceLinkTemplate: `${sourceUrl}/blob/main/{path}#L{line}`,
    logLevel: 'Warn',
    out,
    ...({
      outputFileStrategy: 'modules',
      hidePageHeader: true,
      hideBreadcrumbs: true,
      hideGroupHeadings: true,
      useCodeBlocks: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      propertyMembersFormat: 'table',
      tableColumnSettings: {
        hideSources: true,
        hideModifiers: true,
        hideInherited: true,
        hideOverrides: true,
        leftAlignHeaders: true,
      },
      sanitizeComments: true,
      useHTMLEncodedBrackets: true,
    } satisfies Partial<PluginOptions>),
  } as Parameters<typeof Application.bootstrapWithPlugins>[0]);
  const exported = exportedNames(pages);
  application.converter.addUnknownSymbolResolver(({ symbolReference }) => {
    const [name, ...members] = symbolReference?.path?.map((component) => component.path) ?? [];
    const page = name === undefined ? undefined : exported.get(name);
    return page === undefined ? undefined : `/api/${page}#${(members.at(-1) ?? name)!.toLowerCase()}`;
  });
  // Before TypeDoc sorts the members of classes into groups, and after it knows which are inherited.
  application.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => keepOwnMembers(project), -50);
  const project = await application.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the sources');
  sayWhoseOptions(project);
  const formulas = new Formulas();
  formulas.takeFrom(project);
  application.validate(project);
  rmSync(out, { recursive: true, force: true });
  await application.generateOutputs(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings())
    throw new Error('TypeDoc has complaints: mend the comments that they name');
  for (const page of pages) finishPage(path.join(out, `${page.path}.md`), page, formulas);
  correctAnchors(out, pages);
  rmSync(path.join(out, 'README.md'));
  writeFileSync(path.join(out, 'index.md'), indexPage(pages));
}

/** The page of all pages, with the names that each documents. */
function indexPage(pages: readonly Entry[]): string {
  const sections = libraries.map((name) => {
    const rows = pages
      .filter((page) => page.package === name)
      .map((page) => {
        const names = [...exportedNames([page]).keys()].map((export_) => `\`${export_}\``);
        return `- [**${page.title}**](./${page.path}): ${names.join(', ')}`;
      });
    return `## @dgm/${name}\n\n${rows.join('\n')}`;
  });
  return `${frontMatter('API reference')}# API reference\n\n${sections.join('\n\n')}\n`;
}

/** The page of each export: comments name exports of other packages that their file does not import. */
function exportedNames(pages: readonly Entry[]): ReadonlyMap<string, string> {
  return new Map(
    pages.flatMap(({ source, path: pagePath }) =>
      [...source.matchAll(/\{([^}]*)\}/g)].flatMap(([, names]) =>
        names!.split(',').flatMap((name) => (name.trim() === '' ? [] : [[name.trim(), pagePath] as const])),
      ),
    ),
  );
}

/** Writes a module for each page, with a configuration for TypeScript, and gives their paths. */
function writeModules(folder: string, pages: readonly Entry[]): string[] {
  rmSync(folder, { recursive: true, force: true });
  const files = pages.map((page) => {
    const file = path.join(folder, `${page.path}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `/**\n * @module ${page.path}\n */\n${page.source}\n`);
    return file;
  });
  const compilerOptions = {
    lib: ['ES2022', 'DOM', 'DOM.AsyncIterable'],
    typeRoots: [path.join(repository, 'node_modules', '@types')],
  };
  const tsconfig = { extends: path.join(repository, 'tsconfig.json'), compilerOptions, include: ['**/*.ts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  return files;
}

/** What a class only inherits is documented at its base, which the page links to; options are shown with all that they take. */
function keepOwnMembers(project: ProjectReflection): void {
  for (const owner of project.getReflectionsByKind(ReflectionKind.ClassOrInterface)) {
    const members = (owner as DeclarationReflection).children ?? [];
    for (const member of [...members]) {
      const isOption = owner.kind === ReflectionKind.Interface && member.kind === ReflectionKind.Property;
      const isInherited = member.inheritedFrom !== undefined && !isOption;
      if (isInherited || member.name.startsWith('[')) project.removeReflection(member);
    }
  }
}

/** The interface `VaeOptions` without a comment has the options of `vae`. */
function sayWhoseOptions(project: ProjectReflection): void {
  for (const options of project.getReflectionsByKind(ReflectionKind.Interface | ReflectionKind.TypeAlias)) {
    const [, stem] = /^(\w+)Options$/.exec(options.name) ?? [];
    if (stem === undefined || options.hasComment()) continue;
    const taker = options.parent?.kindOf(ReflectionKind.SomeModule)
      ? (options.parent as DeclarationReflection).children?.find(
          ({ name }) => name !== options.name && name.toLowerCase() === stem.toLowerCase(),
        )
      : undefined;
    const text = `Options of \`${taker?.name ?? stem}\`.`;
    options.comment = new Comment([{ kind: 'text', text }]);
  }
}

/** Formulas of comments, which stand in the pages as words while TypeDoc escapes what Markdown might read in them. */
class Formulas {
  readonly #sources: string[] = [];

  takeFrom(project: ProjectReflection): void {
    for (const reflection of Object.values(project.reflections)) {
      const { comment } = reflection;
      if (comment === undefined) continue;
      for (const part of [...comment.summary, ...comment.blockTags.flatMap(({ content }) => content)]) {
        if (part.kind === 'text') part.text = part.text.replace(formula, (source) => this.#take(source));
      }
    }
  }

  /** Puts the formulas back. `|` is spelt out, as it would end a cell of a table. */
  restore(markdown: string): string {
    return markdown.replace(/FORMULA(\d+)X/g, (_, index: string) => {
      const source = this.#sources[Number(index)]!;
      return source
        .replaceAll('\\|', '\\Vert ')
        .replaceAll('|', '\\vert ')
        .replace(/\s*\n\s*/g, ' ');
    });
  }

  #take(source: string): string {
    return `FORMULA${this.#sources.push(source) - 1}X`;
  }
}

const formula = /\$\$[^$]+\$\$|\$[^\s$](?:[^$]*[^\s$])?\$/g;

function finishPage(file: string, page: ReferencePage, formulas: Formulas): void {
  const text = formulas
    .restore(readFileSync(file, 'utf8'))
    .replace(/^# .*\n/, '')
    .replace(/^\*\*\*\n\n/gm, '')
    .replace(/^Defined in: \[[^\]]*\]\((.*\/blob\/main\/)(?:\.\.\/)*([^)]*)\)$/gm, '[Source]($1$2)')
    .replace(/^#+ (?:Implementation of|Overrides|Inherited from)\n\n.*\n\n/gm, '')
    .trim();
  const title = `${page.title} · @dgm/${page.package}`;
  const intro = `Exports of [\`@dgm/${page.package}\`](/packages/${page.package}).`;
  writeFileSync(file, `${frontMatter(title)}# ${page.title}\n\n${intro}\n\n${text}\n`);
}

/**
 * TypeDoc and VitePress number headings of the same name in other ways. Where a page has only one, its anchor has no number; VitePress
 * has hyphens for underscores.
 */
function correctAnchors(out: string, pages: readonly ReferencePage[]): void {
  const files = pages.map((page) => path.join(out, `${page.path}.md`));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const anchors = new Map(
    [...texts].map(([file, text]) => [
      file,
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!.replace(/\(.*\)$/, ''))),
    ]),
  );
  for (const [file, text] of texts) {
    const corrected = text.replace(
      /\]\(([^)#\s]*)#([a-z][\w-]*?)(-\d+)?\)/g,
      (link, target: string, name: string, count?: string) => {
        const to = target === '' ? file : path.resolve(path.dirname(file), target);
        const known = anchors.get(to);
        if (known === undefined || name.startsWith('property-')) return link;
        const anchor = name.replaceAll('_', '-');
        const isOnly = known.filter((heading) => heading === anchor).length === 1;
        return `](${target}#${anchor}${count !== undefined && isOnly ? '' : (count ?? '')})`;
      },
    );
    if (corrected !== text) writeFileSync(file, corrected);
  }
}

const frontMatter = (title: string): string =>
  `---\ntitle: ${JSON.stringify(title)}\noutline: 2\neditLink: false\n---\n\n`;
