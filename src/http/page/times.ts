import { html, type Html } from './html.ts';

/** A time for people, in UTC as a page without a script cannot know better; a script makes `3 min ago` of it. */
export function timeOf(iso: string, style: 'relative' | 'clock' = 'relative'): Html {
  return html`<time datetime="${iso}" data-${style}>${shortTime(iso)}</time>`;
}

/** For how long something has been so: `since 24 Nov 18:02:11 UTC`; a script makes `for 3 min` of it. */
export function sinceOf(iso: string): Html {
  return html`<time class="since" datetime="${iso}">since ${shortTime(iso)}</time>`;
}

/** `24 Nov 18:02:11 UTC`. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const month = monthNames[at.getUTCMonth()] ?? '';
  return `${at.getUTCDate()} ${month} ${iso.slice(11, 19)} UTC`;
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** How long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Milliseconds from one ISO time to another. */
export function msBetween(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}
