/** Both languages of the console. Only the one in use is loaded. */

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../numbers";
import { onPreference, preferences } from "../preferences";

type Catalogue = Record<Language, () => Promise<{ default: object }>>;

const FIRST: Catalogue = { zh: () => import("./zh"), en: () => import("./en") };
const PAGES: Catalogue = { zh: () => import("./zh/pages"), en: () => import("./en/pages") };

/** The parts that are spoken so far. */
const spoken = new Set([FIRST]);
const loaded = new Set<() => Promise<unknown>>();

async function speak(language: Language): Promise<void> {
  const wanted = [...spoken].map((part) => part[language]).filter((load) => !loaded.has(load));
  for (const load of wanted) {
    const catalogue = await load();
    loaded.add(load);
    i18next.addResourceBundle(language, "translation", catalogue.default, true);
  }
  if (i18next.language !== language) await i18next.changeLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** The words of every page but the Overview; each page waits for them with its own code. */
export async function speakPages(): Promise<void> {
  spoken.add(PAGES);
  await speak(preferences().language);
}

/** Load the preferred language and follow the preference from then on. */
export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    lng: preferences().language,
    fallbackLng: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await speak(preferences().language);
  onPreference(() => void speak(preferences().language));
}
