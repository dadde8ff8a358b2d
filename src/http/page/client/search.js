/**
 * Shows the nodes that have every word of what is searched for in name, state or address. `/` goes to the search, Escape ends it.
 *
 * @param {HTMLInputElement} input
 */
export function startSearch(input) {
  input.addEventListener('input', () => applySearch(input));
  document.addEventListener('keydown', (event) => {
    const isTyping =
      event.target instanceof Element && event.target.closest('input, select, textarea, dialog') !== null;
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
    if (event.key === 'Escape' && event.target === input) {
      input.value = '';
      applySearch(input);
      input.blur();
    }
  });
  applySearch(input);
}

/**
 * Once more, after nodes came, went or turned.
 *
 * @param {HTMLInputElement} input
 */
export function applySearch(input) {
  const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let matches = 0;
  for (const node of document.querySelectorAll('#nodes > [data-words]')) {
    const words = `${node.getAttribute('data-key')} ${node.getAttribute('data-words')}`;
    const isMatch = wanted.every((word) => words.includes(word));
    if (isMatch) matches += 1;
    if (node.hasAttribute('hidden') === isMatch) node.toggleAttribute('hidden', !isMatch);
  }
  const said = document.querySelector('#matched');
  const text = wanted.length === 0 ? '' : matches === 0 ? 'No node matches.' : `${matches} match.`;
  if (said !== null && said.textContent !== text) said.textContent = text;
}
