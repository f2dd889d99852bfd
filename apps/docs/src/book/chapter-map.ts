import chapters from './chapters.json';
import errata from './errata.json';
import notes from './notes.json';
import slides from './slides.json';
import type { DemoName } from '../demos/catalog';

/** A section of a text, and what the packages have for it. */
export interface Section {
  /** Its number; the slides have titles instead. */
  readonly section: string;
  readonly title: string;
  readonly about?: string;
  readonly listings?: readonly string[];
  /** `package.export` */
  readonly exports?: readonly string[];
  /** Files below `packages/`. */
  readonly tests?: readonly string[];
  readonly demo?: DemoName;
  readonly claim?: string;
  /** A page of the site, for a section without a model. */
  readonly page?: string;
  /** What is missing. */
  readonly open?: string;
}

export interface Erratum {
  readonly where: string;
  readonly printed: string;
  readonly right: string;
  /** The errors of the published code that the row is about, `notebook-number`. */
  readonly code?: readonly string[];
  readonly test?: string;
  readonly open?: string;
  /** What the page of errata computes. */
  readonly live?: string;
}

/** A table of the map. */
export interface SectionGroup {
  readonly title: string;
  readonly sections: readonly Section[];
}

export const sections = chapters as readonly Section[];
export const errataRows = errata as readonly Erratum[];

const chapterTitles = [
  'Why deep generative modeling?',
  'Autoregressive models',
  'Flow-based models',
  'Latent variable models',
  'Hybrid modeling',
  'Energy-based models',
  'Generative adversarial networks',
  'Deep generative modeling for neural compression',
];

export const sectionGroups: readonly SectionGroup[] = [
  ...chapterTitles.map((title, index) => ({
    title: `Chapter ${index + 1}: ${title}`,
    sections: sections.filter(({ section }) => section.split('.')[0] === String(index + 1)),
  })),
  { title: 'Notes: variational auto-encoders (Pavesi, 2024)', sections: notes as readonly Section[] },
  { title: 'Slides: deep generative modeling (Tomczak, 2019)', sections: slides as readonly Section[] },
];

/** The page on which a demo runs. */
export const demoPages: Readonly<Record<DemoName, string>> = {
  flow: '/packages/flows',
  vae: '/packages/vae',
  arm: '/packages/arm',
  diffusion: '/packages/diffusion',
  gan: '/packages/gan',
  rbm: '/packages/ebm',
  energy: '/packages/ebm',
  hybrid: '/packages/hybrid',
  compression: '/packages/compress',
  digit: '/families/',
};
