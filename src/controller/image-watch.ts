import { askImages } from '../peers/images.ts';
import { portOf } from '../peers/client.ts';
import { imageVersions, type ImageReport, type ImageVersionReport } from '../pool/image-versions.ts';
import { readImage } from '../remediation/image.ts';
import type { Inquiry } from './inquiry.ts';
import type { LiveConfig } from './live-config.ts';

export interface ImageWatchParts {
  readonly live: LiveConfig;
  readonly inquiry: Inquiry;
  readonly nowMs: () => number;
}

/** Images change a few times a year: the others are asked once a minute, and less often in a large pool, so that its cost does not grow with it. */
const leastMs = 60_000;
const shareMs = 1_000;

/** Which controller of the pool carries which image. */
export class ImageWatch {
  readonly #parts: ImageWatchParts;
  #own: ImageReport | undefined;
  #others: ReadonlyMap<string, ImageReport> = new Map();
  #askedAtMs = -Infinity;

  constructor(parts: ImageWatchParts) {
    this.#parts = parts;
  }

  /** As it is on disk now. */
  async own(): Promise<ImageReport> {
    this.#own = await readImage(this.#parts.live.config.image.ovf);
    return this.#own;
  }

  /** Reads the own image, and asks the others for theirs when it is time. */
  async refresh(): Promise<void> {
    const { live, inquiry, nowMs } = this.#parts;
    await this.own();
    const token = await live.token();
    const everyMs = Math.max(leastMs, live.nodes.length * shareMs);
    if (token === null || nowMs() - this.#askedAtMs < everyMs) return;
    this.#askedAtMs = nowMs();
    this.#others = await askImages(inquiry.peers(), {
      port: portOf(live.config.http.listen),
      token,
      trust: live.trust,
    });
  }

  /** Of all that told, each with the controllers that carry it. */
  report(): readonly ImageVersionReport[] {
    const { builder } = this.#parts.live.identity;
    const own = this.#own === undefined ? [] : [[builder, this.#own] as const];
    return imageVersions(new Map([...own, ...this.#others]));
  }
}
