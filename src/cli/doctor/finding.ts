/** What the doctor found about one thing. Everything that is not ok has a remedy. */
export type Finding =
  | { readonly item: string; readonly status: 'ok'; readonly detail: string }
  | { readonly item: string; readonly status: 'warn' | 'fail'; readonly detail: string; readonly remedy: string };

/** All is well. */
export function ok(item: string, detail: string): Finding {
  return { item, status: 'ok', detail };
}

/** It works, or may work; someone should look at it. */
export function warn(item: string, detail: string, remedy: string): Finding {
  return { item, status: 'warn', detail, remedy };
}

/** A rebuild would fail over it. */
export function fail(item: string, detail: string, remedy: string): Finding {
  return { item, status: 'fail', detail, remedy };
}
