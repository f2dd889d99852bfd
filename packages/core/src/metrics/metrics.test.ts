import { readFileSync } from 'node:fs';
import {
  Key,
  auroc,
  averagePrecision,
  bitsPerDim,
  calibration,
  classificationError,
  expectedCalibrationError,
  falsePositiveRate,
  gaussianKernel,
  inverseMultiquadraticKernel,
  maximumMeanDiscrepancy,
  modeCounts,
  multiscaleStructuralSimilarity,
  peakSignalToNoiseRatio,
  planeKl,
  rejectionCurve,
  sampleQuality,
  squaredMmd,
  structuralSimilarity,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expectNoLeaks, meanAndError, tensorOf, type Numbers } from '@dgm/testing';
import { describe, expect, it, test } from 'vitest';

/** golden/metrics.json: numbers, and points or images as nested lists. */
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/metrics.json', import.meta.url), 'utf8'),
) as {
  readonly detection: Readonly<
    Record<string, Record<string, number> & Record<'positives' | 'negatives', number[]>>
  >;
  readonly sampleQuality: Readonly<
    Record<string, Record<string, number> & Record<'examples' | 'samples', Numbers>>
  >;
  readonly structuralSimilarity: Readonly<Record<string, { x: Numbers; y: Numbers; value: number }>>;
};

