import type { ESLint } from 'eslint';

export const importRules: ESLint.Plugin;
