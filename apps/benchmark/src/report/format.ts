import type { LikelihoodKind, Score } from '../results/schema';

/** What stands where there is no number. */
export const NOTHING = '–';

/** A number with a fixed count of decimals and a thin space between thousands. */
export function decimal(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined) return NOTHING;
  const [whole, fraction] = value.toFixed(digits).split('.') as [string, string?];
  const grouped = whole.replace('-', '−').replace(/\B(?=(\d{3})+$)/g, '\u2009');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `≤ 96.60 ± 0.52`: the sign says that a bound was measured, and that the truth is at most that. */
export function score(value: Score | null | undefined): string {
  if (!value || value.nats === null) return NOTHING;
  const bound = value.kind === 'lower-bound' ? '≤ ' : '';
  return `${bound}${decimal(value.nats, 2)}${margin(value.standardError)}`;
}

/** `97.38 ± 0.21`: a mean, and the standard deviation of what it is the mean of. */
export function meanWithDeviation(mean: number | null, deviation: number | null): string {
  return `${decimal(mean, 2)}${margin(deviation)}`;
}

/** ` ± 0.52`, with as many decimals as it needs to be seen; nothing for a number without noise. */
function margin(standardError: number | null): string {
  if (!standardError) return '';
  return ` ± ${decimal(standardError, standardError < 0.01 ? 3 : 2)}`;
}

/** The kind of a likelihood, in words. */
export const kindLabels: Readonly<Record<LikelihoodKind, string>> = {
  exact: 'exact',
  'lower-bound': 'bound (ELBO)',
  'importance-sampled': 'importance-sampled',
  estimate: 'estimate',
};

/** `0.4 s`, `12 s`, `3 min 20 s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return NOTHING;
  if (seconds < 0.1) return `${decimal(seconds * 1000, 1)} ms`;
  if (seconds < 10) return `${decimal(seconds, 1)} s`;
  if (seconds < 60) return `${decimal(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** An error in one line: its kind and its message. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
}

/**
 * Lines of cells as lines of text, with a rule below the first one.
 * @param isText - whether a column begins at its left
 */
export function alignedText(
  lines: readonly (readonly string[])[],
  isText: (column: number) => boolean,
): readonly string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const [header, ...rows] = lines.map((line) =>
    line
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return [header!, widths.map((width) => '─'.repeat(width)).join('  '), ...rows];
}
