/** Banner, nodes, timeline and controllers. */
export const partsStyle = `
.banner{background:var(--sheet);border:1px solid var(--edge);border-left:5px solid var(--none-bar);border-radius:10px;padding:1.15rem 1.4rem}
.banner.well{border-left-color:var(--well-bar)}.banner.busy{border-left-color:var(--busy-fill)}.banner.bad{border-left-color:var(--bad-fill)}
.banner h1{display:flex;align-items:flex-start;gap:.65rem}
.banner .icon{width:1.15em;height:1.15em;margin-top:.07em}
.banner .why{margin-top:.35rem;font-size:1.05rem;overflow-wrap:anywhere}
.notice{margin-top:.7rem;padding:.5rem .8rem;border-radius:6px;background:var(--busy-sheet);overflow-wrap:anywhere}
.notice.bad{background:var(--bad-sheet)}
.notice b{color:var(--busy)}.notice.bad b{color:var(--bad)}
main .limits{margin-top:.9rem;display:flex;justify-content:space-between;align-items:center;gap:1rem;flex-wrap:wrap;padding:0 .2rem}
.limits dl{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem}
.limits dl div{display:flex;gap:.45rem}
dt{color:var(--soft)}
.limits{font-size:.9rem}
.bar{display:flex;align-items:center;gap:.6rem 1.2rem;flex-wrap:wrap;margin-bottom:.8rem}
.search{flex:0 1 18rem}
.ranges{display:flex;border:1px solid var(--edge);border-radius:6px;overflow:hidden;background:var(--sheet)}
.ranges a{display:flex;align-items:center;padding:0 .7rem;min-height:2rem;font-size:.87rem;color:var(--soft);text-decoration:none}
.ranges a+a{border-left:1px solid var(--edge)}
.ranges a[aria-current]{background:var(--ink);color:var(--sheet);font-weight:600}
.legend{display:flex;align-items:baseline;gap:.2rem 1rem;flex-wrap:wrap;margin-left:auto;font-size:.82rem;color:var(--soft)}
.legend span::before{content:"";display:inline-block;width:.45rem;height:.85rem;margin-right:.4rem;border-radius:1px;vertical-align:baseline;background:var(--none-bar)}
.legend .ok::before{height:.6rem;background:var(--well-bar)}.legend .partly::before{height:.72rem;background:var(--busy-fill)}
.legend .failed::before{background:var(--bad-fill)}.legend .none::before{height:.25rem}
.none,.quiet>p,p.quiet{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(22rem,100%),1fr));gap:1rem;align-items:start}
.card{background:var(--sheet);border:1px solid var(--edge);border-radius:10px;padding:1.1rem 1.25rem;display:grid;gap:.85rem;content-visibility:auto;contain-intrinsic-size:auto 24rem;scroll-margin-top:1rem}
.card.bad{border-color:var(--bad-fill);background:linear-gradient(var(--bad-sheet),var(--sheet) 7rem)}
.card.busy{border-color:var(--busy-fill);background:linear-gradient(var(--busy-sheet),var(--sheet) 7rem)}
.card:target,.row:target{outline:2px solid var(--link)}
.card header{display:grid;grid-template-columns:1fr auto;gap:.1rem .8rem;align-items:start}
.card h3{display:flex;align-items:center;gap:.5rem;font-size:1.15rem}
.card h3 a,.row a{color:inherit;text-decoration:none}
.card h3 a:hover,.row a:hover{text-decoration:underline}
.card h3 .icon{width:1.1em;height:1.1em}
.card .word{margin-top:.12rem}
.word{text-align:right;font-weight:600}
.well .word{color:var(--well)}.busy .word{color:var(--busy)}.bad .word{color:var(--bad)}.quiet .word{color:var(--soft)}
.word .since{display:block;font-weight:400;font-size:.82rem;color:var(--soft)}
.card .why{grid-column:1/-1;min-height:1.5em;overflow-wrap:anywhere}
.well.card .why{color:var(--soft)}
.history{display:grid;gap:.15rem}
.beats{display:block;width:100%;height:30px}
.beat{fill:none;stroke-dasharray:.72 .28}
.beat.none{stroke:var(--none-bar);stroke-width:4}.beat.ok{stroke:var(--well-bar);stroke-width:14}
.beat.partly{stroke:var(--busy-fill);stroke-width:16}.beat.failed{stroke:var(--bad-fill);stroke-width:20}
.scale{display:flex;justify-content:space-between;font-size:.78rem;color:var(--soft)}
.response{display:grid;grid-template-columns:1fr auto;gap:.75rem;align-items:center;font-size:.82rem;color:var(--soft);font-variant-numeric:tabular-nums}
.spark{display:block;width:100%;height:22px}
.spark path{fill:none;stroke:var(--link);stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.facts{display:grid;gap:.28rem;font-size:.9rem}
.facts>div{display:grid;grid-template-columns:5.6rem 1fr;gap:.6rem}
.facts.wide{grid-template-columns:repeat(auto-fill,minmax(min(26rem,100%),1fr));gap:.28rem 2rem}
.facts dt{overflow:hidden;text-overflow:ellipsis}
.facts dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.uuid{color:var(--soft)}
.counter{display:inline-block;min-width:2.1em;font-weight:600}
.counter.unhealthy{color:var(--bad)}
.votes{display:flex;flex-wrap:wrap;gap:.1rem .9rem}
.votes .unhealthy b{color:var(--bad)}.votes .healthy b{color:var(--well)}.votes b{font-weight:600}
.gates{margin-top:.7rem;font-size:.9rem}
.gates summary,.log summary{cursor:pointer;color:var(--link);padding:.15rem 0}
.gates ul{display:grid;gap:.3rem;margin-top:.4rem;padding-left:.2rem}
.gates li{padding-left:.8rem;border-left:3px solid var(--edge)}
.gates .holds{border-left-color:var(--bad-fill)}
.gates .holds .verb{color:var(--bad);font-weight:600}.gates .verb{color:var(--soft)}
.card .orders{margin-top:.9rem}
.rows{background:var(--sheet);border:1px solid var(--edge);border-radius:10px;overflow:hidden}
.row{display:grid;grid-template-columns:1rem 8.5rem 8rem 5.5rem minmax(0,1fr) 11rem;gap:.75rem;align-items:center;padding:.3rem 1rem;min-height:2.4rem;content-visibility:auto;contain-intrinsic-size:auto 2.4rem}
.row+.row{border-top:1px solid var(--edge)}
.row.bad{background:var(--bad-sheet)}.row.busy{background:var(--busy-sheet)}
.row a{font-size:.95rem;font-weight:650;overflow:hidden;text-overflow:ellipsis}
.row .word{text-align:left;font-size:.9rem}
.row .since{font-size:.85rem;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.row .why{font-size:.9rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--soft)}
.row.bad .why,.row.busy .why{color:var(--ink);white-space:normal}
.row .beats{height:20px}
.timeline{display:grid;background:var(--sheet);border:1px solid var(--edge);border-radius:10px;margin-top:.8rem}
.timeline li[data-key]{display:grid;grid-template-columns:1fr auto;gap:.25rem 1rem;padding:.8rem 1.25rem;align-items:baseline}
.timeline li[data-key]+li[data-key]{border-top:1px solid var(--edge)}
.timeline .what b{font-weight:650}
.when{font-size:.85rem;color:var(--soft);font-variant-numeric:tabular-nums}
.outcome{margin-left:.5rem;font-weight:600}
.outcome.well{color:var(--well)}.outcome.busy{color:var(--busy)}.outcome.bad{color:var(--bad)}.outcome.quiet{color:var(--soft)}
.stretches{display:block;width:100%;height:12px;grid-column:1/-1;border-radius:3px;background:var(--ground)}
.stretches rect,.milestones li::before{fill:var(--s1);background:var(--s1)}
.stretches .decided,.milestones .decided::before{fill:var(--s1);background:var(--s1)}
.stretches .fenced,.milestones .fenced::before{fill:var(--s2);background:var(--s2)}
.stretches .deployed,.milestones .deployed::before{fill:var(--s3);background:var(--s3)}
.stretches .booted,.milestones .booted::before{fill:var(--s4);background:var(--s4)}
.stretches .loaded,.milestones .loaded::before{fill:var(--s5);background:var(--s5)}
.stretches .certified,.milestones .certified::before{fill:var(--s6);background:var(--s6)}
.stretches .finished,.milestones .finished::before{fill:var(--none-bar);background:var(--none-bar)}
.stretches .open,.milestones .open::before{fill:var(--busy-fill);background:var(--busy-fill)}
.stretches .broken,.milestones .broken::before{fill:var(--bad-fill);background:var(--bad-fill)}
.milestones{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.82rem;color:var(--soft);font-variant-numeric:tabular-nums}
.milestones li::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:2px;margin-right:.35rem}
.milestones .detected::before{background:var(--bad-fill)}
.milestones b{font-weight:600;color:var(--ink)}
.controllers{margin-top:.6rem}
.scroll{overflow-x:auto;margin-top:.7rem;background:var(--sheet);border:1px solid var(--edge);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.5rem 1rem;white-space:nowrap;font-weight:400}
thead th{color:var(--soft)}
tbody th{font-weight:650}
tbody tr{border-top:1px solid var(--edge)}
.silent td{color:var(--bad);white-space:normal}
@media (scripting:none){.row{grid-template-columns:1rem 8.5rem 8rem 11.5rem minmax(0,1fr) 11rem}}
@media (max-width:40rem){
body>header,main,body>footer{padding-inline:.85rem}
h1{font-size:1.3rem}
.banner{padding:1rem}
.legend{margin-left:0}
.search{flex-basis:100%}
.card{padding:1rem}
.row{grid-template-columns:1rem 1fr auto;gap:.1rem .6rem;padding:.55rem .85rem;contain-intrinsic-size:auto 4.6rem}
.row .word{text-align:right}
.row .since{grid-column:3;grid-row:2;align-self:start;text-align:right}.row .why{grid-column:1/3;grid-row:2;white-space:normal}.row .beats{grid-column:1/-1;margin-top:.2rem}
.timeline li[data-key]{grid-template-columns:1fr;padding:.8rem 1rem}
}
@media (max-width:40rem) and (scripting:none){.row .since{grid-column:1/-1;grid-row:3;text-align:left}.row .why{grid-column:1/-1}}
`;
