/** What the report does beyond being read: columns sort, and curves tell their numbers under the pointer. */
export const behaviour = `
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const header = button.parentElement;
    const column = header.cellIndex;
    const sign = header.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of header.parentElement.cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', sign === 1 ? 'ascending' : 'descending');
    const body = header.closest('table').tBodies[0];
    const key = (row) => row.cells[column]?.dataset.value ?? '';
    const compare = (a, b) =>
      a === '' || b === '' ? (a === '') - (b === '') : sign * (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
    body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
  });
}
for (const plot of document.querySelectorAll('.plot[data-curve]')) {
  const curve = JSON.parse(plot.dataset.curve);
  const [first, last] = plot.dataset.x.split(' ').map(Number);
  const output = plot.querySelector('output');
  const number = (value) => (value === null ? '–' : value.toFixed(2));
  plot.addEventListener('pointermove', (event) => {
    const box = plot.getBoundingClientRect();
    const epoch = first + ((last - first) * (event.clientX - box.left)) / box.width;
    const near = curve.reduce((a, b) => (Math.abs(b[0] - epoch) < Math.abs(a[0] - epoch) ? b : a));
    output.hidden = false;
    output.style.left = (100 * (near[0] - first)) / (last - first) + '%';
    output.classList.toggle('flip', event.clientX > box.left + box.width / 2);
    output.textContent = 'epoch ' + near[0] + '\\ntraining ' + number(near[1]) + '\\nvalidation ' + number(near[2]);
  });
  plot.addEventListener('pointerleave', () => (output.hidden = true));
}
`;
