/** Something that this program can make use of. */
export interface Check {
  readonly name: string;
  readonly works: boolean;
  /** What it is, or why it does not work. */
  readonly detail: string;
  /** What it is good for. */
  readonly purpose?: string;
  /** What makes it work. */
  readonly remedy?: string;
}

/** Up to three lines for each finding. */
export function describeChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, works, detail, purpose, remedy }) => [
      `${works ? '✓' : '✗'} ${name.padEnd(width)}  ${detail}`,
      ...(purpose === undefined ? [] : [`  ${' '.repeat(width)}  for ${purpose}`]),
      ...(works || remedy === undefined ? [] : [`  ${' '.repeat(width)}  to add it: ${remedy}`]),
    ])
    .join('\n');
}
