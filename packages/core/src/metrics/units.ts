/**
 * Nats per example as bits per dimension, $\frac{\text{nats}}{D \ln 2}$.
 * @param dims - $D$, the number of entries of an example
 */
export function bitsPerDim(nats: number, dims: number): number {
  return nats / Math.LN2 / dims;
}
