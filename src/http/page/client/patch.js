/**
 * Makes what is shown equal to what the controller sent, and touches nothing that is the same: an element whose version (`data-v`) did
 * not change stays, one with `data-list` is compared child by child (`data-key`), any other is replaced. An empty version says that
 * what is there stays.
 *
 * @param {HTMLElement} shown
 * @param {HTMLElement} fresh
 * @returns {HTMLElement} what is shown now
 */
export function patch(shown, fresh) {
  const { v } = fresh.dataset;
  if (v === '' || (v !== undefined && v === shown.dataset['v'])) return shown;
  if (shown.dataset['list'] !== undefined && fresh.dataset['list'] !== undefined) {
    takeAttributes(shown, fresh);
    patchChildren(shown, fresh);
    return shown;
  }
  const next = document.importNode(fresh, true);
  keepFolds(shown, next);
  shown.replaceWith(next);
  return next;
}

/**
 * @param {HTMLElement} shown
 * @param {HTMLElement} fresh
 */
function patchChildren(shown, fresh) {
  const known = new Map(childrenOf(shown).map((child) => [child.dataset['key'], child]));
  let cursor = shown.firstElementChild;
  for (const wanted of childrenOf(fresh)) {
    const old = known.get(wanted.dataset['key']);
    known.delete(wanted.dataset['key']);
    const isNext = old !== undefined && old === cursor;
    const next = old === undefined ? document.importNode(wanted, true) : patch(old, wanted);
    if (isNext) cursor = next.nextElementSibling;
    else shown.insertBefore(next, cursor);
  }
  for (const gone of known.values()) gone.remove();
}

/**
 * @param {HTMLElement} parent
 * @returns {HTMLElement[]}
 */
function childrenOf(parent) {
  return [...parent.children].filter((child) => child instanceof HTMLElement);
}

/** What the reader or this script has set. */
const ownAttributes = ['hidden', 'open'];

/**
 * @param {HTMLElement} shown
 * @param {HTMLElement} fresh
 */
function takeAttributes(shown, fresh) {
  for (const { name, value } of fresh.attributes)
    if (shown.getAttribute(name) !== value && !ownAttributes.includes(name)) shown.setAttribute(name, value);
  for (const name of shown.getAttributeNames())
    if (!fresh.hasAttribute(name) && !ownAttributes.includes(name)) shown.removeAttribute(name);
}

/**
 * What the reader has unfolded stays so.
 *
 * @param {HTMLElement} shown
 * @param {HTMLElement} next
 */
function keepFolds(shown, next) {
  for (const { id } of shown.querySelectorAll('details[open][id]'))
    next.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
}

/**
 * Does something that may replace or move what has the focus, and gives the focus to what came in its place.
 *
 * @param {() => void} change
 */
export function keepingFocus(change) {
  const active = document.activeElement;
  const place = active instanceof HTMLElement ? placeOf(active) : undefined;
  change();
  if (place === undefined || document.activeElement === active) return;
  const again = document.querySelector(place);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/**
 * How to find again, in a new version of the page, what has the focus.
 *
 * @param {HTMLElement} active
 * @returns {string | undefined}
 */
function placeOf(active) {
  const { act, node } = active.dataset;
  if (act !== undefined) return `[data-act="${act}"]${node === undefined ? '' : `[data-node="${node}"]`}`;
  const within = active.closest('[id]')?.id;
  const parent = within === undefined ? '' : `#${CSS.escape(within)} `;
  const href = active.getAttribute('href');
  if (href !== null) return `${parent}a[href="${CSS.escape(href)}"]`;
  return active.tagName === 'SUMMARY' ? `${parent}> summary` : undefined;
}
