import { describe, expect, it } from 'vitest';
import { html, raw } from './html';

describe('html', () => {
  it('escapes values, and only those', () => {
    expect(html`<p title="${'"\'<&>'}">${1}</p>`.markup).toBe('<p title="&#34;&#39;&#60;&#38;&#62;">1</p>');
  });

  it('takes markup, lists and nothing', () => {
    expect(html`${[html`<i>a</i>`, 'b<']}${undefined}${null}${false}${raw('<br>')}`.markup).toBe(
      '<i>a</i>b&#60;<br>',
    );
  });
});
