import { ArgumentError } from '@dgm/core';
import type { Given, GivenValue } from '@dgm/tables';

/** Conditions as they are written on the command line: `cut=Ideal`, `cut=Fair|Good`, `price=500..900`, `age=`. */
export function parseGiven(conditions: readonly string[]): Given {
  return Object.fromEntries(conditions.map(parseCondition));
}

function parseCondition(text: string): [string, GivenValue] {
  const at = text.indexOf('=');
  if (at <= 0) {
    throw new ArgumentError({
      where: 'dgm sample',
      argument: '--given',
      expected: 'to be conditions such as cut=Ideal',
      actual: `"${text}"`,
    });
  }
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (value === '') return [name, null];
  const range = /^(.*?)\.\.(.*)$/.exec(value);
  if (range) {
    const [, min, max] = range;
    return [name, { ...(min !== '' && { min: min! }), ...(max !== '' && { max: max! }) }];
  }
  return [name, value.includes('|') ? value.split('|') : value];
}
