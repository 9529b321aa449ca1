import { usePreferences } from "@/lib/preferences";

/** A note of the server's answer in the reader's language. */
export function useNoted() {
  const { language } = usePreferences();
  return (note: { zh: string; en: string } | null | undefined): string => (note ? note[language] : "");
}
