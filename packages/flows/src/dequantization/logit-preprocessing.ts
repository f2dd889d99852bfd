import { Affine, Chain, checkOptions, checkThat, Sigmoid } from '@dgm/core';
import type { Bijector } from '@dgm/core';
import { record } from '../record';

export interface LogitPreprocessingOptions {
  /** Data lie in `[0, levels)`. */
  readonly levels: number;
  /**
   * The distance that is kept from 0 and 1, below 0.5.
   * @defaultValue 0.05
   */
  readonly margin?: number;
}

/**
 * Maps the real line onto slightly more than the range of dequantized data; use it as the last layer of a flow:
 * $y = L\, \frac{\sigma(z) - \alpha}{1 - 2 \alpha}$, whose inverse is
 * $\mathrm{logit}(\alpha + (1 - 2\alpha)\, y / L)$.
 *
 * Its log-determinant is included, so likelihoods are those of the data and not of their logits.
 * @throws ArgumentError if an option is out of its range
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §4.1
 *
 * @example
 * ```ts
 * const preprocessing = logitPreprocessing({ levels: 17 });
 * const model = dequantized({ flow: realNvp({ dims: 64, preprocessing, key }), levels: 17 });
 * ```
 */
export function logitPreprocessing({
  levels,
  margin = 0.05,
  ...unknown
}: LogitPreprocessingOptions): Bijector {
  checkOptions('logitPreprocessing', unknown, ['levels', 'margin']);
  checkThat(
    'logitPreprocessing',
    levels > 0 ? 'margin' : 'levels',
    levels > 0 && margin > 0 && margin < 0.5,
    {
      expected: levels > 0 ? 'to be above 0 and below 0.5' : 'to be above 0',
      actual: String(levels > 0 ? margin : levels),
    },
  );
  const scale = levels / (1 - 2 * margin);
  const bijector = new Chain([new Sigmoid(), new Affine({ scale, shift: -margin * scale })]);
  return record(bijector, 'logitPreprocessing', arguments);
}
