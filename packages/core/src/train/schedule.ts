import { checkInteger, checkNumber, checkOptions, checkThat } from '../check/check';
import { record } from '../construction/record';

/** A learning rate as a function of the number of steps already taken: 0 at the first step. */
export type Schedule = (step: number) => number;

/**
 * A constant schedule.
 *
 * @example
 * ```ts
 * const optimizer = adam({ learningRate: warmUpSchedule(constantSchedule(1e-3), { steps: 500 }) });
 * ```
 */
export function constantSchedule(value: number): Schedule {
  checkNumber('constantSchedule', 'value', value, { min: 0 });
  return record(() => value, 'constantSchedule', arguments);
}

/**
 * Exponential decay, $\eta_t = \eta_0\, r^{t / T}$.
 * @param initial - $\eta_0$
 * @param options - `rate` $r$ is reached after `steps` $T$ steps
 *
 * @example
 * ```ts
 * const optimizer = adam({ learningRate: exponentialSchedule(1e-3, { rate: 0.5, steps: 1000 }) }); // halves each 1000
 * ```
 */
export function exponentialSchedule(
  initial: number,
  { rate, steps, ...unknown }: { readonly rate: number; readonly steps: number },
): Schedule {
  checkOptions('exponentialSchedule', unknown, ['rate', 'steps']);
  checkNumber('exponentialSchedule', 'initial', initial, { min: 0 });
  checkNumber('exponentialSchedule', 'rate', rate, { above: 0 });
  checkNumber('exponentialSchedule', 'steps', steps, { above: 0 });
  return record((step) => initial * rate ** (step / steps), 'exponentialSchedule', arguments);
}

/**
 * Half a cosine from `initial` to `final`, $\eta_t = \eta_T + \tfrac12 (\eta_0 - \eta_T)(1 + \cos(\pi t / T))$, then `final`.
 * @see SGDR (Loshchilov and Hutter, 2017), Eq. 5, without restarts
 *
 * @example
 * ```ts
 * const optimizer = adam({ learningRate: cosineSchedule(1e-3, { steps: 10_000, final: 1e-5 }) });
 * ```
 */
export function cosineSchedule(
  initial: number,
  { steps, final = 0, ...unknown }: { readonly steps: number; readonly final?: number },
): Schedule {
  checkOptions('cosineSchedule', unknown, ['steps', 'final']);
  checkNumber('cosineSchedule', 'initial', initial, { min: 0 });
  checkNumber('cosineSchedule', 'final', final, { min: 0 });
  checkNumber('cosineSchedule', 'steps', steps, { above: 0 });
  return record(
    (step) => final + 0.5 * (initial - final) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps)),
    'cosineSchedule',
    arguments,
  );
}

/**
 * Rises linearly over `steps` steps to the start of `then`, which counts its steps from there.
 *
 * @example
 * ```ts
 * const learningRate = warmUpSchedule(cosineSchedule(1e-3, { steps: 10_000 }), { steps: 500 });
 * const optimizer = adamW({ learningRate });
 * ```
 */
export function warmUpSchedule(
  then: number | Schedule,
  { steps, ...unknown }: { readonly steps: number },
): Schedule {
  checkOptions('warmUpSchedule', unknown, ['steps']);
  checkInteger('warmUpSchedule', 'steps', steps, { min: 0 });
  const after = scheduleOf(then);
  return record(
    (step) => (step < steps ? (after(0) * (step + 1)) / steps : after(step - steps)),
    'warmUpSchedule',
    arguments,
  );
}

/**
 * Piecewise constant: `values[i]` until step `boundaries[i]`, the last value from then on.
 * @param boundaries - increasing step numbers, one fewer than values
 *
 * @example
 * ```ts
 * const optimizer = sgd({ learningRate: piecewiseSchedule([5000, 8000], [0.1, 0.01, 0.001]) });
 * ```
 */
export function piecewiseSchedule(boundaries: readonly number[], values: readonly number[]): Schedule {
  values.forEach((value) => checkNumber('piecewiseSchedule', 'values', value, { min: 0 }));
  checkThat(
    'piecewiseSchedule',
    'boundaries',
    values.length === boundaries.length + 1 && !boundaries.some((at, i) => i > 0 && at <= boundaries[i - 1]!),
    {
      expected: `to be ${values.length - 1} increasing steps, one fewer than values`,
      actual: `[${boundaries.join(', ')}]`,
    },
  );
  return record(
    (step) => values[boundaries.filter((boundary) => step >= boundary).length]!,
    'piecewiseSchedule',
    arguments,
  );
}

/** A number or a schedule, as a schedule. */
export function scheduleOf(rate: number | Schedule): Schedule {
  return typeof rate === 'number' ? constantSchedule(rate) : rate;
}
