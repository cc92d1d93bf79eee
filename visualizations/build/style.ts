/**
 * Colours are variables of the picture: a page overrides them, and `data-theme` on the picture or around it wins over what the
 * reader's system prefers.
 */
const light = `--page:#ffffff;--root:#f8fafc;--card:#ffffff;--ink:#0f172a;--soft:#64748b;--edge:#94a3b8;--line:#64748b;--hair:#e2e8f0;
--guard:#b45309;--action:#7c3aed;--invoke:#2563eb;--pill:#f1f5f9;--pill-edge:#cbd5e1;
--busy:#eff6ff;--busy-edge:#3b82f6;--waiting:#fffbeb;--waiting-edge:#d97706;--ready:#f0fdf4;--ready-edge:#16a34a;
--trouble:#fef2f2;--trouble-edge:#dc2626;--time:#fefce8;--time-edge:#eab308;--done:#f0fdf4;--done-edge:#86efac;--error:#fef2f2;--error-edge:#fca5a5;
--green:#16a34a;--red:#dc2626;`
const dark = `--page:#0b1120;--root:#0f172a;--card:#1e293b;--ink:#f1f5f9;--soft:#94a3b8;--edge:#64748b;--line:#94a3b8;--hair:#334155;
--guard:#fbbf24;--action:#c4b5fd;--invoke:#93c5fd;--pill:#1e293b;--pill-edge:#475569;
--busy:#172554;--busy-edge:#3b82f6;--waiting:#2a1f0a;--waiting-edge:#d97706;--ready:#052e1b;--ready-edge:#22c55e;
--trouble:#350f14;--trouble-edge:#ef4444;--time:#2b230a;--time-edge:#a16207;--done:#052e1b;--done-edge:#15803d;--error:#350f14;--error-edge:#b91c1c;
--green:#22c55e;--red:#f87171;`

export const style = `
.chart{${light}background:var(--page);font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px}
@media (prefers-color-scheme:dark){.chart{${dark}}}
[data-theme=light] .chart,.chart[data-theme=light]{${light}}
[data-theme=dark] .chart,.chart[data-theme=dark]{${dark}}
.chart text{fill:var(--ink);white-space:pre}
.chart .title,.chart .event,.chart .mark{font-weight:600}
.chart .text{fill:var(--soft)}.chart .guard{fill:var(--guard)}.chart .action{fill:var(--action)}.chart .invoke{fill:var(--invoke)}.chart .mark{fill:var(--soft)}
.chart .frame{fill:var(--card);stroke:var(--edge);stroke-width:1.4}
.chart .inner{fill:none;stroke:var(--edge);stroke-width:1.2}
.chart .rule{stroke:var(--hair);stroke-width:1}
.chart .root>.frame{fill:var(--root);stroke-width:1.2}
.chart .busy>rect:not(.hot){stroke:var(--busy-edge)}.chart .busy>.frame{fill:var(--busy)}
.chart .waiting>rect:not(.hot){stroke:var(--waiting-edge)}.chart .waiting>.frame{fill:var(--waiting)}
.chart .ready>rect:not(.hot),.chart .state.success>rect:not(.hot){stroke:var(--ready-edge)}.chart .ready>.frame,.chart .state.success>.frame{fill:var(--ready)}
.chart .trouble>rect:not(.hot),.chart .state.failure>rect:not(.hot){stroke:var(--trouble-edge)}.chart .trouble>.frame,.chart .state.failure>.frame{fill:var(--trouble)}
.chart .hot{fill:none}
.chart .line{fill:none;stroke:var(--line);stroke-width:1.5}
.chart .way.success .line{stroke:var(--green)}.chart .way.failure .line{stroke:var(--red)}
.chart .tip{fill:var(--line)}.chart .tip.success{fill:var(--green)}.chart .tip.failure{fill:var(--red)}.chart .tip.start{fill:var(--ink)}
.chart .start circle{fill:var(--ink)}.chart .start .line{stroke:var(--ink)}
.chart .pill{fill:var(--pill);stroke:var(--pill-edge);stroke-width:1}
.chart .on-after.way .line{stroke-dasharray:6 4}.chart .on-always.way .line{stroke-dasharray:2 3}
.chart .on-after .pill{fill:var(--time);stroke:var(--time-edge)}
.chart .on-done .pill{fill:var(--done);stroke:var(--done-edge)}
.chart .on-error .pill{fill:var(--error);stroke:var(--error-edge)}
.chart .badge rect{fill:var(--ink)}.chart .badge text{fill:var(--page);font-weight:600}
.chart .seen .badge rect{fill:var(--green)}.chart .seen .badge text{fill:var(--page)}
.chart .way.seen .line{stroke:var(--green)}
.chart .missed .badge rect{fill:var(--red)}.chart .missed .pill,.chart .missed .hot{stroke:var(--red);stroke-width:2}.chart .way.missed .line{stroke:var(--red);stroke-width:3}
.chart .unreachable{opacity:.55}
`
