import { heartbeatBars, responseLine, type HeartbeatBars } from './heartbeat.ts';
import { html, kept, trusted, type Html } from './html.ts';
import type { HistoryRange, HistoryReport } from '../../pool/history-report.ts';
import type { PageView } from './page-view.ts';

/** A history whose bars and lines are drawn when they are first shown, and only once. */
export class DrawnHistory {
  readonly #view: HistoryReport;
  readonly #bars = new Map<string, HeartbeatBars>();
  readonly #lines = new Map<string, Html | undefined>();

  constructor(view: HistoryReport) {
    this.#view = view;
  }

  get range(): string {
    return this.#view.range;
  }

  bars(node: string): Html {
    return this.#drawn(node).bars;
  }

  /** What the bars of these nodes refer to, each drawing once. */
  drawings(nodes: readonly string[]): Html {
    const texts = new Set(nodes.map((node) => this.#drawn(node).drawing.text));
    return kept('div', { key: 'drawings', attributes: html` hidden` }, html`<svg>${[...texts].map(trusted)}</svg>`);
  }

  /** Response times; undefined when no check of the node has any. */
  line(node: string): Html | undefined {
    if (!this.#lines.has(node)) this.#lines.set(node, responseLine(this.#view, node));
    return this.#lines.get(node);
  }

  #drawn(node: string): HeartbeatBars {
    const known = this.#bars.get(node);
    if (known !== undefined) return known;
    const drawn = heartbeatBars(this.#view, node);
    this.#bars.set(node, drawn);
    return drawn;
  }
}

/** However many look, the history of a pool is read and drawn so often at most: the more nodes, the more seldom. */
const keptMs = 5_000;
const keptMsANode = 20;

/** The pool's history, drawn. `at`: the present, as the report has it. */
export function keptHistories(page: PageView): (range: HistoryRange, at: string, nodes: number) => DrawnHistory {
  const histories = new Map<HistoryRange, { readonly untilMs: number; readonly history: DrawnHistory }>();
  return (range, at, nodes) => {
    const nowMs = Date.parse(at);
    const known = histories.get(range);
    if (known !== undefined && nowMs < known.untilMs) return known.history;
    const history = new DrawnHistory(page.history(range));
    histories.set(range, { untilMs: nowMs + keptMs + keptMsANode * nodes, history });
    return history;
  };
}
