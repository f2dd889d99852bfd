import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { importRules } from './packages/config/import-rules.js';
import { optionRules } from './packages/config/option-rules.js';

/**
 * Which @dgm packages the source of each package may import: the edges of docs/adr/0001-packages-and-edges.md.
 * Everything may import core; a family imports no other family, but for the flows that serve as posteriors.
 */
const edges = {
  core: ['core'], // `core/node` imports its own main entry, so that both share one copy
  compile: ['core'],
  data: ['core'],
  arm: ['core'],
  flows: ['core'],
  vae: ['core', 'flows'],
  priors: ['core'],
  diffusion: ['core'],
  hybrid: ['core', 'flows'],
  ebm: ['core'],
  gan: ['core'],
  compress: ['core', 'compile', 'data'],
  tables: ['core', 'data', 'vae', 'flows', 'diffusion'],
  cli: ['core', 'compile', 'compress', 'data', 'tables', 'vae', 'flows', 'diffusion'],
  testing: ['core'],
};

const deepImports = {
  regex: '^@dgm/[^/]+/(src|dist|test)(/|$)',
  message: 'Import a package by its public entry, never from inside.',
};
const chainedOps = {
  name: '@tensorflow/tfjs',
  message: 'Use @tensorflow/tfjs-core: the union package brings chained ops and every backend.',
};

const edgeRules = Object.entries(edges).map(([name, allowed]) => ({
  files: [`packages/${name}/src/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: [chainedOps],
        patterns: [
          deepImports,
          {
            regex: `^@dgm/(?!(${[...allowed, 'none'].join('|')})(/|$))`,
            message: `@dgm/${name} may import ${allowed.map((other) => `@dgm/${other}`).join(' and ') || 'no other package'}.`,
          },
        ],
      },
    ],
  },
}));

const randomOps = [
  'randomNormal',
  'randomUniform',
  'randomUniformInt',
  'randomStandardNormal',
  'randomGamma',
  'truncatedNormal',
  'multinomial',
  'rand',
  'dropout',
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/.declarations/**',
      '**/node_modules/**',
      '**/src/generated/**',
      '**/.turbo/**',
      '**/.program-*/**',
      '**/.test-results/**',
      // A build writes it and removes it again.
      '**/tsup.config.bundled_*',
      '**/.vitepress/cache/**',
      'out/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strict, ...tseslint.configs.stylistic],
    rules: {
      // Named types read better in signatures; `type` and `interface` both have their place.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Array access is checked by the compiler (noUncheckedIndexedAccess); `!` marks the places where the bound is known.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-function': 'off',
      // Model files record what the caller passed, before defaults and destructuring: that is `arguments`.
      'prefer-rest-params': 'off',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      'no-restricted-imports': ['error', { paths: [chainedOps], patterns: [deepImports] }],
    },
  },
  ...edgeRules,
  {
    files: ['{packages,apps}/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    plugins: { imports: importRules, options: optionRules },
    rules: { 'imports/no-import-cycle': 'error', 'options/known-options': 'error' },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'imports/core-layers': 'error' },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts', 'packages/testing/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Draw from a Key.' },
        ...randomOps.map((property) => ({
          object: 'tf',
          property,
          message: 'Draw from a Key: tfjs ignores seed 0 and has a generator per backend.',
        })),
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
  },
);
