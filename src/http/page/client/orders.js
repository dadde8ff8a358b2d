/** @typedef {{ act: string, node: string | undefined, run: string | undefined }} Order */

/** @type {Readonly<Record<string, { title: string, what: string, word: string }>>} */
const words = {
  pause: {
    title: 'Pause',
    what: 'This controller goes on measuring, and does nothing to what is paused.',
    word: 'Pause',
  },
  resume: {
    title: 'Resume',
    what: 'The pause ends, and what was given up or held is tried again.',
    word: 'Resume',
  },
  rebuild: {
    title: 'Rebuild',
    what: 'The VM is powered off and set aside, and a new one is built from the image. Every gate is asked first.',
    word: 'Rebuild',
  },
  approve: {
    title: 'Approve the rebuild of',
    what: 'The VM is powered off and set aside, and a new one is built from the image, as soon as every other gate passes.',
    word: 'Approve',
  },
  reject: {
    title: 'Reject the rebuild of',
    what: 'Nothing is done to the node until it is resumed.',
    word: 'Reject',
  },
};

/** The token, in this page's memory alone: it goes when the page does. */
let token = '';

/**
 * Orders by the page's buttons: each asks for what it needs in the dialog, and is sent once.
 *
 * @param {() => void} onDone an order was taken
 */
export function startOrders(onDone) {
  const parts = dialogParts();
  if (parts === undefined) return;
  /** @type {{ order: Order, key: string } | undefined} */
  let open;
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-act]') : null;
    if (!(button instanceof HTMLElement)) return;
    const { act = '', node, run } = button.dataset;
    open = { order: { act, node, run }, key: newKey() };
    fill(parts, open.order);
    parts.dialog.showModal();
  });
  parts.cancel.addEventListener('click', () => parts.dialog.close());
  parts.form.addEventListener('input', () => ready(parts, open?.order));
  parts.form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (open === undefined || parts.send.disabled) return;
    void sendOrder(parts, open.order, open.key, onDone);
  });
}

/** @typedef {NonNullable<ReturnType<typeof dialogParts>>} Parts */

function dialogParts() {
  const dialog = document.querySelector('dialog#order');
  const form = dialog?.querySelector('form');
  const send = dialog?.querySelector('#order-send');
  const cancel = dialog?.querySelector('#order-cancel');
  if (!(dialog instanceof HTMLDialogElement) || !(form instanceof HTMLFormElement)) return undefined;
  if (!(send instanceof HTMLButtonElement) || !(cancel instanceof HTMLButtonElement)) return undefined;
  return { dialog, form, send, cancel };
}

/**
 * @param {Parts} parts
 * @param {Order} order
 */
function fill(parts, order) {
  const { dialog, form, send } = parts;
  const { act, node = 'the pool' } = order;
  const { title, what, word } = words[act] ?? { title: act, what: '', word: 'Send' };
  form.reset();
  say(parts, '');
  dialog.dataset['act'] = act;
  dialog.classList.toggle('with-token', token === '');
  write(dialog, '#order-title', `${title} ${node}`);
  write(dialog, '#order-what', what);
  send.textContent = word;
  ready(parts, order);
}

/**
 * A rebuild can be sent once the node's name is typed, and anything once there is a token.
 *
 * @param {Parts} parts
 * @param {Order | undefined} order
 */
function ready({ form, send }, order) {
  const isNamed = order?.act !== 'rebuild' || valueOf(form, 'confirm') === order.node;
  send.disabled = !isNamed || (token === '' && valueOf(form, 'token') === '');
}

/**
 * @param {Parts} parts
 * @param {Order} order
 * @param {string} key
 * @param {() => void} onDone
 */
async function sendOrder(parts, order, key, onDone) {
  const { dialog, form } = parts;
  token ||= valueOf(form, 'token');
  parts.send.disabled = true;
  say(parts, 'Sending…');
  try {
    const response = await fetch(pathOf(order), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(bodyOf(form, order.act)),
    });
    if (response.ok) {
      dialog.close();
      onDone();
      return;
    }
    if (response.status === 401 || response.status === 403) {
      token = '';
      dialog.classList.add('with-token');
    }
    say(parts, await refusalText(response));
  } catch {
    say(parts, 'The controller does not answer. Nothing is known of the order: send it again, it is done once.');
  }
  ready(parts, order);
}

/** @param {Order} order */
function pathOf({ act, node, run }) {
  if (run !== undefined) return `/v1/runs/${run}/${act}`;
  return node === undefined ? `/v1/${act}` : `/v1/nodes/${node}/${act}`;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} act
 */
function bodyOf(form, act) {
  const reason = valueOf(form, 'reason').trim();
  const time = act === 'pause' ? valueOf(form, 'for') : '';
  const confirm = act === 'rebuild' ? valueOf(form, 'confirm') : '';
  const given = Object.entries({ reason, for: time, confirm }).filter(([, value]) => value !== '');
  return Object.fromEntries(given);
}

/**
 * Why an order was not taken.
 *
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function refusalText(response) {
  /** @type {unknown} */
  const body = await response.json().catch(() => null);
  /** @type {[string, unknown][]} */
  const members = Object.entries(typeof body === 'object' && body !== null ? body : {});
  const problem = new Map(members);
  const told = ['gate', 'message', 'detail']
    .map((name) => problem.get(name))
    .filter((each) => typeof each === 'string');
  return told.length === 0 ? `HTTP ${response.status}` : [...new Set(told)].join(': ');
}

/**
 * @param {Parts} parts
 * @param {string} text
 */
function say({ dialog }, text) {
  write(dialog, '#order-answer', text);
}

/**
 * @param {Element} parent
 * @param {string} selector
 * @param {string} text
 */
function write(parent, selector, text) {
  const element = parent.querySelector(selector);
  if (element !== null) element.textContent = text;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function valueOf(form, name) {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value : '';
}

/** A name for an order that no other has. Not `randomUUID`, which pages by plain HTTP do not have. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
