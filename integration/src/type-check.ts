import { write } from './consumer';
import { tsc } from './run';

export const moduleResolutions = ['nodenext', 'bundler'] as const;

/** Compiles a program as a strict project would, in every module system that the resolution has; throws what tsc prints. */
export function typeCheck(
  project: string,
  moduleResolution: (typeof moduleResolutions)[number],
  program: string,
): string {
  const files = moduleResolution === 'nodenext' ? ['types.mts', 'types.cts'] : ['types.ts'];
  for (const file of files) write(project, file, program);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    target: 'es2022',
    lib: ['es2022', 'dom'],
    module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution,
  };
  const configuration = `tsconfig.${moduleResolution}.json`;
  write(project, configuration, JSON.stringify({ compilerOptions, files }));
  return tsc(project, '-p', configuration);
}
