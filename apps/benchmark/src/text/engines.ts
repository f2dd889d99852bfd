import { compiled } from '@dgm/compile';
import { eager, type Engine } from '@dgm/core';

/** What can train a character model. */
export const engines = { compiled, eager } as const satisfies Readonly<Record<string, () => Engine>>;

export type EngineName = keyof typeof engines;
