/** A chart as a file: SVG as drawn, or PNG at twice its size. */

import { save } from "@/lib/csv";

const NAMESPACE = "http://www.w3.org/2000/svg";

function textOf(box: HTMLElement): { text: string; width: number; height: number } | null {
  const drawn = box.querySelector(".plot svg, svg[role='img']");
  if (!drawn) return null;
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const { width, height } = drawn.getBoundingClientRect();
  copy.setAttribute("xmlns", NAMESPACE);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const ground = document.createElementNS(NAMESPACE, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--q-surface"));
  copy.prepend(ground);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

export function saveSvg(box: HTMLElement, name: string): void {
  const drawn = textOf(box);
  if (drawn) save(`${name}.svg`, "image/svg+xml", new Blob([drawn.text], { type: "image/svg+xml" }));
}

export function savePng(box: HTMLElement, name: string): void {
  const drawn = textOf(box);
  if (!drawn) return;
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width * 2;
    canvas.height = drawn.height * 2;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => blob && save(`${name}.png`, "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.text)}`;
}