/** golden/ms-ssim.json: how the images are made, and their similarity. */
const multiscale = JSON.parse(
  readFileSync(new URL('../../test/golden/ms-ssim.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Record<'height' | 'width' | 'channels' | 'amount' | 'value', number>>>;

test('bitsPerDim: log2 17 for uniform values 0 to 16 in 64 entries, the baseline of the digits', () => {
  expect(bitsPerDim(64 * Math.log(17), 64)).toBeCloseTo(Math.log2(17), 12);
});

describe('maximumMeanDiscrepancy', () => {
  it('is what its definition says on three points', async () => {
    const k = (distance: number) => Math.exp(-0.5 * distance ** 2);
    const value = await maximumMeanDiscrepancy(tf.tensor2d([[0], [1]]), tf.tensor2d([[0], [3]]), {
      bandwidth: 1,
    });
    expect(value).toBeCloseTo(k(1) + k(3) - (2 * (k(0) + k(3) + k(1) + k(2))) / 4, 12);
  });

  it('is unbiased: 0 on average for one distribution, and positive for two', async () => {
    const keys = Key.of(3).split(40);
    const values = await Promise.all(
      keys.map(async (key) => {
        const [a, b] = key.split(2);
        return maximumMeanDiscrepancy(a!.normal([30, 2]), b!.normal([20, 2]), { bandwidth: 1 });
      }),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
    const far = await maximumMeanDiscrepancy(keys[0]!.normal([30, 2]), tf.add(keys[1]!.normal([20, 2]), 3));
    expect(far).toBeGreaterThan(10 * Math.sqrt(variance));
  });

  it('refuses single points, other events and no bandwidth', async () => {
    const [x, y] = [tf.zeros([3, 2]), tf.zeros([1, 2])];
    await expect(maximumMeanDiscrepancy(x, y)).rejects.toMatchObject({ code: 'shape' });
    await expect(maximumMeanDiscrepancy(x, tf.zeros([3, 4]))).rejects.toMatchObject({ code: 'shape' });
    await expect(maximumMeanDiscrepancy(x, x)).rejects.toMatchObject({
      code: 'argument',
      argument: 'bandwidth',
    });
  });
});

describe('peakSignalToNoiseRatio', () => {
  it('is 20 dB for errors of a tenth of the peak, and infinite for none', async () => {
    const x = tf.zeros([2, 3]);
    expect(await peakSignalToNoiseRatio(x, tf.fill([2, 3], 1.6), { peak: 16 })).toBeCloseTo(20, 5);
    expect(await peakSignalToNoiseRatio(x, x, { peak: 1 })).toBe(Infinity);
    await expect(peakSignalToNoiseRatio(x, tf.zeros([3, 2]), { peak: 1 })).rejects.toMatchObject({
      code: 'shape',
    });
  });
});

describe('classification', () => {
  const probabilities = () =>
    tf.tensor2d([
      [0.9, 0.1],
      [0.7, 0.3],
      [0.2, 0.8],
      [0.4, 0.6],
    ]);

  it('counts wrong predictions', async () => {
    expect(await classificationError(probabilities(), [0, 1, 1, 0])).toBe(0.5);
    await expect(classificationError(probabilities(), [0, 1])).rejects.toMatchObject({ code: 'shape' });
  });

  it('measures calibration in bins', async () => {
    // Bins (0.5, 0.75] and (0.75, 1]: confidences 0.7, 0.6 with no hit; 0.9, 0.8 with two.
    const expected = (Math.abs(0.7 + 0.6 - 0) + Math.abs(0.9 + 0.8 - 2)) / 4;
    expect(await expectedCalibrationError(probabilities(), [0, 1, 1, 0], { bins: 4 })).toBeCloseTo(
      expected,
      6,
    );
    const sure = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    expect(await expectedCalibrationError(sure, [0, 1])).toBe(0);
    await expect(expectedCalibrationError(tf.mul(sure, 3), [0, 1])).rejects.toMatchObject({ code: 'domain' });
  });
});

describe('squaredMmd', () => {
  const key = Key.of(0);
  const kernels = {
    gaussian: {
      kernel: gaussianKernel([0.5, 2]),
      at: (squared: number) => Math.exp(-squared / 0.5) + Math.exp(-squared / 8),
    },
    inverseMultiquadratic: {
      kernel: inverseMultiquadraticKernel([1, 6]),
      at: (squared: number) => 1 / (1 + squared) + 6 / (6 + squared),
    },
  };

  it.each(Object.entries(kernels))(
    '%s: is the double sum of its definition',
    async (name, { kernel, at }) => {
      const [x, y] = [key.fold('x').normal([5, 3]), key.fold('y').normal([4, 3])];
      const [u, v] = [x.arraySync() as number[][], y.arraySync() as number[][]];
      const k = (p: number[], q: number[]): number =>
        at(p.reduce((sum, value, index) => sum + (value - q[index]!) ** 2, 0));
      const sum = (a: number[][], b: number[][]): number =>
        a.reduce((total, p) => total + b.reduce((part, q) => part + k(p, q), 0), 0);
      const cross = (2 * sum(u, v)) / 20;
      const expected = {
        unbiased: (sum(u, u) - 5 * at(0)) / 20 + (sum(v, v) - 4 * at(0)) / 12 - cross,
        biased: sum(u, u) / 25 + sum(v, v) / 16 - cross,
      };
      for (const estimator of ['unbiased', 'biased'] as const) {
        const loss = expectNoLeaks(() => {
          const scalar = squaredMmd(x, y, { kernel, estimator });
          const value = scalar.dataSync()[0]!;
          scalar.dispose();
          return value;
        });
        expect(loss).toBeCloseTo(expected[estimator], 5);
        if (name !== 'gaussian') continue;
        const host = await maximumMeanDiscrepancy(x, y, { bandwidth: [0.5, 2], estimator });
        expect(host).toBeCloseTo(expected[estimator], 12);
      }
      tf.dispose([x, y]);
    },
  );

  it('has a gradient that moves the samples together', () => {
    tf.tidy(() => {
      const y = key.fold('y').normal([30, 2]);
      const start = tf.add(key.fold('x').normal([30, 2]), 2);
      const loss = (x: tf.Tensor): tf.Scalar => squaredMmd(x, y, { kernel: gaussianKernel([0.5, 1, 2]) });
      const step = tf.grad(loss)(start);
      expect(loss(tf.sub(start, step)).dataSync()[0]).toBeLessThan(loss(start).dataSync()[0]!);
      // The gradient is finite where points are equal, and everywhere.
      expect(
        tf
          .grad(loss)(tf.zeros([30, 2]))
          .dataSync()
          .every(Number.isFinite),
      ).toBe(true);
    });
  });

  it('is 0 on average between draws of one distribution', () => {
    const values = Key.of(4)
      .split(100)
      .map((each) =>
        tf.tidy(() => {
          const [a, b] = [each.fold('a').normal([20, 2]), each.fold('b').normal([20, 2])];
          return squaredMmd(a, b, { kernel: inverseMultiquadraticKernel([2, 8]) }).dataSync()[0]!;
        }),
      );
    const { mean, standardError } = meanAndError(values);
    expect(Math.abs(mean)).toBeLessThan(4 * standardError);
  });

  it('refuses single points, other events and widths of 0', () => {
    const kernel = gaussianKernel([1]);
    tf.tidy(() => {
      expect(() => squaredMmd(tf.zeros([1, 2]), tf.zeros([3, 2]), { kernel })).toThrow('at least 2');
      expect(() => squaredMmd(tf.zeros([3, 1]), tf.zeros([3, 2]), { kernel })).toThrow('at least 2');
      expect(() => squaredMmd(null as never, tf.zeros([3, 2]), { kernel })).toThrow('x to be a tensor');
    });
    expect(() => gaussianKernel([0])).toThrow('bandwidths');
    expect(() => inverseMultiquadraticKernel([-1])).toThrow('constants');
  });
});

describe('detection', () => {
  it.each(Object.entries(golden.detection))('agrees with scikit-learn: %s', (_, row) => {
    const { positives, negatives } = row;
    expect(auroc(positives, negatives)).toBeCloseTo(row['auroc']!, 12);
    expect(averagePrecision(positives, negatives)).toBeCloseTo(row['averagePrecision']!, 12);
    expect(falsePositiveRate(positives, negatives)).toBeCloseTo(row['falsePositiveRate95']!, 12);
    const half = falsePositiveRate(positives, negatives, { truePositiveRate: 0.5 });
    expect(half).toBeCloseTo(row['falsePositiveRate50']!, 12);
  });

  it('takes infinite scores, and refuses NaN and nothing', () => {
    expect(auroc([Infinity, Infinity], [Infinity, 0])).toBe(0.75);
    expect(() => auroc([NaN], [0])).toThrow('positives');
    expect(() => averagePrecision([1], [])).toThrow('negatives');
    expect(() => falsePositiveRate([1], [0], { truePositiveRate: 0 })).toThrow('truePositiveRate');
  });
});

describe('rejectionCurve', () => {
  it('refuses the least confident first', () => {
    const { rejected, risk, area } = rejectionCurve([1, 0, 1, 0], [0.1, 0.9, 0.4, 0.8]);
    expect([...rejected]).toEqual([0, 0.25, 0.5, 0.75]);
    expect([...risk]).toEqual([0.5, 1 / 3, 0, 0]);
    expect(area).toBeCloseTo((0.5 + 1 / 3) / 4, 12);
  });

  it('takes the expectation over examples of one confidence, whatever their order', () => {
    const losses = [1, 0, 0, 1, 0, 1];
    const confidences = [2, 2, 1, 1, 1, 2];
    const curve = rejectionCurve(losses, confidences);
    expect([...curve.risk]).toEqual(
      [3 / 6, (2 + 2 / 3) / 5, (2 + 1 / 3) / 4, 2 / 3, 2 / 3, 2 / 3].map((risk) => expect.closeTo(risk, 12)),
    );
    const order = [5, 3, 0, 1, 4, 2];
    const turned = rejectionCurve(
      order.map((index) => losses[index]!),
      order.map((index) => confidences[index]!),
    );
    turned.risk.forEach((risk, index) => expect(risk).toBeCloseTo(curve.risk[index]!, 12));
    expect(() => rejectionCurve([1], [1, 2])).toThrow('one for each loss');
  });
});

describe('calibration', () => {
  const probabilities = tf.tidy(() => tf.keep(tf.softmax(tf.mul(2, Key.of(6).normal([300, 3])))));
  // Labels drawn by the probabilities: the model is calibrated.
  const labels = tf.tidy(() => Key.of(7).categorical(tf.log(probabilities)).dataSync());

  it('gives a reliability diagram whose bins make up the error', async () => {
    const { error, bins, interval } = await calibration(probabilities, labels, { bins: 10 });
    expect(interval).toBeUndefined();
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(bins[0]).toEqual({ from: 0, to: 0.1, count: 0, confidence: NaN, accuracy: NaN });
    const gaps = bins.map(({ count, confidence, accuracy }) =>
      count === 0 ? 0 : (count * Math.abs(confidence - accuracy)) / 300,
    );
    expect(error).toBeCloseTo(
      gaps.reduce((sum, gap) => sum + gap),
      12,
    );
    expect(await expectedCalibrationError(probabilities, labels, { bins: 10 })).toBe(error);
  });

  it('gives an interval by the bootstrap, the same for one key', async () => {
    const options = { bins: 10, key: Key.of(8), resamples: 300 };
    const { error, interval } = await calibration(probabilities, labels, options);
    const [low, high] = interval!;
    expect(low).toBeLessThan(high);
    expect(high).toBeGreaterThan(error);
    expect(high - low).toBeLessThan(0.15);
    expect((await calibration(probabilities, labels, options)).interval).toEqual(interval);
    const narrow = await calibration(probabilities, labels, { ...options, level: 0.5 });
    expect(narrow.interval![1] - narrow.interval![0]).toBeLessThan(high - low);
  });
});

describe('sampleQuality', () => {
  it.each(Object.entries(golden.sampleQuality))('agrees with its authors: %s', async (_, row) => {
    const [examples, samples] = [tensorOf(row.examples), tensorOf(row.samples)];
    const neighbours = row['neighbours']!;
    const quality = await sampleQuality(examples, samples, { neighbours });
    for (const name of ['precision', 'recall', 'density', 'coverage'] as const)
      expect(quality[name]).toBeCloseTo(row[name]!, 12);
    const beside = await sampleQuality(examples, examples, { neighbours, train: samples });
    expect(beside.coverage).toBe(1);
    if (samples.shape[0] === examples.shape[0]) expect(beside.ceiling).toEqual(quality);
    tf.dispose([examples, samples]);
  });

  it('takes as many training examples as there are samples', async () => {
    const [examples, samples, train] = [1, 2, 3].map((seed, index) =>
      Key.of(seed).normal([[20, 15, 40][index]!, 2]),
    );
    const { ceiling } = await sampleQuality(examples!, samples!, { train: train! });
    const few = tf.slice(train!, [0], [15]);
    expect(await sampleQuality(examples!, few)).toEqual(ceiling);
    await expect(sampleQuality(examples!, samples!, { neighbours: 15 })).rejects.toMatchObject({
      code: 'shape',
    });
    tf.dispose([examples!, samples!, train!, few]);
  });
});

describe('planeKl', () => {
  /** N(mean, std^2 I) in the plane. */
  const normal = (mean: number, std: number) => (x: tf.Tensor) =>
    tf.sub(tf.mul(-0.5 / std ** 2, tf.sum(tf.square(tf.sub(x, mean)), 1)), Math.log(2 * Math.PI * std ** 2));

  it('is the closed form between two normal densities', async () => {
    const expected = 2 * (Math.log(1.5) + (1 + 0.25) / (2 * 1.5 ** 2) - 0.5);
    const { kl, massP, massQ } = await planeKl(normal(0, 1), normal(0.5, 1.5), { range: [-12, 12] });
    expect(kl).toBeCloseTo(expected, 5);
    expect(massP).toBeCloseTo(1, 5);
    expect(massQ).toBeCloseTo(1, 5);
  });

  it('waits for a density that an engine computes', async () => {
    const before = tf.memory().numTensors;
    const later = async (x: tf.Tensor) => {
      await Promise.resolve();
      return tf.tidy(() => normal(0.5, 1.5)(x));
    };
    const options = { range: [-12, 12], cells: 50 } as const;
    expect(await planeKl(normal(0, 1), later, options)).toEqual(
      await planeKl(normal(0, 1), normal(0.5, 1.5), options),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes densities up to a constant, and cells where p is 0', async () => {
    const square = (x: tf.Tensor) => tf.log(tf.cast(tf.all(tf.lessEqual(tf.abs(x), 1), 1), 'float32'));
    const shifted = (x: tf.Tensor) => tf.sub(normal(0, 1)(x), 3);
    const before = tf.memory().numTensors;
    const { kl, massP, massQ } = await planeKl(square, shifted, { range: [-8, 8], cells: 160 });
    expect(tf.memory().numTensors).toBe(before);
    expect(massP).toBeCloseTo(4, 6);
    expect(massQ).toBeCloseTo(Math.exp(-3), 6);
    // E[-log q] - log 4 over the square, with E x² = 1/3 less h² / 12 for midpoints of cells of .1.
    expect(kl).toBeCloseTo(1 / 3 - 0.1 ** 2 / 12 + Math.log(2 * Math.PI) - Math.log(4), 5);
    expect((await planeKl(normal(0, 1), square, { range: [-8, 8] })).kl).toBe(Infinity);
    await expect(planeKl(square, square, { range: [1, 1] })).rejects.toMatchObject({ code: 'argument' });
  });
});

describe('modeCounts', () => {
  it('counts samples by the nearest mode within the radius', async () => {
    const modes = tf.tensor2d([[0, 0], [4, 0], [0, 4]]); // prettier-ignore
    const samples = tf.tensor2d([[0.1, 0], [0, -0.5], [3.9, 0.2], [2, 0], [0, 4.6]]); // prettier-ignore
    expect(await modeCounts(samples, modes, { radius: 0.55 })).toEqual({
      counts: [2, 1, 0],
      covered: 2,
      outside: expect.closeTo(0.4, 12) as number,
    });
    expect((await modeCounts(samples, modes, { radius: 9 })).outside).toBe(0);
    await expect(modeCounts(samples, modes, { radius: 0 })).rejects.toMatchObject({ code: 'argument' });
    tf.dispose([modes, samples]);
  });
});

describe('multiscaleStructuralSimilarity', () => {
  /** The images of the golden file: a texture on slopes, and what is damaged of it. */
  const pair = (height: number, width: number, channels: number, amount: number): [tf.Tensor, tf.Tensor] => {
    const values = (isDamaged: boolean) =>
      Float32Array.from({ length: height * width * channels }, (_, at) => {
        const channel = at % channels;
        const j = Math.floor(at / channels) % width;
        const i = Math.floor(at / (channels * width));
        const texture = (7 * i * i + 3 * i * j + 11 * j * (channel + 1)) % 53;
        const x = 60 + 30 * channel + Math.floor(i / 2) + Math.floor(j / 3) + texture;
        return isDamaged ? x + amount * (((5 * i + 3 * j + i * j) % 17) - 8) - amount : x;
      });
    const image = (isDamaged: boolean) => tf.tensor4d(values(isDamaged), [1, height, width, channels]);
    return [image(false), image(true)];
  };

  it.each(Object.entries(multiscale))('agrees with scikit-image: %s', async (_, row) => {
    const [x, y] = pair(row.height, row.width, row.channels, row.amount);
    expect(await multiscaleStructuralSimilarity(x, y, { peak: 255 })).toBeCloseTo(row.value, 9);
    tf.dispose([x, y]);
  });

  it('is 1 for equal images, averages over images, and does not go below 0', async () => {
    const [x, y] = pair(161, 161, 1, 4);
    const of = (a: tf.Tensor, b: tf.Tensor) => multiscaleStructuralSimilarity(a, b, { peak: 255 });
    const both = [tf.concat([x, x]), tf.concat([y, x])] as const;
    expect(await of(...both)).toBeCloseTo(((await of(x, y)) + 1) / 2, 10);
    const negative = tf.sub(255, x);
    expect(await of(x, negative)).toBe(0);
    tf.dispose([x, y, negative, ...both]);
  });

  it('refuses images that are too small for its five scales', async () => {
    const small = tf.zeros([1, 160, 200, 1]);
    const refused = multiscaleStructuralSimilarity(small, small, { peak: 1 });
    await expect(refused).rejects.toMatchObject({
      code: 'shape',
      message: expect.stringContaining('161 x 161') as string,
    });
    small.dispose();
  });
});

describe('structuralSimilarity', () => {
  it.each(Object.entries(golden.structuralSimilarity))('agrees with scikit-image: %s', async (_, row) => {
    const [x, y] = tf.tidy(() => [row.x, row.y].map((image) => tf.expandDims(tensorOf(image)))) as [
      tf.Tensor,
      tf.Tensor,
    ];
    expect(await structuralSimilarity(x, y, { peak: 16 })).toBeCloseTo(row.value, 10);
    expect(await structuralSimilarity(x, x, { peak: 16 })).toBeCloseTo(1, 12);
    const both = [tf.concat([x, x]), tf.concat([y, x])] as const;
    expect(await structuralSimilarity(...both, { peak: 16 })).toBeCloseTo((row.value + 1) / 2, 10);
    tf.dispose([x, y, ...both]);
    const small = tf.zeros([1, 10, 12, 1]);
    await expect(structuralSimilarity(small, small, { peak: 1 })).rejects.toMatchObject({ code: 'shape' });
    small.dispose();
  });
});
