import type { Cap } from "@/api/types";
import { count } from "@/lib/numbers";

/** A cap as a sentence: 每天最多 3 次（本计划）. */
export const capWords = (t: (key: string, options?: Record<string, unknown>) => string, cap: Cap): string =>
  t(cap.rolling ? "caps.wordsRolling" : "caps.words", { per: t(`caps.pers.${cap.per}`), times: count(cap.times), level: t(`caps.levels.${cap.level}`) });
