import { useFigures } from "@/api/figures-hook";
import { Watermark } from "@/components/Watermark";

/** Up to when the numbers of this period are complete. */
export function Freshness() {
  const figures = useFigures({ metrics: ["orders"] });
  return <div className="freshness">{figures.data && <Watermark at={figures.data.watermark} />}</div>;
}
