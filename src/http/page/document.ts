import type { PageAssets } from './assets.ts';
import { html, trusted, type Html } from './html.ts';
import { stateShapes } from './states.ts';

export interface DocumentOptions {
  readonly title: string;
  /** The state of what it is about: the icon of the tab has its colour. */
  readonly tone: 'bad' | 'busy' | 'quiet' | 'well';
  /** Where this page's own pool is named. */
  readonly pool: string;
  /** The newest event that the page knows, and the path that tells of the next ones. */
  readonly lastEvent: number;
  readonly events: string;
  /** When it was made, and by which controller. */
  readonly at: string;
  readonly controller: string;
  readonly version: string;
  readonly content: Html;
}

/** The whole document. Everything it needs is in it. */
export function documentOf(options: DocumentOptions, { style, script }: PageAssets): string {
  const { title, tone, pool, content, controller, version, at, lastEvent, events } = options;
  const page = html`<!doctype html>
    <html lang="en" data-at="${at}" data-last-event="${lastEvent}" data-events="${events}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${favicon(tone)}" />
        ${trusted(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <svg hidden>${stateShapes}</svg>
        <header class="top">
          <nav aria-label="Pages">
            <a class="home" href="/">${trusted(mark)}regrow <span>${pool}</span></a>
          </nav>
          <p class="age" id="age" data-at="${at}">
            as of <time datetime="${at}" data-clock>${at.slice(11, 19)} UTC</time>
          </p>
        </header>
        <div id="stale" class="stale" role="alert" hidden></div>
        <main id="main">${content}</main>
        <footer>
          <p>
            Told by ${controller}, regrow ${version}. The same as data: <a href="/v1/status">status</a>,
            <a href="/status.txt">status.txt</a>, <a href="/v1/runs">runs</a>, <a href="/metrics">metrics</a>,
            <a href="/openapi.json">API</a>.
          </p>
        </footer>
        ${orderDialog} ${trusted(`<script>${script}</script>`)}
      </body>
    </html> `;
  return page.text;
}

/** Asks what an order needs. Its token stays in the page's memory. */
const orderDialog = html`<dialog id="order" aria-labelledby="order-title">
  <form method="dialog" autocomplete="off">
    <h2 id="order-title"></h2>
    <p id="order-what"></p>
    <label class="for-name"
      >Type the node's name to confirm<input name="confirm" autocapitalize="none" spellcheck="false" /></label
    ><label class="for-time"
      >For how long<select name="for">
        <option value="">until it is resumed</option>
        <option value="30m">30 minutes</option>
        <option value="2h" selected>2 hours</option>
        <option value="8h">8 hours</option>
        <option value="1d">1 day</option>
      </select></label
    ><label class="for-reason">Reason<input name="reason" maxlength="200" /></label
    ><label class="for-token"
      >Token of this controller<input name="token" type="password" autocomplete="off" /><small
        >Kept in this page's memory only, until it is closed.</small
      ></label
    >
    <p id="order-answer" role="status"></p>
    <div class="orders">
      <button type="button" value="cancel" id="order-cancel">Cancel</button
      ><button type="submit" id="order-send">Send</button>
    </div>
  </form>
</dialog>`;

const mark =
  '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path class="line" d="M8 14V7m0 0C8 4 6 2.5 2.5 2.5 2.500 6 4.500 7.500 8 7.500m0 2c0-2.500 1.500-4 5-4 0 3-1.500 4.500-5 4.500"/></svg>';

const tabColours = { bad: '%23c8322b', busy: '%23b7791f', quiet: '%23808894', well: '%232e8b57' } as const;

function favicon(tone: DocumentOptions['tone']): string {
  return `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${tabColours[tone]}'/></svg>`;
}
