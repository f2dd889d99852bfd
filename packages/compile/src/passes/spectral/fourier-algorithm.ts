/** One axis of a convolution with stride 1. */
export interface ConvolutionAxis {
  /** Positions of the input. */
  readonly inputs: number;
  /** Positions of the output. */
  readonly outputs: number;
  readonly taps: number;
  readonly dilation: number;
  /** Zeros before the first position of the input. */
  readonly before: number;
  /** Zeros after the last. */
  readonly after: number;
}

/** Numbers in rows of one length. */
export type Matrix = readonly (readonly number[])[];

/**
 * A convolution as $y = C\,[(A x) \odot (B w)]$, with fewer products than it has pairs of an output and a tap. Where x holds a
 * vector at each position and w a matrix at each tap, every product is one of a vector and a matrix.
 *
 * The gradients have the same form and the same factors: $dx = A^T[(B w) \odot (C^T dy)]$ and
 * $dw = B^T[(A x) \odot (C^T dy)]$.
 */
export interface BilinearAlgorithm {
  /** A, `[products, input positions]` */
  readonly ofInput: Matrix;
  /** B, `[products, taps]` */
  readonly ofFilter: Matrix;
  /** C, `[output positions, products]` */
  readonly toOutput: Matrix;
}

/**
 * Convolution by a discrete Fourier transform along all the axes, without complex numbers.
 *
 * The transforms are dense matrices, so that any length will do: the least one with which what wraps around meets zeros. Of two
 * conjugate frequencies one is enough, and a product of complex numbers is three of real ones, as Gauss found:
 * $(a + bi)(c + di)$ follows from $c(a + b)$, $a(d - c)$ and $b(c + d)$, whose sums become part of the matrices. So a transform
 * of length n takes 3 n / 2 products, whatever the number of taps. Rounding errors are those of float32: the matrices are
 * nearly orthogonal.
 */
export function fourierAlgorithm(axes: readonly ConvolutionAxis[]): BilinearAlgorithm {
  const lengths = axes.map(transformLength);
  const points = lengths.reduce((product, length) => product * length, 1);
  const inputs = grid(axes.map((axis) => axis.inputs));
  const outputs = grid(axes.map((axis) => axis.outputs));
  // Output t meets the input at t plus a tap's shift.
  const shifts = grid(axes.map((axis) => axis.taps)).map((tap) =>
    tap.map((index, along) => index * axes[along]!.dilation - axes[along]!.before),
  );
  const ofInput: (readonly number[])[] = [];
  const ofFilter: (readonly number[])[] = [];
  const fromOutput: (readonly number[])[] = [];
  for (const frequency of distinctFrequencies(lengths)) {
    const wave = (positions: readonly Position[]) => waveAt(frequency, positions, lengths);
    const [x, w, y] = [wave(inputs), wave(shifts), wave(outputs)];
    if (isReal(frequency, lengths)) {
      ofInput.push(x.cosine);
      ofFilter.push(w.cosine);
      fromOutput.push(y.cosine.map((c) => c / points));
      continue;
    }
    // a = cosine, b = -sine of x; c = cosine, d = sine of w; the conjugate frequency doubles the result.
    ofInput.push(combine(x, 1, -1), x.cosine, combine(x, 0, -1));
    ofFilter.push(w.cosine, combine(w, -1, 1), combine(w, 1, 1));
    const scale = 2 / points;
    fromOutput.push(combine(y, scale, -scale), combine(y, 0, -scale), combine(y, -scale, 0));
  }
  const toOutput = outputs.map((_, position) => fromOutput.map((row) => row[position]!));
  return { ofInput, ofFilter, toOutput };
}

/** How many products {@link fourierAlgorithm} takes. */
export function countProducts(axes: readonly ConvolutionAxis[]): number {
  const lengths = axes.map(transformLength);
  const points = lengths.reduce((product, length) => product * length, 1);
  const real = lengths.reduce((count, length) => count * (length % 2 === 0 ? 2 : 1), 1);
  return real + (3 * (points - real)) / 2;
}

/** One index for each axis. */
type Position = readonly number[];

interface Wave {
  readonly cosine: readonly number[];
  readonly sine: readonly number[];
}

/** An even length has one real frequency more: a product of three saved, for a longer transform. */
function transformLength({ inputs, before, after }: ConvolutionAxis): number {
  return inputs + Math.max(before, after);
}

/** Every position of a grid, the last axis fastest. */
function grid(sizes: readonly number[]): readonly Position[] {
  return sizes.reduce<number[][]>(
    (positions, size) =>
      positions.flatMap((position) => Array.from({ length: size }, (_, index) => [...position, index])),
    [[]],
  );
}

/** One of each pair of conjugate frequencies. */
function distinctFrequencies(lengths: readonly number[]): readonly Position[] {
  const seen = new Set<string>();
  return grid(lengths).filter((frequency) => {
    seen.add(String(frequency));
    return isReal(frequency, lengths) || !seen.has(String(conjugate(frequency, lengths)));
  });
}

function conjugate(frequency: Position, lengths: readonly number[]): Position {
  return frequency.map((index, axis) => (lengths[axis]! - index) % lengths[axis]!);
}

function isReal(frequency: Position, lengths: readonly number[]): boolean {
  return frequency.every((index, axis) => index === conjugate(frequency, lengths)[axis]);
}

function waveAt(frequency: Position, positions: readonly Position[], lengths: readonly number[]): Wave {
  const angles = positions.map((position) =>
    // Whole turns are taken off while the numbers are integers, so that long axes lose no digits.
    position.reduce((angle, at, axis) => {
      const length = lengths[axis]!;
      return angle + (2 * Math.PI * ((frequency[axis]! * at) % length)) / length;
    }, 0),
  );
  return { cosine: angles.map(Math.cos), sine: angles.map(Math.sin) };
}

function combine({ cosine, sine }: Wave, ofCosine: number, ofSine: number): number[] {
  return cosine.map((c, index) => ofCosine * c + ofSine * sine[index]!);
}
