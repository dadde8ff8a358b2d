import { partsStyle } from './style-parts.ts';
import { runStyle } from './style-run.ts';

/** Colours by meaning, in light and dark; then the frame that all pages share. */
const frameStyle = `
:root{color-scheme:light dark;
--ground:#f6f7f8;--sheet:#fff;--edge:#dfe2e6;--ink:#1b1f24;--soft:#59626d;--link:#1f5fa8;
--well:#2a7d50;--well-bar:#5aa97d;--busy:#8a5a00;--busy-fill:#d99a2b;--busy-sheet:#fdf6e7;--bad:#b3261e;--bad-fill:#d5473e;--bad-sheet:#fdf0ef;--none-bar:#c3c8ce;
--s1:#8fb4d9;--s2:#6f9ccb;--s3:#5486ba;--s4:#3f70a4;--s5:#305b8a;--s6:#5aa97d}
@media (prefers-color-scheme:dark){:root{
--ground:#14171a;--sheet:#1c2024;--edge:#32383e;--ink:#e4e7ea;--soft:#9aa4ae;--link:#83b4ea;
--well:#6cc596;--well-bar:#44906a;--busy:#e6b35c;--busy-fill:#cf9431;--busy-sheet:#2a2417;--bad:#ff8d84;--bad-fill:#d9534a;--bad-sheet:#2e1d1c;--none-bar:#444b53;
--s1:#a9c8e8;--s2:#86aed8;--s3:#6994c4;--s4:#527cab;--s5:#41678f;--s6:#44906a}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
body>header,main,body>footer,.stale{max-width:78rem;margin:0 auto;padding:0 1.25rem}
h1,h2,h3,p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.012em}
h2{font-size:1rem;font-weight:650}
h3{font-size:1.05rem;font-weight:650}
a{color:var(--link);text-underline-offset:.15em}
code{font:.92em/1.4 ui-monospace,"SF Mono","DejaVu Sans Mono",Menlo,monospace;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--sheet);padding:.4rem .8rem;z-index:9}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.top{display:flex;justify-content:space-between;align-items:center;gap:1rem;padding-block:.9rem!important}
.home{display:flex;align-items:center;gap:.5rem;color:var(--ink);text-decoration:none;font-weight:650}
.home span{color:var(--soft);font-weight:400}
.mark{width:1.3rem;height:1.3rem;color:var(--well)}
.age{color:var(--soft);font-size:.87rem;font-variant-numeric:tabular-nums}
.stale{background:var(--bad-fill);color:#fff;padding-block:.7rem;border-radius:8px;font-weight:600;max-width:75.5rem}
.is-stale .cards,.is-stale .rows,.is-stale .banner h1{opacity:.55}
main{display:block;padding-bottom:2rem}
main section{margin-top:2rem}
main #live>section:first-child{margin-top:.25rem}
body>footer{color:var(--soft);font-size:.85rem;padding-block:1.2rem 2.5rem;border-top:1px solid var(--edge)}
.icon{width:1em;height:1em;flex:none;vertical-align:-.12em;fill:currentColor}
.line{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round}
.mark .line{stroke-width:1.5;stroke-linejoin:round}
.dash{stroke-dasharray:2.4 2.3;stroke-linecap:butt}
.cut{fill:none;stroke:var(--sheet);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.icon.well{color:var(--well)}.icon.busy{color:var(--busy-fill)}.icon.bad{color:var(--bad-fill)}.icon.quiet{color:var(--soft)}
button{font:inherit;font-size:.87rem;color:var(--ink);background:var(--sheet);border:1px solid var(--edge);border-radius:6px;padding:.3rem .75rem;min-height:2rem;cursor:pointer}
button:hover:not(:disabled){border-color:var(--soft)}
button:disabled{opacity:.5;cursor:default}
.orders,.needs-script{display:none}
.scripted .orders{display:flex;gap:.5rem;flex-wrap:wrap}
.scripted .needs-script{display:block}
dialog{border:1px solid var(--edge);border-radius:12px;background:var(--sheet);color:var(--ink);padding:1.5rem;width:min(30rem,calc(100vw - 2rem))}
dialog::backdrop{background:#0008}
dialog form{display:grid;gap:.9rem}
dialog h2{font-size:1.2rem}
dialog p{color:var(--soft)}
dialog label{display:grid;gap:.25rem;font-size:.9rem;font-weight:600}
dialog small{font-weight:400;color:var(--soft)}
dialog .orders{justify-content:end}
dialog:not([data-act=rebuild]) .for-name,dialog:not([data-act=pause]) .for-time,dialog[data-act=resume] .for-reason,dialog:not(.with-token) .for-token{display:none}
#order-answer:not(:empty){color:var(--bad)}
#order-send{background:var(--ink);color:var(--sheet);border-color:var(--ink)}
[data-act=rebuild] #order-send,[data-act=approve] #order-send{background:var(--bad-fill);border-color:var(--bad-fill);color:#fff}
input,select{font:inherit;color:var(--ink);background:var(--ground);border:1px solid var(--edge);border-radius:6px;padding:.35rem .6rem;min-height:2.2rem;width:100%}
@media (prefers-reduced-motion:no-preference){.icon.busy{animation:none}}
`;

/** The style of all pages. */
export const stylesheet = `${frameStyle}${partsStyle}${runStyle}`.replace(/\n/g, '');
