import { followEvents } from './event-stream.js';
import { startOrders } from './orders.js';
import { keepingFocus, patch } from './patch.js';
import { applySearch, startSearch } from './search.js';
import { setPresent, spanText, tellWholeTimes, writeTimes } from './times.js';

/** Without any event the page is asked for again after so long, since measurements are no events. */
const usualMs = 15_000;
const shortestMs = 1_000;
const othersMs = 30_000;
/** What was heard longer ago than this is not taken for the present. */
const staleMs = 40_000;
/** A stream that breaks off and comes back at once is nothing to tell people of. */
const graceMs = 3_000;

const root = document.documentElement;
let heardMs = Date.now();
/** @type {number | undefined} */
let brokeMs;
let tookMs = 0;
let lastEvent = Number(root.dataset['lastEvent'] ?? 0);
let isAsking = false;
let isWanted = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

root.classList.add('scripted');
setPresent(root.dataset['at'] ?? '');
writeTimes();
tellWholeTimes();
const search = document.querySelector('input#search');
if (search instanceof HTMLInputElement) startSearch(search);
startOrders(() => soon());
followRanges();
openLinkedLine();
addEventListener('hashchange', openLinkedLine);
setInterval(tick, 1_000);
soon(usualMs);
if (document.querySelector('#controllers') !== null) void askOthers();
void followEvents({
  url: root.dataset['events'] ?? '/v1/events',
  after: lastEvent,
  onEvent: (id) => {
    lastEvent = id;
    soon();
  },
  onState: (isLive) => {
    if (isLive && brokeMs !== undefined) soon();
    brokeMs = isLive ? undefined : (brokeMs ?? Date.now());
    tick();
  },
});

/**
 * Asks for the page again: after an event nearly at once, yet the more seldom the longer an answer takes. Several wishes are one.
 *
 * @param {number} [ms]
 */
function soon(ms = Math.max(shortestMs, 10 * tookMs) - (Date.now() - heardMs)) {
  if (isAsking) {
    isWanted ||= ms < usualMs;
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), Math.max(100, ms));
}

async function refresh() {
  isAsking = true;
  isWanted = false;
  const beganMs = Date.now();
  try {
    const fresh = await pageAt(location.pathname + location.search);
    tookMs = Date.now() - beganMs;
    show(fresh);
    // The page was made a moment before what was heard of last.
    isWanted ||= Number(fresh.documentElement.dataset['lastEvent'] ?? 0) < lastEvent;
    heardMs = Date.now();
  } catch {
    // It is told as stale before long, and asked for again.
  }
  isAsking = false;
  tick();
  soon(isWanted ? undefined : usualMs);
}

/** @param {Document} fresh */
function show(fresh) {
  const live = document.querySelector('#live');
  const next = fresh.querySelector('#live');
  if (!(live instanceof HTMLElement) || !(next instanceof HTMLElement)) throw new Error('no page');
  const log = document.querySelector('.lines');
  const isAtEnd = log !== null && log.scrollTop + log.clientHeight > log.scrollHeight - 40;
  keepingFocus(() => patch(live, next));
  document.title = fresh.title;
  const icon = fresh.querySelector('link[rel="icon"]')?.getAttribute('href');
  if (icon) document.querySelector('link[rel="icon"]')?.setAttribute('href', icon);
  setPresent(fresh.documentElement.dataset['at'] ?? '');
  if (log !== null && isAtEnd) log.scrollTop = log.scrollHeight;
  if (search instanceof HTMLInputElement) applySearch(search);
}

/**
 * @param {string} path
 * @returns {Promise<Document>}
 */
async function pageAt(path) {
  const response = await fetch(path, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), 'text/html');
}

/** What the other controllers see, and which do not answer. */
async function askOthers() {
  try {
    const fresh = (await pageAt('/controllers')).querySelector('#controllers');
    const shown = document.querySelector('#controllers');
    if (fresh instanceof HTMLElement && shown instanceof HTMLElement) patch(shown, fresh);
  } catch {
    // The table that is shown stays; the stale banner tells when this controller is gone.
  }
  setTimeout(() => void askOthers(), othersMs);
}

/** Each second: times, the age of what is shown, and whether it is to be believed. */
function tick() {
  writeTimes();
  const ageMs = Date.now() - heardMs;
  const age = document.querySelector('#age');
  if (age !== null) age.textContent = ageMs < 5_000 ? 'live' : `as of ${spanText(ageMs)} ago`;
  const isBroken = brokeMs !== undefined && Date.now() - brokeMs > graceMs;
  const isStale = isBroken || ageMs > staleMs;
  if (root.classList.contains('is-stale') === isStale) return;
  root.classList.toggle('is-stale', isStale);
  const stale = document.querySelector('#stale');
  if (stale === null) return;
  stale.toggleAttribute('hidden', !isStale);
  stale.textContent = isStale
    ? 'Stale: this controller does not answer. What is shown may be over. It is asked again; another controller may know more.'
    : '';
}

/** Another range of time is shown without leaving the page, so that a token that was given is not asked for again. */
function followRanges() {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('.ranges a') : null;
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, '', link.getAttribute('href'));
    soon(0);
  });
  addEventListener('popstate', () => soon(0));
}

/** A link to a line of a log that is folded unfolds it. */
function openLinkedLine() {
  if (!/^#L\d+$/.test(location.hash)) return;
  document.querySelector('details#log')?.setAttribute('open', '');
  document.querySelector(location.hash)?.scrollIntoView({ block: 'center' });
}
