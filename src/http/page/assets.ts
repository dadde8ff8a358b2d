import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stylesheet } from './stylesheet.ts';

/** What every page carries in itself. */
export interface PageAssets {
  readonly style: string;
  readonly script: string;
  /** Lets this very style and script work, this controller be asked, and nothing else. */
  readonly policy: string;
}

/** Modules of the client in the order in which they need each other. */
const modules = ['patch', 'event-stream', 'times', 'search', 'orders', 'page'];

/** Reads the client's modules and makes one script of them. Done once, at the start of the server. */
export function loadAssets(): PageAssets {
  const folder = join(import.meta.dirname, 'client');
  const script = joined(modules.map((name) => readFileSync(join(folder, `${name}.js`), 'utf8')));
  const style = stylesheet;
  const policy = [
    "default-src 'none'",
    `style-src '${sourceHash(style)}'`,
    `script-src '${sourceHash(script)}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { style, script, policy };
}

/** One script of modules that import nothing but each other: their imports fall away, and their exports are plain declarations. */
export function joined(sources: readonly string[]): string {
  const bodies = sources.map((source) =>
    source
      .replace(/^import [^;]+;$/gm, '')
      .replace(/^export \{[^}]*\};?$/gm, '')
      .replace(/^export /gm, '')
      .replace(/^\s*\/\*\*[\s\S]*?\*\/$/gm, '')
      .replace(/^\/\/# .*$/gm, '')
      .replace(/\n{2,}/g, '\n'),
  );
  return `'use strict';(() => {${bodies.join('\n')}})();`;
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
