/** When something was seen (Media Rating Council, Viewable Ad Impression Measurement Guidelines). */

export const SEEN_MS = 1_000;
export const VIDEO_SEEN_MS = 2_000;
const SHARE = 0.5;
const LARGE_SHARE = 0.3;
const LARGE_PX = 242_500;

export const SHARES = [LARGE_SHARE, SHARE];

/** Which share of so many pixels has to be in sight: half, of large ones 30 %. */
export const shareOf = (pixels: number): number => (pixels >= LARGE_PX ? LARGE_SHARE : SHARE);

/** Says whether enough of an element is in sight. */
export const isInSight = ({ intersectionRatio, isIntersecting, boundingClientRect: box }: IntersectionObserverEntry): boolean => {
  const pixels = box.width * box.height;
  return isIntersecting && pixels > 0 && intersectionRatio >= shareOf(pixels);
};
