/** Sizes as people write them: 300x250. */

export interface Size {
  width: number;
  height: number;
}

export const writeSizes = (sizes: Size[]): string[] => sizes.map(({ width, height }) => `${width}x${height}`);

/** The sizes among what was typed; `300*250` and `300 × 250` are understood too. */
export const readSizes = (words: string[]): Size[] =>
  words.flatMap((word) => {
    const found = /^(\d{1,5})\s*[x×*]\s*(\d{1,5})$/i.exec(word.trim());
    return found ? [{ width: Number(found[1]), height: Number(found[2]) }] : [];
  });
