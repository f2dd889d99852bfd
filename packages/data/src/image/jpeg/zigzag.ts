/** Coefficients come in the order of a zigzag through the block: the place of the k-th, row-major. */
export const ZIGZAG = zigzag();

function zigzag(): Uint8Array {
  const order = new Uint8Array(64);
  let k = 0;
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    const least = Math.max(0, diagonal - 7);
    for (let step = least; step <= diagonal - least; step++) {
      // Even diagonals run upwards, odd ones downwards.
      const row = diagonal % 2 === 0 ? diagonal - step : step;
      order[k++] = 8 * row + diagonal - row;
    }
  }
  return order;
}
