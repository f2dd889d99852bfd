/** Nats in bits. */
export function natsToBits(nats: number): number {
  return nats / Math.LN2;
}

/** Bits in nats. */
export function bitsToNats(bits: number): number {
  return bits * Math.LN2;
}

/**
 * Nats per example as bits per dimension, $\frac{\text{nats}}{D \ln 2}$.
 * @param dims - $D$, the number of entries of an example
 */
export function bitsPerDim(nats: number, dims: number): number {
  return natsToBits(nats) / dims;
}

/** The inverse of {@link bitsPerDim}: nats per example. */
export function natsPerExample(bits: number, dims: number): number {
  return bitsToNats(bits) * dims;
}
