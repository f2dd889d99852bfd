/** A piece of HTML or SVG that needs no escaping any more. */
export interface Markup {
  readonly markup: string;
}

export type Renderable = Markup | string | number | undefined | null | false | readonly Renderable[];

/** A template for markup: every value but markup itself is escaped; undefined, null and false give nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Renderable[]): Markup {
  return { markup: strings.map((text, index) => text + render(values[index])).join('') };
}

/** Trusted text, such as a style sheet, taken as it is. */
export function raw(markup: string): Markup {
  return { markup };
}

function render(value: Renderable): string {
  if (value === undefined || value === null || value === false) return '';
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(render).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
