/** The look of the player: plain, readable at arm's length, usable with a thumb. Contrast is at least 4.5 to 1. */
export const PLAYER_STYLE = `
:root { color-scheme: light; --ink: #1b2733; --quiet: #4c5a67; --line: #c6cfd8; --paper: #fff; --wash: #eef2f6; --strong: #0b5394; --good: #1d6b3a; --bad: #a1260d; }
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; font: 1rem/1.4 system-ui, "Noto Sans", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; align-items: center; gap: .75rem; padding: .5rem .75rem; border-bottom: 1px solid var(--line); }
h1 { flex: 1; margin: 0; font-size: 1.05rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#status { margin: 0; font-size: .875rem; color: var(--quiet); text-align: right; }
#status.bad { color: var(--bad); font-weight: 600; }
#time, #alarm { margin: 0; font-size: .875rem; }
#time { font-variant-numeric: tabular-nums; white-space: nowrap; }
#alarm { color: var(--bad); font-weight: 600; }
#progress { height: 4px; background: var(--wash); }
#progress span { display: block; height: 100%; width: 0; background: var(--strong); }
#middle { flex: 1; min-height: 0; display: flex; position: relative; }
#toc { width: 18rem; flex: none; overflow: auto; padding: .75rem; border-right: 1px solid var(--line); background: var(--paper); }
#toc h2 { margin: 0 0 .5rem; font-size: .95rem; }
#toc ol { list-style: none; margin: 0; padding: 0; }
#toc li { margin: 0; }
#toc button { width: 100%; display: flex; gap: .5rem; justify-content: space-between; text-align: left; border: 0; background: none; padding: .6rem .4rem; border-radius: .25rem; }
#toc button[aria-current] { background: var(--wash); font-weight: 600; }
#toc .state { color: var(--quiet); font-size: .8rem; font-weight: 400; flex: none; }
#toc .group { padding: .6rem .4rem .2rem; font-weight: 600; }
main { flex: 1; min-width: 0; position: relative; }
main:focus { outline: none; }
iframe { width: 100%; height: 100%; border: 0; display: block; background: #fff; }
#dialog { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 1rem; padding: 1rem; text-align: center; background: var(--paper); }
#dialog[hidden] { display: none; }
#dialog p { margin: 0; max-width: 32rem; }
#dialog .choices { display: flex; flex-wrap: wrap; gap: .75rem; justify-content: center; }
footer { display: flex; flex-wrap: wrap; gap: .5rem; padding: .5rem .75rem; border-top: 1px solid var(--line); }
button, .button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--quiet); border-radius: .3rem; padding: .55rem .9rem; min-height: 2.75rem; cursor: pointer; text-decoration: none; }
button.main:not(:disabled), .button.main { color: #fff; background: var(--strong); border-color: var(--strong); }
button:disabled { color: #5b6772; background: var(--paper); border-color: var(--line); cursor: default; }
button:focus-visible, .button:focus-visible, a:focus-visible { outline: 3px solid #f5a623; outline-offset: 2px; }
#exit { margin-left: auto; }
#menu { display: none; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: .5rem; top: .5rem; z-index: 2; background: var(--paper); padding: .5rem; }
#log { border-top: 1px solid var(--line); padding: .5rem .75rem; max-height: 30vh; overflow: auto; }
#log pre { margin: 0; font-size: .8rem; white-space: pre-wrap; word-break: break-word; }
.contents #stage { overflow: auto; }
.contents #toc { width: auto; max-width: 44rem; margin: 0 auto; border: 0; }
.contents #toc a { display: block; padding: .6rem .4rem; }
@media (max-width: 48rem) {
  #menu:not([hidden]) { display: inline-block; }
  #window { display: none; }
  header { flex-wrap: wrap; }
  body:not(.contents) #toc { position: absolute; inset: 0 auto 0 0; width: min(20rem, 88vw); z-index: 1; visibility: hidden; transform: translateX(-100%); transition: transform .15s; }
  body:not(.contents) #toc.open { visibility: visible; transform: none; box-shadow: 0 0 1rem #0004; }
  #status { font-size: .8rem; max-width: 9rem; }
  footer button { flex: 1 1 auto; padding: .55rem .5rem; }
}
@media (prefers-reduced-motion: reduce) { #toc { transition: none; } }
`;
