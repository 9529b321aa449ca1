/** How ads look. It lies in the ad's own tree: the page's styles and these never meet. */

const CSS = `
:host{display:block;position:relative;font:14px/1.4 system-ui,sans-serif;color:#1f2328;text-align:start}
*{box-sizing:border-box;margin:0}
a{color:inherit;text-decoration:none;display:block}
a:focus-visible,button:focus-visible{outline:2px solid #0b57d0;outline-offset:-2px}
.ad{position:absolute;inset:0;background:#fff}
.flow .ad{position:relative;inset:auto}
img,video,iframe{display:block;width:100%;height:100%;border:0;object-fit:contain}
.card{overflow:hidden;display:flex;gap:12px;align-items:center;padding:10px 10px 28px;height:100%}
.card img{flex:none;width:96px;height:96px;object-fit:cover}
.tall{display:block}
.tall img{width:100%;height:auto;aspect-ratio:1;margin-bottom:8px}
.title{font-weight:600;overflow-wrap:anywhere}
.by{color:#59636e;font-size:12px}
.more{position:absolute;right:0;bottom:0;padding:6px 12px;background:#0b57d0;color:#fff}
.bar{position:absolute;left:0;top:0;display:flex;font-size:12px}
button{font:inherit;color:#fff;background:#3b434b;border:0;padding:0 8px;min-height:24px;min-width:24px;cursor:pointer}
.x{position:absolute;right:0;top:0;font-size:16px;line-height:1}
.why{position:absolute;inset:24px 0 auto;min-width:180px;padding:8px 12px;background:#fff;border:1px solid #d1d9e0;font-size:12px;z-index:9}
.why ul{padding-left:16px}
.gone{display:grid;place-content:center;height:100%;color:#59636e}
[hidden]{display:none}
@media(prefers-color-scheme:dark){:host{color:#f0f3f6}.ad,.why{background:#1f2328}.by,.gone{color:#b7bdc8}}
@media(prefers-reduced-motion:no-preference){.ad{animation:in .2s}@keyframes in{from{opacity:0}}}
`;

let sheet: CSSStyleSheet | undefined;

export function dress(root: ShadowRoot): void {
  try {
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers from before 2023.
    root.append(Object.assign(document.createElement("style"), { textContent: CSS }));
  }
}
