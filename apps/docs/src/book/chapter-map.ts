import chapters from './chapters.json';
import errata from './errata.json';
import type { DemoName } from '../demos/catalog';

/** A numbered section of the book, and what the packages have for it. */
export interface Section {
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
  readonly test?: string;
  readonly open?: string;
  /** What the page of errata computes. */
  readonly live?: string;
}

export const sections = chapters as readonly Section[];
export const errataRows = errata as readonly Erratum[];

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
};
