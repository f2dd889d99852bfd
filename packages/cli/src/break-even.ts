/**
 * How many examples a file with the model inside needs to be smaller than another compressor's; null if none suffice.
 * @param saved - the bytes that an example takes less without the model
 */
export function breakEven(modelBytes: number, saved: number): number | null {
  return saved > 0 ? Math.ceil(modelBytes / saved) : null;
}

export function breakEvenText(modelBytes: number, count: number | null, examples: string): string {
  if (count === null) return `The model of ${modelBytes} bytes never pays: brotli is shorter.`;
  return `The model of ${modelBytes} bytes pays from ${count} ${examples} on, if it is inside.`;
}
