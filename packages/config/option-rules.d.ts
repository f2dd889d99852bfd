import type { ESLint } from 'eslint';

export const optionRules: ESLint.Plugin;
