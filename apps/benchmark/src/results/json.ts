/**
 * The text of a JSON file of results: indented, with each point of a curve on a line of its own.
 * JSON has no NaN and no infinity: a number that is not finite becomes null.
 */
export function stringifyResults(results: object): string {
  const indented = JSON.stringify(results, null, 2);
  // Strings hold no raw line breaks, so joining lines cannot change a value.
  return `${indented.replace(/\{[^{}[\]]*\}/g, joinShortLines)}\n`;
}

function joinShortLines(text: string): string {
  const joined = text.replace(/\n\s*/g, ' ');
  return joined.length <= 120 ? joined : text;
}

/** A number as JSON can hold it. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
