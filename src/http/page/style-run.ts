/** The page of a run: its course, tasks and log. */
export const runStyle = `
.banner h1 .outcome{margin-left:0}
.banner.run h1{flex-wrap:wrap}
.banner.run .orders{margin-top:.9rem}
.remedy{margin-top:.5rem;color:var(--soft)}
main .course{margin-top:1.1rem;display:grid;gap:.5rem}
.course .stretches{height:16px}
.course .milestones{font-size:.9rem}
.alone .cards{margin-top:.8rem;grid-template-columns:minmax(0,44rem)}
.tasks{margin-top:.8rem;background:var(--sheet);border:1px solid var(--edge);border-radius:10px;padding:.4rem 0;font-size:.9rem}
.tasks li{display:grid;grid-template-columns:6.5rem minmax(0,1fr) auto 5.5rem;gap:.1rem 1rem;padding:.22rem 1.25rem;align-items:baseline;scroll-margin-top:1rem}
.tasks li:target{background:var(--ground)}
.tasks .step{color:var(--soft)}
.tasks .name{color:inherit;text-decoration:none;overflow-wrap:anywhere}
.tasks .name:hover{text-decoration:underline}
.tasks .outcome{color:var(--soft);font-weight:400;margin:0}
.tasks .bad .outcome{color:var(--bad);font-weight:600}.tasks .busy .outcome{color:var(--busy);font-weight:600}
.tasks .took{text-align:right;color:var(--soft);font-variant-numeric:tabular-nums}
.tasks .message{grid-column:2/-1;color:var(--bad);overflow-wrap:anywhere;white-space:pre-wrap}
.tasks .none{display:block}
.log{margin-top:.8rem}
.lines{margin-top:.5rem;max-height:36rem;overflow:auto;background:var(--sheet);border:1px solid var(--edge);border-radius:10px;padding:.6rem 0;font:.82rem/1.5 ui-monospace,"SF Mono","DejaVu Sans Mono",Menlo,monospace}
.lines>div{content-visibility:auto;contain-intrinsic-size:auto 100em}
.lines div div{display:grid;grid-template-columns:4.2em minmax(0,1fr);gap:.8em;padding-right:1rem}
.lines span{white-space:pre-wrap;overflow-wrap:anywhere}
.lines a{text-align:right;color:var(--soft);text-decoration:none}
.lines a:hover{text-decoration:underline}
.lines :target{background:var(--busy-sheet)}
.lines .head span{font-weight:650}
.lines .bad span{color:var(--bad)}
@media (max-width:40rem){.tasks li{grid-template-columns:minmax(0,1fr) auto;padding-inline:1rem}.tasks .step{grid-column:1/-1}.tasks .step:empty{display:none}.tasks .outcome{display:none}.tasks .bad .outcome{display:inline;grid-row:3}.tasks .message{grid-column:1/-1}}
`;
