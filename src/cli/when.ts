/** A time of day for people, in this machine's zone: `12:00:03`. */
export function clockTime(epochMs: number): string {
  const at = new Date(epochMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** A day and time for people, in this machine's zone: `2026-01-31 12:00:03`. Takes ISO text. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} ${clockTime(at.getTime())}`;
}

/** Text in which times of the form of the interface are those of this machine's zone: `until 2026-01-31 12:00:03`. */
export function withLocalTimes(text: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, localTime);
}

/** A time of the last months for a narrow column, in this machine's zone: `01-31 12:00`. Takes ISO text. */
export function shortTime(iso: string): string {
  return localTime(iso).slice(5, 16);
}

/** How long something took: `0.4 s`, `12 s`, `3 m 05 s`, `2 h 10 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100)) / 10;
  if (tenths < 10) return `${tenths.toFixed(1)} s`;
  const seconds = Math.round(tenths);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${twoDigits(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${twoDigits(minutes % 60)} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long between two ISO times; a dash while the second is missing. */
export function took(startIso: string, endIso: string | null): string {
  return endIso === null ? '-' : duration(Date.parse(endIso) - Date.parse(startIso));
}

/** How long ago, in one unit: `3 s ago`, `5 m ago`, `2 d ago`. */
export function ago(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds < 100) return `${seconds} s ago`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} m ago`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}
