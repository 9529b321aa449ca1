import { useEffect, useRef, useState } from "react";

/** The server's time, going on by itself between two answers. */
export function useTick(serverMs: number): number {
  const [passed, setPassed] = useState(0);
  const since = useRef(0);
  useEffect(() => {
    since.current = performance.now();
    setPassed(0);
    const timer = setInterval(() => setPassed(performance.now() - since.current), 250);
    return () => clearInterval(timer);
  }, [serverMs]);
  return serverMs + passed;
}
