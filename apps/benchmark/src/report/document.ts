import { behaviour } from './behaviour';
import { html, raw, type Renderable } from './html';
import { styles } from './styles';

export interface DocumentParts {
  readonly heading: string;
  readonly subtitle: Renderable;
  readonly main: Renderable;
  readonly footer: Renderable;
}

/** A page in the one style of all reports, that asks for nothing else. */
export function renderDocument({ heading, subtitle, main, footer }: DocumentParts): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>dgm benchmark · ${heading}</title>
        <link rel="icon" href="data:," />
        ${raw(`<style>${styles}</style>`)}
      </head>
      <body>
        <header>
          <p class="brand">dgm benchmark</p>
          <h1>${heading}</h1>
          <p>${subtitle}</p>
        </header>
        <main>${main}</main>
        <footer>${footer}</footer>
        ${raw(`<script>${behaviour}</script>`)}
      </body>
    </html>`;
  return page.markup;
}
