/** A slider. */
export interface Control {
  readonly name: string;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  /** Whether a change needs a new training; others are seen at once. */
  readonly trains: boolean;
}

/** What the page knows of a demo before its code is loaded. */
export interface DemoEntry {
  readonly title: string;
  /** What makes its data, of `@dgm/data`. */
  readonly data: string;
  readonly epochs: number;
  readonly controls: readonly Control[];
  /** What is measured after training, and what it reaches with the controls as they come. */
  readonly figure: {
    readonly label: string;
    readonly digits: number;
    readonly bound: { readonly atMost: number } | { readonly atLeast: number };
    /** Where the unit or a comparison helps. */
    readonly note?: string;
  };
  /** The steps of a training, and how many a page has to take in a second of processor time. */
  readonly pace?: { readonly steps: number; readonly atLeast: number };
  /** Of the curves: the terms of the loss that are drawn. */
  readonly curves: readonly string[];
}

const control = (
  name: string,
  label: string,
  [min, value, max]: readonly [number, number, number],
  step: number,
  trains = false,
): Control => ({ name, label, min, max, step, value, trains });

export const demos = {
  flow: {
    title: 'A flow learns two moons',
    data: 'twoMoons',
    epochs: 15,
    controls: [
      control('layers', 'couplings', [1, 4, 6], 1, true),
      control('rate', 'learning rate, thousandths', [1, 5, 20], 1, true),
      control('noise', 'width of the moons, hundredths', [5, 10, 30], 5, true),
    ],
    figure: {
      label: 'KL to the true density',
      digits: 3,
      bound: { atMost: 0.2 },
      note: 'nats; 0 is perfect',
    },
    curves: ['nll/total'],
  },
  vae: {
    title: 'The latent space of a VAE',
    data: 'glyphs',
    epochs: 20,
    controls: [
      control('beta', 'β, the weight of the KL term', [0, 1, 4], 0.25, true),
      control('z1', 'first latent variable', [-3, 0, 3], 0.1),
      control('z2', 'second latent variable', [-3, 0, 3], 0.1),
    ],
    figure: {
      label: 'bound on the test images',
      digits: 1,
      bound: { atMost: 102 },
      note: 'nats; independent pixels have 106.5',
    },
    curves: ['elbo/reconstruction', 'elbo/regularizer'],
  },
  arm: {
    title: 'An autoregressive model draws pixel by pixel',
    data: 'glyphs',
    epochs: 8,
    controls: [
      control('temperature', 'temperature', [0.2, 1, 1.5], 0.1),
      control('drawn', 'pixels drawn', [0, 64, 64], 1),
      control('seed', 'seed', [0, 0, 20], 1),
    ],
    figure: {
      label: 'test images',
      digits: 1,
      bound: { atMost: 100 },
      note: 'nats, exact; independent pixels have 106.5',
    },
    curves: ['negative-log-likelihood/total'],
  },
  diffusion: {
    title: 'Diffusion of points, there and back',
    data: 'twoMoons',
    epochs: 30,
    controls: [
      control('steps', 'steps of the sampler', [1, 20, 50], 1),
      control('time', 'noise added to the data, per cent', [0, 30, 100], 5),
    ],
    figure: {
      label: 'squared MMD of samples and data',
      digits: 4,
      bound: { atMost: 0.02 },
      note: '0 for equal distributions',
    },
    curves: ['noise/total'],
  },
  gan: {
    title: 'A GAN, its losses and what it covers',
    data: 'gaussianMixture',
    epochs: 40,
    controls: [
      control('gamma', 'weight of the gradient penalties', [0, 1, 4], 0.5, true),
      control('rate', 'learning rate, ten-thousandths', [2, 20, 50], 2, true),
    ],
    figure: { label: 'modes covered, of 8', digits: 0, bound: { atLeast: 8 } },
    // Batches of 100 of 2000 points.
    pace: { steps: 40 * 20, atLeast: 30 },
    curves: ['critic/loss', 'generator/total'],
  },
  rbm: {
    title: 'Filters of a restricted Boltzmann machine, and Gibbs sampling',
    data: 'glyphs',
    epochs: 15,
    controls: [
      control('hidden', 'hidden units', [4, 16, 16], 4, true),
      control('gibbs', 'Gibbs steps from test images', [0, 5, 50], 1),
    ],
    figure: {
      label: 'test images, ink or paper',
      digits: 1,
      bound: { atMost: 28 },
      note: 'nats, exact: ln Z is summed over the hidden states',
    },
    curves: ['contrastive/data', 'contrastive/model'],
  },
  energy: {
    title: 'An energy landscape, and particles in it',
    data: 'twoMoons',
    epochs: 12,
    controls: [
      control('langevin', 'Langevin steps of the particles', [0, 100, 300], 10),
      control('temperature', 'temperature, hundredths', [0, 100, 200], 10),
    ],
    figure: {
      label: 'KL of the data to the normalized energy',
      digits: 2,
      bound: { atMost: 0.8 },
      note: 'nats, by a sum over the square',
    },
    curves: ['contrastive/data', 'contrastive/model'],
  },
  hybrid: {
    title: 'Sure, and wrong: noise and p(x)',
    data: 'glyphs',
    epochs: 8,
    controls: [
      control('image', 'test image', [0, 3, 40], 1),
      control('noise', 'noise, per cent of the pixels', [0, 0, 100], 5),
    ],
    figure: {
      label: 'pure noise told from digits by p(x)',
      digits: 3,
      bound: { atLeast: 0.95 },
      note: 'area under the ROC curve',
    },
    curves: ['joint-likelihood/total'],
  },
  compression: {
    title: 'Compression: a model as a file format',
    data: 'glyphs',
    epochs: 6,
    controls: [control('levels', 'grey levels that are kept', [2, 9, 17], 1, true)],
    figure: {
      label: 'bits per image in the file',
      digits: 1,
      bound: { atMost: 150 },
      note: 'its header included; the model stays outside',
    },
    curves: ['negative-log-likelihood/total'],
  },
  digit: {
    title: 'Draw a digit, and ask each family for its p(x)',
    data: 'glyphs',
    epochs: 44,
    controls: [control('image', 'test image to begin with', [0, 3, 40], 1)],
    figure: {
      label: 'shuffled pixels told from digits by p(x), the worst of the models',
      digits: 3,
      bound: { atLeast: 0.95 },
      note: 'area under the ROC curve',
    },
    curves: [],
  },
} as const satisfies Readonly<Record<string, DemoEntry>>;

export type DemoName = keyof typeof demos;
