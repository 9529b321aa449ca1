import { useCallback, useEffect, useRef, useState } from "react";
import { useSave } from "@/api/documents/hooks";
import { type ApiError, asApiError } from "@/api/problem";
import type { Item, LandingPageDocument } from "@/api/types";
import { nowMs } from "@/lib/clock";
import { useDraft } from "@/lib/drafts";

const AUTOSAVE_AFTER_MS = 2_000;
/** Typing on in one field is one step back. */
const ONE_STEP_MS = 1_000;
const STEPS_MAX = 100;

interface Steps {
  past: LandingPageDocument[];
  future: LandingPageDocument[];
}

/** A page being built: steps back and forth, kept in this browser at once, on the server soon.
 *
 *  A draft saves itself; what is live changes only when someone says so.
 */
export function useBuilder(item: Item<LandingPageDocument>, savedBecause: string) {
  const draft = useDraft<LandingPageDocument>(`landing-pages.${item.id}`, item.document);
  const [steps, setSteps] = useState<Steps>({ past: [], future: [] });
  const [stored, setStored] = useState(item.document);
  const [storedMs, setStoredMs] = useState<number | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const revision = useRef(item.revision);
  const lastStep = useRef({ of: "", atMs: 0 });
  const saving = useSave("landing-pages");
  const { value, change, forget } = draft;
  const isDirty = !same(value, stored);

  const put = useCallback(
    (next: LandingPageDocument, of = "") => {
      const goesOn = of !== "" && of === lastStep.current.of && nowMs() - lastStep.current.atMs < ONE_STEP_MS;
      lastStep.current = { of, atMs: nowMs() };
      setSteps(({ past }) => ({ past: goesOn ? past : [...past, value].slice(-STEPS_MAX), future: [] }));
      setProblem(null);
      change(next);
    },
    [change, value],
  );
  const undo = useCallback(() => {
    const before = steps.past.at(-1);
    if (!before) return;
    lastStep.current = { of: "", atMs: 0 };
    setSteps({ past: steps.past.slice(0, -1), future: [value, ...steps.future] });
    setProblem(null);
    change(before);
  }, [change, steps, value]);
  const redo = useCallback(() => {
    const [after, ...future] = steps.future;
    if (!after) return;
    setSteps({ past: [...steps.past, value], future });
    setProblem(null);
    change(after);
  }, [change, steps, value]);

  const { mutateAsync, isPending } = saving;
  const save = useCallback(
    async (reason = savedBecause): Promise<boolean> => {
      try {
        const saved = await mutateAsync({ id: item.id, revision: revision.current, document: value, reason });
        revision.current = saved.revision;
        setStored(value);
        setStoredMs(nowMs());
        setProblem(null);
        forget();
        return true;
      } catch (error) {
        setProblem(asApiError(error));
        return false;
      }
    },
    [forget, item.id, mutateAsync, savedBecause, value],
  );

  const savesItself = item.state === "draft" && isDirty && problem === null && !isPending;
  useEffect(() => {
    if (!savesItself) return;
    const timer = setTimeout(() => void save(), AUTOSAVE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [savesItself, save]);

  const drop = () => {
    forget();
    put(stored);
  };
  return { value, put, undo, redo, mayUndo: steps.past.length > 0, mayRedo: steps.future.length > 0, isDirty, isSaving: isPending, storedMs, problem, save, drop, restored: draft.restored };
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export type BuilderState = ReturnType<typeof useBuilder>;
