/** How far this machine's clock is before the controller's, in milliseconds. */
let skewMs = 0;

/**
 * Takes the controller's time for the present.
 *
 * @param {string} at ISO time of what it just sent
 */
export function setPresent(at) {
  skewMs = Date.now() - Date.parse(at);
}

/** Writes times as people take them in: how long ago, or the hour of this machine. */
export function writeTimes() {
  const nowMs = Date.now() - skewMs;
  for (const time of document.querySelectorAll('time[datetime]')) {
    const at = Date.parse(time.getAttribute('datetime') ?? '');
    if (Number.isNaN(at)) continue;
    const text = time.hasAttribute('data-clock')
      ? clockText(at)
      : time.classList.contains('since')
        ? `for ${spanText(Math.max(0, nowMs - at))}`
        : agoText(nowMs - at);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** The whole time is told of one that is pointed at. */
export function tellWholeTimes() {
  document.addEventListener('mouseover', ({ target }) => {
    const time = target instanceof Element ? target.closest('time[datetime]') : null;
    time?.setAttribute('title', new Date(time.getAttribute('datetime') ?? '').toLocaleString());
  });
}

/**
 * `just now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; of what is to come, `in 5 min`.
 *
 * @param {number} ms
 */
export function agoText(ms) {
  if (ms < -1000) return `in ${spanText(-ms)}`;
  return ms < 5000 ? 'just now' : `${spanText(ms)} ago`;
}

/** @param {number} ms */
export function spanText(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** @param {number} at */
function clockText(at) {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
