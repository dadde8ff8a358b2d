/** So long may a stream say nothing, not even that it lives, in milliseconds. */
const silenceMs = 45_000;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/**
 * Follows the controller's events, and begins again after the last one whenever the stream breaks off. Read by `fetch`, since an
 * EventSource tells nothing of a stream that lives and says nothing.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {number} options.after the last event that is known
 * @param {(id: number) => void} options.onEvent something happened
 * @param {(isLive: boolean) => void} options.onState the stream came, or broke off
 * @returns {Promise<never>}
 */
export async function followEvents({ url, after, onEvent, onState }) {
  let last = after;
  let waitMs = firstWaitMs;
  for (;;) {
    try {
      for await (const { id } of eventsAfter(url, last)) {
        waitMs = firstWaitMs;
        if (id === undefined) onState(true);
        else if (id > last) {
          last = id;
          onEvent(id);
        }
      }
    } catch {
      // Whatever ended it: it is begun again.
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

/**
 * One stream, to its end. Gives a thing without an id once it stands.
 *
 * @param {string} url
 * @param {number} after
 * @returns {AsyncGenerator<{ id: number | undefined }>}
 */
async function* eventsAfter(url, after) {
  const abort = new AbortController();
  let silence = setTimeout(() => abort.abort(), silenceMs);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => abort.abort(), silenceMs);
  };
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', 'last-event-id': String(after) },
      cache: 'no-store',
      signal: abort.signal,
    });
    const isStream = response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
    if (!isStream || response.body === null) return;
    yield { id: undefined };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      heard();
      const blocks = (rest + read.value).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield* idsOf(block);
    }
  } finally {
    clearTimeout(silence);
    abort.abort();
  }
}

/**
 * @param {string} block what is told between two empty lines
 * @returns {Generator<{ id: number }>}
 */
function* idsOf(block) {
  const id = /^id: ?(\d+)$/m.exec(block)?.[1];
  if (id !== undefined) yield { id: Number(id) };
}
