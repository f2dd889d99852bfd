/**
 * Threefry-2x32 with 20 rounds: a keyed, counter-based mixing function of 64 bits.
 * @see Parallel random numbers: as easy as 1, 2, 3 (Salmon et al., 2011)
 */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  // The keys of the last injection and of the two before it, which take turns.
  let [before, first, second] = [key0 | 0, key1 | 0, key0 ^ key1 ^ PARITY];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  // Written out: keys are made by the dozen in each training step, and tables of rotations take twice as long.
  for (let group = 1; group <= 5; group++) {
    if (group % 2 === 1) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    } else {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    }
    x0 = (x0 + first) | 0;
    x1 = (x1 + second + group) | 0;
    const oldest = before;
    before = first;
    first = second;
    second = oldest;
  }
  return [x0 >>> 0, x1 >>> 0];
}

const PARITY = 0x1bd11bda;
